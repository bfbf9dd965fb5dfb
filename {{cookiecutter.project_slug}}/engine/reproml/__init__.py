"""The engine of a study: reads, splits, fits, scores, compares, writes and proves."""

__version__ = "2.1.0"
