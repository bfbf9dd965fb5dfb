"""Checks of rows, splits and models for what is known too early."""
