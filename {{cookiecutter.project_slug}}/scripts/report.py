"""Write tables and macros from the results, and renew the numbers in README and docs."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from checklist import TABLE, filled

from common import options, prepare, run, say, write_text

if TYPE_CHECKING:
    from {{ cookiecutter.__package }}.study import Study

TEXTS = ("README.md", "docs/*.md")  # where markers may stand
STEMS = {"baselines": "Model", "ablation": "Variant"}


def main(arguments: Namespace) -> None:
    """Write tables/*.md and macros.tex below results; then renew README and docs."""
    write_tables(arguments)
    for name in renew_texts(arguments.study.resolve().parent, arguments.results):
        say(f"renewed {name}")
    say(f"Written to {arguments.results}: macros.tex, tables")


def write_tables(arguments: Namespace) -> None:
    """Write everything that is made from the CSV files alone."""
    import pandas as pd

    from {{ cookiecutter.__package }}.checklist import to_page
    from {{ cookiecutter.__package }}.decisions import RULES, headline
    from {{ cookiecutter.__package }}.diagnostics import prevalence_note
    from {{ cookiecutter.__package }}.models import build_model
    from {{ cookiecutter.__package }}.report import (
        comparison_macros,
        comparison_table,
        direction_note,
        score_intervals,
        score_macros,
        score_table,
        to_latex,
        to_markdown,
    )
    from {{ cookiecutter.__package }}.study import StudyError, read_study
    from {{ cookiecutter.__package }}.variance import doubt, fold_sources, in_words

    study = read_study(arguments.study)
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}
    models = {name: build_model(name, study) for name in study.models.names}
    truth = setting.table.y.iloc[setting.development]
    prevalence = prevalence_note(truth, study.data.classes, "development")
    tables = arguments.results / "tables"
    macros = {}
    for stem, corner in STEMS.items():
        paths = [arguments.results / f"{stem}{end}.csv" for end in ("", "_comparison")]
        for path in paths:
            if not path.is_file():
                raise StudyError(f"{path.name}: not there yet; run scripts/{stem}.py first")
        scores, comparison = (pd.read_csv(path) for path in paths)
        intervals = score_intervals(scores, study.metrics.names, **sizes)
        note = (
            f"{prevalence} {direction_note(study.metrics.names)} Means over {len(setting.folds)} "
            f"folds, with 95 % intervals. {in_words(fold_sources(study, models))} {doubt(study)}"
        )
        table = to_markdown(score_table(intervals), corner)
        write_text(f"{table}\n{note.rstrip()}\n", tables / f"{stem}.md")
        first = headline(comparison, study.models.candidate) if stem == "baselines" else ""
        table = to_markdown(comparison_table(comparison), f"Candidate minus {corner.lower()}")
        text = f"{first}\n\n{table}\n{RULES}\n".lstrip()
        write_text(text, tables / f"{stem}_comparison.md")
        macros |= score_macros(stem, intervals) | comparison_macros(stem, comparison)
    write_text(claim_text(study, arguments.results), tables / "claim.md")
    text, more = evaluation_text(study, arguments.results)
    write_text(text, tables / "evaluation.md")
    write_text(to_latex(macros | more), arguments.results / "macros.tex")
    write_text(to_page(filled(study, setting.table, arguments)), tables / TABLE)


def claim_text(study: Study, results: Path) -> str:
    """Return the table that compares the split with a random one."""
    import pandas as pd

    from {{ cookiecutter.__package }}.claim import claim_note, claim_texts
    from {{ cookiecutter.__package }}.report import to_markdown
    from {{ cookiecutter.__package }}.study import StudyError

    if not (results / "claim.csv").is_file():
        raise StudyError("claim.csv: not there yet; run scripts/claim.py first")
    table = pd.read_csv(results / "claim.csv")
    note = claim_note(table, study.split, study.models.candidate)
    if study.split.dependence == "independent":
        return f"{note}\n"
    return f"{note}\n\n{to_markdown(claim_texts(table), 'Model')}"


def evaluation_text(study: Study, results: Path) -> tuple[str, dict[str, str]]:
    """Return what the locked test rows said, if they were opened, and the macros for it."""
    import pandas as pd

    from {{ cookiecutter.__package }}.diagnostics import prevalence_note
    from {{ cookiecutter.__package }}.openings import count_note
    from {{ cookiecutter.__package }}.report import (
        direction_note,
        score_macros,
        score_table,
        to_markdown,
    )
    from {{ cookiecutter.__package }}.splits import UNITS
    from {{ cookiecutter.__package }}.variance import doubt, in_words, locked_sources

    record = results / "openings.json"
    openings = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else []
    count = count_note(openings, study.data.sha256)
    if not (results / "evaluation.csv").is_file():
        return f"{count} This model was not scored on it.\n", {}
    scores = pd.read_csv(results / "evaluation.csv").rename(columns={"value": "mean"})
    n_test, n_units = scores[["n_test", "n_units"]].iloc[0]
    units = UNITS[study.split.dependence]
    rows = f"{n_test} rows" if units == "rows" else f"{n_test} rows of {n_units} {units}"
    predicted = pd.read_csv(results / "predictions.csv")
    truth = predicted.loc[predicted["model"] == study.models.candidate, "truth"]
    note = (
        f"{count} {prevalence_note(truth, study.data.classes, 'test')} Scores of {rows}, with "
        "95 % intervals (BCa bootstrap). "
        f"{direction_note(study.metrics.names)} {in_words(locked_sources(study))} "
        f"{doubt(study)}"
    )
    table = to_markdown(score_table(scores), "Model")
    return f"{table}\n{note.rstrip()}\n", score_macros("evaluation", scores)


def renew_texts(root: Path, results: Path) -> list[str]:
    """Fill the markers of README and docs; return the names of files that changed."""
    changed = []
    for path, text in renewed(root, results).items():
        if text != path.read_text(encoding="utf-8"):
            write_text(text, path)
            changed.append(path.relative_to(root).as_posix())
    return changed


def renewed(root: Path, results: Path) -> dict[Path, str]:
    """Return what every text with markers should say, given a folder of results."""
    from {{ cookiecutter.__package }}.study import StudyError
    from {{ cookiecutter.__package }}.texts import fill_markers, marked

    def content(name: str) -> str:
        path = results / name.removeprefix("results/")
        if not path.is_file():
            raise StudyError(f"a marker names {name}, which is not made; mend or remove the marker")
        return path.read_text(encoding="utf-8")

    texts = {}
    for pattern in TEXTS:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            if marked(text):
                texts[path] = fill_markers(text, content, path.relative_to(root).as_posix())
    return texts


if __name__ == "__main__":
    run(main, options(__doc__))
