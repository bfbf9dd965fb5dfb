"""Ablations that a line of study.toml can't say.

Most switches are parameters of the candidate and stand in study.toml, under ``[ablations.NAME]``
with ``set = {...}``. Where that is not enough, write a function here that takes the unfitted
candidate and returns the variant, put it into ``ABLATIONS`` under the ablation's name, and leave
``set`` out in study.toml.
"""

from __future__ import annotations

from collections.abc import Callable

from sklearn.pipeline import Pipeline

ABLATIONS: dict[str, Callable[[Pipeline], Pipeline]] = {}
