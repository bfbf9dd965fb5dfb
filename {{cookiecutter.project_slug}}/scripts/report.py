"""Write tables and macros from the results, and renew the numbers in README and docs."""

from argparse import Namespace
from pathlib import Path

from common import options, prepare, run, say, write_text

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

    from {{ cookiecutter.__package }}.decisions import RULES, headline
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

    study = read_study(arguments.study)
    setting = prepare(study, arguments)
    sizes = {"n_train": setting.n_train, "n_test": setting.n_test}
    macros = {}
    for stem, corner in STEMS.items():
        paths = [arguments.results / f"{stem}{end}.csv" for end in ("", "_comparison")]
        for path in paths:
            if not path.is_file():
                raise StudyError(f"{path.name}: not there yet; run scripts/{stem}.py first")
        scores, comparison = (pd.read_csv(path) for path in paths)
        intervals = score_intervals(scores, study.metrics.names, **sizes)
        note = f"\n{direction_note(study.metrics.names)} Means over {len(setting.folds)} folds"
        tables = arguments.results / "tables"
        write_text(
            to_markdown(score_table(intervals), corner) + f"{note}, with 95 % intervals.\n",
            tables / f"{stem}.md",
        )
        first = headline(comparison, study.models.candidate) if stem == "baselines" else ""
        table = to_markdown(comparison_table(comparison), f"Candidate minus {corner.lower()}")
        text = f"{first}\n\n{table}\n{RULES}\n".lstrip()
        write_text(text, tables / f"{stem}_comparison.md")
        macros |= score_macros(stem, intervals) | comparison_macros(stem, comparison)
    write_text(to_latex(macros), arguments.results / "macros.tex")


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
