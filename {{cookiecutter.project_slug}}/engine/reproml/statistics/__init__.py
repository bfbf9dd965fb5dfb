"""Scores, intervals, comparisons and decisions."""
