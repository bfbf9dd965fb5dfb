"""What study.toml says, raw columns, checksums, and what the author's package hands over."""
