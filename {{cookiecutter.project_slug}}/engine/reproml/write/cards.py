"""What the model card and the data card say that a machine knows; the rest is asked of the author.

``docs/model_card.md`` and ``docs/data_card.md`` bring these texts in between markers. What only
the author can say stands there as a marked question; ``check`` counts those left open.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.pipeline import Pipeline

from ..config.columns import ENOUGH, Table, common_values, missing_words
from ..config.declared import SHOWN, SUMS
from ..config.metrics import written
from ..config.study import Column, Data, Study
from ..split.claims import claim_of
from .tables import plain, to_markdown

VERDICTS = {"pass": "passed", "accepted": "accepted", "warn": "warned", "fail": "failed"}
TAGS = {"classification": "tabular-classification", "regression": "tabular-regression"}


def model_text(study: Study, model: Pipeline, shared: pd.DataFrame) -> str:
    """Say what the shared model is."""
    counts = shared[shared["example"].isna()].set_index("quantity")["value"]
    target = study.data.target
    if study.data.classes:
        target += f": {' or '.join(study.data.classes)}"
        target += f"; probabilities are of {study.data.positive}" if study.data.positive else ""
    facts = {
        "Model": f"`{study.models.candidate}` in `models.py`",
        "Predicts": f"{target}{_unit(study.data.columns[study.data.target])}",
        "From": f"{counts['features']} features",
        "Learnt from": f"{counts['rows']} development rows; the locked test rows had no part in it",
        "The claim is about": claim_of(study.split).about_in_full,
        "Seed": f"{counts['seed']}, from the study's seed {study.seed}",
        "Made by": "`python -m reproml share`",
    }
    steps = "".join(f"- `{path}`: `{text}`\n" for path, text in steps_of(model))
    head = "Its steps, with every parameter that is not scikit-learn's default:"
    return f"{_facts(facts)}\n{head}\n\n{steps}"


def steps_of(model: Any, path: str = "") -> list[tuple[str, str]]:
    """List a model's steps, however deep: the names that lead there, and the step as written."""
    inside = [
        (name, step)
        for parameter in ("steps", "transformers", "estimator")
        for name, step, *_ in _pairs(getattr(model, parameter, None))
    ]
    # defaults of scikit-learn's own classes are documented there; those of other classes are not
    parts = [model, *(model.get_params().values() if hasattr(model, "get_params") else [])]
    own = any(hasattr(one, "get_params") and not _of_sklearn(one) for one in parts)
    with config_context(print_changed_only=not own):
        text = " ".join(repr(model).split())
    # a function or selector would say its place in memory, which differs from run to run
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text).replace("`", "'")
    found = [] if inside else [(path, text)]
    if hasattr(model, "estimator"):
        grid = getattr(model, "param_grid", getattr(model, "param_distributions", ""))
        found = [(path, f"{type(model).__name__} {grid}".rstrip())]
    for name, step in inside:
        found += steps_of(step, f"{path}, {name}" if path else name)
    return found


def _of_sklearn(model: Any) -> bool:
    return type(model).__module__.partition(".")[0] == "sklearn"


def _pairs(value: Any) -> list[tuple[Any, ...]]:
    if value is None or isinstance(value, str):
        return []
    return list(value) if isinstance(value, list) else [("of", value)]


def head_text(study: Study, intervals: pd.DataFrame) -> str:
    """Write the part of the model card's YAML head (as Hugging Face has it) that a study decides.

    Every text is quoted as JSON, which YAML reads.
    """
    mine = intervals[intervals["model"] == study.models.candidate]
    task = TAGS[study.task]
    data = study.data.file.rpartition("/")[2]
    lines = [
        f"pipeline_tag: {task}",
        f"tags: [sklearn, skops, {task}]",
        f"metrics: [{', '.join(mine['metric'])}]",
        "model-index:",
        f"  - name: {json.dumps(study.models.candidate)}",
        "    results:",
        f"      - task: {json.dumps({'type': task})}",
        f"        dataset: {json.dumps({'name': data, 'type': data})}",
        "        metrics:",
    ]
    for one in mine.itertuples(index=False):
        metric = study.reported[one.metric]
        mean, low, high = written((one.mean, one.low, one.high), metric.digits())
        label = f"{metric.named}, mean over folds, 95 % [{low}, {high}]"
        lines += [
            f"          - type: {one.metric}",
            f"            name: {json.dumps(label)}",
            f"            value: {mean}",
        ]
    return "\n".join(lines) + "\n"


def limits_text(study: Study, findings: pd.DataFrame) -> str:
    """Say where the numbers end: the claim, the audit, and where intervals are too narrow."""
    count = findings["verdict"].value_counts()
    counts = ", ".join(f"{count.get(verdict, 0)} {word}" for verdict, word in VERDICTS.items())
    claim = claim_of(study.split)
    lines = [
        f"The scores are about {claim.about_in_full}. They say nothing of other claims.",
        f"The leakage audit made {len(findings)} checks: {counts}. It cannot see everything; see "
        "Leakage.",
    ]
    for one in findings[findings["verdict"] != "pass"].itertuples(index=False):
        who = "author" if one.verdict == "accepted" else "audit"
        said = f"The {who} {VERDICTS[one.verdict]}, {one.check}: {one.message}."
        lines.append(plain(said))
    lines += [claim.caution] if claim.caution else []
    return "".join(f"- {line}\n" for line in lines)


def data_text(
    study: Study, table: Table, rows: tuple[np.ndarray, np.ndarray], prevalence: str
) -> str:
    """Say what the data are: rows, columns, gaps, what was left out.

    ``rows`` are positions of the development rows and of the locked ones.
    """
    data, n_rows, (development, locked) = study.data, len(table.y), rows
    between = n_rows - len(development) - len(locked)
    gaps = table.X.isna().sum(axis=1).to_numpy()
    left_out = ", ".join(f"{n} ({reason})" for reason, n in table.dropped.items())
    types = [data.column_for(name).type for name in table.X.columns]
    n_text = types.count("category")
    policy = {
        "error": "a gap is refused",
        "drop": "rows with a gap are left out",
        "impute": "gaps are filled inside each fold",
    }
    facts = {
        "File": f"`{data.file}`",
        "SHA-256": f"`{data.sha256}`",
        "Rows": f"{n_rows + sum(table.dropped.values())}",
        "Left out": left_out or "none",
        "Development rows": f"{len(development)}",
        "Locked test rows": f"{len(locked)}",
        **({"In the gap between them": f"{between}"} if between else {}),
        "Features": f"{len(types)}, {n_text} of them categories",
        "Target": f"`{data.target}`{_unit(data.columns[data.target])}",
        "Taken as missing": f"{missing_words(table.missing)} "
        "(cells of the file, in columns that are used)",
        "Gaps": f"{gaps.sum()} in the features of the rows that are not left out, "
        f"{gaps[development].sum()} of them in development rows; {policy[data.missing]}",
    }
    sizes = {name: (study.place.root / name).stat().st_size for name in study.place.files}
    if sizes:
        facts["Other files"] = f"{len(sizes)}, {sum(sizes.values())} bytes; checksums in `{SUMS}`"
    for name in list(sizes)[:SHOWN]:
        facts[f"`{name}`"] = f"{sizes[name]} bytes, SHA-256 `{study.place.files[name]}`"
    roles = {"group": table.groups, "time": table.time}
    for role, values in roles.items():
        if values is not None:
            facts[role.capitalize()] = f"`{values.name}`: {values.nunique()} different"
    return f"{_facts(facts)}\n{plain(prevalence)}\n"


def columns_text(X: pd.DataFrame, data: Data) -> str:
    """Describe every feature by the development rows alone.

    >>> columns = {
    ...     "age": Column(role="feature", type="integer", min=0, max=120, unit="years"),
    ...     "sex": Column(role="feature", type="category", values=["f", "m"]),
    ... }
    >>> data = Data(file="a.csv", sha256="0" * 64, columns=columns)
    >>> X = pd.DataFrame({"age": [30.0, 40.0, None, 50.0], "sex": ["f", "m", "f", "f"]})
    >>> print(columns_text(X, data), end="")
    | Feature | type | unit | allowed | gaps | values |
    |---|---|---|---|---|---|
    | age | integer | years | 0 to 120 | 1 | 31, 40, 49 |
    | sex | category |  | f, m | 0 | f 75.0 %, m 25.0 % |
    <BLANKLINE>
    Gaps and values of the development rows. Of a number the 5 % quantile, the median and the 95 % \
quantile; of a category the most common values, with their shares of all rows that have one: \
values that study.toml lists, or that 10 rows or more have.
    """
    rows, gaps = {}, X.isna().sum()
    quantiles = X.select_dtypes("number").quantile([0.05, 0.5, 0.95]).to_dict("list")
    for name in X:
        column = data.column_for(name)
        if column.type == "category":
            values = X[name]
            shown = common_values(values, column).sort_index() / values.count() * 100
            shares = [f"{level} {share:.1f} %" for level, share in shown.items()]
            if rest := values.nunique() - len(shown):
                shares.append(f"{'other' if shares else 'different'} values: {rest}")
            there, allowed = ", ".join(shares), ", ".join(column.values or ["any text"])
            if column.values and len(column.values) > SHOWN:
                allowed = f"{len(column.values)} values, in study.toml"
        else:
            there = ", ".join(f"{number:.4g}" for number in quantiles[name])
            allowed = _range(column)
        rows[name] = {
            "type": column.type,
            "unit": column.unit,
            "allowed": allowed,
            "gaps": int(gaps[name]),
            "values": there,
        }
    table = to_markdown(pd.DataFrame.from_dict(rows, orient="index"), "Feature")
    note = (
        "Gaps and values of the development rows. Of a number the 5 % quantile, the median and the "
        "95 % quantile; of a category the most common values, with their shares of all rows that "
        f"have one: values that study.toml lists, or that {ENOUGH} rows or more have."
    )
    return f"{table}\n{note}\n"


def _range(column: Column) -> str:
    low, high = column.min, column.max
    if low is None and high is None:
        return "any number"
    if low is None or high is None:
        return f"at least {low:g}" if high is None else f"at most {high:g}"
    return f"{low:g} to {high:g}"


def _unit(column: Column) -> str:
    return f" ({column.unit})" if column.unit else ""


def _facts(facts: dict[str, str]) -> str:
    return to_markdown(pd.DataFrame({"Value": facts.values()}, index=list(facts)), "Fact")
