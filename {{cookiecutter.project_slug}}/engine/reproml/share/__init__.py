"""The model file, its record, and checkpoints."""
