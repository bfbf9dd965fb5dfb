"""One fit, and how many of them are made: pool, cache, shared table."""
