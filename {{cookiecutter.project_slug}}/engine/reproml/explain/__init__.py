"""Ablation, permutation importance, weights and partial dependence."""
