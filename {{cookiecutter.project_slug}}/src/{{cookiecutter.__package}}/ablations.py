"""Ablations that a line of study.toml can't say.

Most switches are parameters of the candidate and stand in study.toml, under ``[ablations.NAME]``
with ``set = {...}``. Where that is not enough, write a function here that takes the unfitted
candidate and returns the variant, put it into ``ABLATIONS`` under the ablation's name, and leave
``set`` out in study.toml. Such a function looks like this:

>>> def no_penalty(candidate: Pipeline) -> Pipeline:
...     steps = [step for step in candidate.steps if step[0] != "model"]
...     return Pipeline([*steps, ("model", LinearRegression())])
>>> from sklearn.linear_model import LinearRegression, Ridge
>>> no_penalty(Pipeline([("model", Ridge())]))["model"]
LinearRegression()
"""

from __future__ import annotations

from collections.abc import Callable

from sklearn.pipeline import Pipeline

ABLATIONS: dict[str, Callable[[Pipeline], Pipeline]] = {}
