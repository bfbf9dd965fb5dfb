"""Manifest, comparison of results, checklists and the archive."""
