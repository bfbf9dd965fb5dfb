"""Tables, macros of the paper, cards and texts."""
