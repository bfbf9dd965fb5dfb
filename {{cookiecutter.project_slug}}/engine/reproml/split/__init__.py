"""Folds by the claim, inner folds of a search, and the record of test-set openings."""
