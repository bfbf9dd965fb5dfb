"""The study's code: flat modules of pure functions, one topic each."""
