"""What study.toml says, the raw file's columns, checksums, and what the author's package hands over."""
