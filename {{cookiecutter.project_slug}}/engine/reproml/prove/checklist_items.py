"""The items of three checklists in this study's words, with what it can say about each.

ML Code Completeness (Papers with Code, 2020), the NeurIPS paper checklist (16 items since 2025)
and REFORMS (Kapoor et al., Science Advances 10, 2024). Numbers are theirs. An item holds what is
so in every study (``built``), what is looked at each time (``check``) and what only its author can
answer (``question``). One that asks something is open until it is answered.

Examples
--------
>>> {name: len(items) for name, (_, items) in CHECKLISTS.items()}
{'completeness': 5, 'neurips': 16, 'reforms': 32}
"""

from __future__ import annotations

from typing import NamedTuple

from . import evidence
from .evidence import Check, leakage


class Item(NamedTuple):
    """One item of a checklist."""

    number: str
    topic: str
    built: str = ""
    check: Check | None = None
    question: str = ""


COMPLETENESS = (
    Item(
        "1",
        "dependencies",
        "Named in `pyproject.toml`; `scripts/environment.py` and the Dockerfile install the lock.",
        evidence.lock,
    ),
    Item(
        "2",
        "training code",
        "`scripts/baselines.py`; the models are [code](api.md).",
        evidence.ladder,
    ),
    Item(
        "3",
        "evaluation code",
        "`scripts/baselines.py` on the folds, `scripts/evaluation.py` on the locked rows.",
        evidence.comparison,
    ),
    Item(
        "4",
        "trained model",
        "`python -m reproml share` saves it with its record: [sharing](sharing.md).",
        None,
        "Where can a reader get the trained model?",
    ),
    Item("5", "results in README", "Renewed by `scripts/reproduce.py`.", evidence.readme),
)

NEURIPS = (
    Item(
        "1",
        "claims",
        "Which differences can be told apart stands in the [results](results.md).",
        None,
        "Do abstract and introduction claim what the tables show, and no more?",
    ),
    Item(
        "2",
        "limitations",
        "What no audit can see is [listed](leakage.md).",
        None,
        "What limits the claim, and where does the paper say so?",
    ),
    Item(
        "3",
        "theory",
        "",
        None,
        "Is every theorem stated with its assumptions and proved, or is there none?",
    ),
    Item(
        "4",
        "reproducible results",
        "`scripts/verify.py` makes every number again and compares it.",
    ),
    Item(
        "5",
        "open data and code",
        "`python -m reproml archive` writes what can be published.",
        None,
        "Where are data and code published, and what may not be?",
    ),
    Item(
        "6",
        "settings",
        "`study.toml` is the only configuration; unknown keys are errors.",
        evidence.settings,
    ),
    Item(
        "7",
        "error bars and tests",
        "What is varied in them is said below each [table](results.md).",
        evidence.comparison,
    ),
    Item(
        "8",
        "computing",
        "`results/manifest.json` has processor, libraries and seconds of each stage.",
        None,
        "How much computing did the whole project take, with what was tried and left out?",
    ),
    Item("9", "code of ethics", "", None, "Does the work keep to the NeurIPS code of ethics?"),
    Item("10", "impact", "", None, "Whom could it help or harm, and does the paper say so?"),
    Item(
        "11", "safeguards", "", None, "Could model or data be misused, and what is done about it?"
    ),
    Item(
        "12",
        "licences of what is used",
        "`CITATION.cff` and `data/README.md` name them.",
        evidence.licences,
    ),
    Item(
        "13",
        "new assets",
        "Code and data are documented here and can be cited.",
        evidence.citation,
    ),
    Item(
        "14",
        "people who took part",
        "",
        None,
        "Were people asked or paid to do things, and how were they told?",
    ),
    Item(
        "15",
        "ethics review",
        "",
        None,
        "Did a board approve what was done with people, or why was none needed?",
    ),
    Item("16", "language models", "", None, "Was one part of the method, other than for writing?"),
)

REFORMS = (
    Item(
        "1a",
        "population of the claim",
        "The split stands for it: [the claim](claim.md).",
        evidence.settings,
        "About which population is the claim?",
    ),
    Item("1b", "why that population", "", None, "Why that one?"),
    Item(
        "1c",
        "why machine learning",
        "The linear model is always among the [baselines](results.md).",
        None,
        "Why is machine learning needed for this question?",
    ),
    Item(
        "2a",
        "the data",
        "`data/README.md` describes them.",
        evidence.data_file,
        "Under which DOI or address is this version of the data?",
    ),
    Item(
        "2b",
        "the code",
        "`results/manifest.json` names the commit.",
        None,
        "Under which DOI is the archived code?",
    ),
    Item("2c", "the machine", "`results/manifest.json` describes it."),
    Item("2d", "a README", "It says how to make the results.", evidence.readme),
    Item(
        "2e",
        "one script",
        "`scripts/reproduce.py` makes everything under `results/`.",
    ),
    Item(
        "3a",
        "sources of the data",
        "`data/README.md` has a place for them.",
        None,
        "Who collected the data when, and who decided what the right answers are?",
    ),
    Item("3b", "sampling frame", "", None, "From which set were the rows drawn, and how?"),
    Item("3c", "why these data", "", None, "Why do they suit the question?"),
    Item("3d", "outcome", "", evidence.outcome),
    Item("3e", "sample size", "", evidence.rows),
    Item(
        "3f", "missing values", "What `missing` means is chosen in `study.toml`.", evidence.left_out
    ),
    Item("3g", "representative", "", None, "Do the rows stand for the population of 1a?"),
    Item(
        "4a",
        "rows left out",
        "",
        evidence.left_out,
        "What was left out before the raw file was written, and why?",
    ),
    Item(
        "4b",
        "impossible values",
        "Whatever does not fit the types and limits in `study.toml` is refused, with its row.",
        evidence.limits,
    ),
    Item(
        "4c",
        "transformations",
        "They are steps of the pipelines, fitted on training rows alone.",
        leakage("scaled before", "before the split"),
    ),
    Item("5a", "models", "[Code](api.md); parameters in `study.toml`.", evidence.models),
    Item("5b", "why these models", "", None, "Why these kinds of model?"),
    Item(
        "5c",
        "how they were evaluated",
        "Locked test rows, and the same folds for all: [the claim](claim.md).",
        evidence.ladder,
    ),
    Item(
        "5d",
        "how one was selected",
        "On the folds; the locked rows are opened by `scripts/evaluation.py` alone.",
        evidence.opened_once,
    ),
    Item(
        "5e",
        "tuning",
        "`tuning.py` searches inside the training rows.",
        None,
        "Which parameters were tried by hand, over which values, and by which score?",
    ),
    Item(
        "5f",
        "baselines",
        "From a constant over a linear model and a forest to the field's own method.",
        evidence.ladder,
        "Is `domain` what the field would use today?",
    ),
    Item(
        "6a",
        "training and test rows apart",
        "[Leakage](leakage.md) says what is tried.",
        leakage("same rows", "before the split", "fit of"),
    ),
    Item(
        "6b",
        "related rows",
        "",
        leakage("same groups", "same places", "time order", "duplicates", "near duplicates"),
        "Do rows hang together in a way that no column names?",
    ),
    Item(
        "6c",
        "legitimate features",
        "",
        leakage("single feature", "shuffled labels"),
        "Is every feature known when the model is used, and none a proxy of the outcome?",
    ),
    Item("7a", "metrics", "", evidence.models, "Why does the primary metric fit the claim?"),
    Item(
        "7b", "uncertainty", "Intervals allow for overlapping training sets.", evidence.comparison
    ),
    Item("7c", "tests", "Corrected resampled t-test with Holm's correction.", evidence.comparison),
    Item(
        "8a",
        "external validity",
        "[The claim](claim.md) compares the split with a random one.",
        None,
        "What speaks for the findings elsewhere?",
    ),
    Item("8b", "limits", "", None, "Where should nobody expect them to hold?"),
)

CHECKLISTS = {
    "completeness": ("ML Code Completeness", COMPLETENESS),
    "neurips": ("NeurIPS paper checklist", NEURIPS),
    "reforms": ("REFORMS", REFORMS),
}
