"""Figures: all there, with words, the same bytes every time, and readable without colour."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from example_study import STUDY as CODE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from reproml.config.commands import command_of
from reproml.config.study import Study, StudyError, parse_study
from reproml.draw.figures import FIGURES, caption_of, draw_figure, figures_of, text_macros, to_html
from reproml.draw.scores import DECISIONS, draw_differences, far_rows
from reproml.draw.style import BLUE, GREEN, GREY, ORANGE, SERIES, styled, to_pdf, to_svg
from reproml.write.latex import tex

MODELS = ["dummy", "linear", "forest", "candidate"]


def as_regression(content: dict) -> Study:
    """Return the tiny study with a number as target."""
    content["study"]["task"] = "regression"
    del content["data"]["positive"]
    content["data"]["columns"]["answer"] = {"role": "target", "unit": "mg"}
    content["metrics"] = {"primary": "mae", "others": ["r2"]}
    return parse_study(content).with_code(CODE)


@pytest.fixture(params=["classification", "regression"])
def either(request, content: dict) -> Study:
    """Return a tiny study of each task."""
    if request.param == "regression":
        return as_regression(content)
    return parse_study(content).with_code(CODE)


def make_frames(study: Study) -> dict[str, pd.DataFrame]:
    """Return small result files with every name that a figure needs."""
    rng = np.random.default_rng(0)
    n = len(MODELS)
    folds = [(repeat, fold) for repeat in range(2) for fold in range(3)]
    scores = [
        (model, *fold, study.metrics.primary, 0.5 + 0.1 * number + 0.02 * rng.random())
        for number, model in enumerate(MODELS)
        for fold in folds
    ]
    value = np.linspace(0.5, 0.8, n)
    claim = {"model": MODELS, "metric": study.metrics.primary, "value": value}
    claim |= {"low": value - 0.05, "high": value + 0.05, "random": value + 0.1}
    claim |= {"random_low": value + 0.05, "random_high": value + 0.15, "flattery": 0.1}
    difference = np.array([0.3, 0.01, -0.1])
    compared = {"baseline": MODELS[:3], "difference": difference, "low": difference - 0.05}
    compared |= {"high": difference + 0.05, "decision": list(DECISIONS)[:3]}
    bins = {"model": "candidate", "bin": [1, 2], "n": 20}
    cells = [("no", "no", 30), ("no", "yes", 2), ("yes", "no", 5), ("yes", "yes", 23)]
    confusion = pd.DataFrame(cells, columns=["truth", "prediction", "count"])
    ends = {"q05": -2.0, "q25": -1.0, "q50": [0.2, 0.1], "q75": 1.0, "q95": [2.0, 2.5]}
    return {
        "baselines.csv": pd.DataFrame(
            scores, columns=["model", "repeat", "fold", "metric", "value"]
        ),
        "baselines_folds.csv": pd.DataFrame(folds, columns=["repeat", "fold"]).assign(
            n_train=40, n_test=20
        ),
        "baselines_comparison.csv": pd.DataFrame(compared),
        "ablation_comparison.csv": pd.DataFrame(compared).assign(
            baseline=["no_a", "no_b", "no_c"], difference=difference / 3
        ),
        "claim.csv": pd.DataFrame(claim),
        "baselines_confusion.csv": confusion.assign(
            model="candidate", share=[30 / 32, 2 / 32, 5 / 28, 23 / 28]
        ),
        "baselines_calibration.csv": pd.DataFrame(
            bins
            | {"class": "yes", "predicted": [0.2, 0.8], "observed": [0.1, 0.85]}
            | {"low": [0.02, 0.6], "high": [0.3, 0.95]}
        ),
        "baselines_residual_quantiles.csv": pd.DataFrame(bins | {"prediction": [1.0, 3.0]} | ends),
        **explained(study, folds, rng),
    }


def explained(study: Study, folds: list, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return what scripts/interpretation.py writes: of 35 features, two of them in a group."""
    units = [("feature", f"feature_with_a_long_name_{number}") for number in range(35)]
    units += [("group", "1"), ("noise", "noise")]
    importances = [
        (rows, *unit, *fold, study.metrics.primary, 0.1 / (1 + number) + 0.01 * rng.random(), 0.01)
        for rows in ("held-out", "training")
        for number, unit in enumerate(units)
        for fold in folds
    ]
    names = [name for _, name in units[:2]]
    groups = {"group": 1, "feature": names, "closest": names[::-1], "correlation": 0.9}
    of = study.data.classes[-1] if study.data.classes else study.data.target
    steps = [("dose", step, 1.0 + step) for step in range(4)]
    steps += [("kind", step, level) for step, level in enumerate("ab")]
    head = ["feature", "of", "step"]
    curves = [
        (name, of, step, 0, fold, at, 0.2 * step + 0.1 * rng.random())
        for fold in range(3)
        for name, step, at in steps
    ]
    rows = [
        (name, of, step, row, at, 0.2 * step + 0.05 * row)
        for row in range(2)
        for name, step, at in steps
    ]
    return {
        "interpretation.csv": pd.DataFrame(
            importances,
            columns=["rows", "kind", "name", "repeat", "fold", "metric", "value", "spread"],
        ),
        "interpretation_groups.csv": pd.DataFrame(groups),
        "partial_dependence.csv": pd.DataFrame(
            curves, columns=[*head, "repeat", "fold", "at", "value"]
        ),
        "partial_dependence_rows.csv": pd.DataFrame(rows, columns=[*head, "row", "at", "value"]),
    }


def svg_of(stem: str, frames: dict[str, pd.DataFrame], study: Study) -> str:
    alt = FIGURES[stem].alt(frames, study)
    return to_svg(draw_figure(stem, frames, study), stem, alt)


def test_every_figure_has_words_in_place_of_it_and_below_it(either: Study):
    frames = make_frames(either)
    for stem in figures_of(either):
        text = svg_of(stem, frames, either)
        root = ElementTree.fromstring(text)
        described = root.find("{http://www.w3.org/2000/svg}desc")
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == described.get("id") == f"{stem}-alt"
        assert len(re.findall(r"\d", described.text)) > 5, f"{stem}: the numbers are not said"
        assert described.text.endswith(".")
        caption = caption_of(stem, frames, either)
        assert len(caption.split()) > 25
        made_by = re.escape(command_of(FIGURES[stem].script))
        assert re.search(rf"Made by {made_by}: results/\w+\.csv\.$", caption)


def test_a_figure_without_words_is_refused():
    for nothing in ("", "  "):
        with pytest.raises(StudyError, match="needs an alternative text"):
            to_svg(Figure(), "empty", nothing)


def test_the_last_bits_do_not_change_a_figure_but_a_number_does(either: Study):
    frames = make_frames(either)
    bits = {name: moved(frame, 1e-12) for name, frame in frames.items()}
    more = {name: moved(frame, 0.03) for name, frame in frames.items()}
    for stem in figures_of(either):
        before = svg_of(stem, frames, either)
        assert svg_of(stem, bits, either) == before
        assert svg_of(stem, more, either) != before


def moved(frame: pd.DataFrame, by: float) -> pd.DataFrame:
    """Return a table with its fractions multiplied by a little more than 1."""
    numbers = frame.select_dtypes("float")
    return frame.assign(**{name: numbers[name] * (1 + by) for name in numbers})


def test_several_figures_can_stand_in_one_page(study: Study):
    class Ids(HTMLParser):
        found: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag, attributes):
            self.found += [value for name, value in attributes if name == "id"]

    frames, parser = make_frames(study), Ids()
    page = "".join(svg_of(stem, frames, study) for stem in figures_of(study))
    parser.feed(page)
    assert len(parser.found) == len(set(parser.found)) > 100
    used = re.findall(r'(?:url\(#|href="#)([^")]+)', page)
    assert set(used) <= set(parser.found)


def luminance(colour: str) -> float:
    """Return WCAG's relative luminance."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_marks_are_told_apart_without_colour_and_seen_on_paper():
    assert len({marker for _, marker, _ in SERIES}) == len(SERIES)
    assert len({line for _, _, line in SERIES}) == len(SERIES)
    assert len({(marker, hollow) for _, marker, hollow in DECISIONS.values()}) == len(DECISIONS)
    for colour in (BLUE, ORANGE, GREEN, GREY):
        assert 1.05 / (luminance(colour) + 0.05) > 3, colour  # WCAG's contrast of graphics


def test_every_decision_is_drawn_with_its_own_mark():
    frame = pd.DataFrame({"baseline": list("abcd"), "difference": [1.0, -1.0, 0.1, 2.0]})
    frame = frame.assign(low=frame["difference"] - 0.5, high=frame["difference"] + 0.5)
    axes = draw_differences(frame.assign(decision=list(DECISIONS)), "").axes[0]
    drawn = {line.get_label(): line.get_xdata().tolist() for line in axes.lines[1:]}
    assert drawn == {"better": [1.0], "worse": [-1.0], "not distinguishable": [0.1]} | {
        "ahead but no win": [2.0]
    }


def test_a_row_far_away_does_not_squeeze_the_others():
    low = np.array([0.5, 0.90, 0.91])
    assert far_rows(low, low + 0.02).tolist() == [True, False, False]
    assert not far_rows(low[1:], low[1:] + 0.02).any()  # of two, neither is the odd one
    frame = pd.DataFrame({"baseline": ["dummy", "a", "b"], "difference": [0.5, 0.01, 0.02]})
    frame = frame.assign(low=frame["difference"] - 0.005, high=frame["difference"] + 0.005)
    axes = draw_differences(frame.assign(decision="better"), "").axes[0]
    assert axes.get_xlim()[1] < 0.1
    assert [text.get_text() for text in axes.texts] == ["0.5000 [0.4950, 0.5050]"]


def test_a_study_without_ablations_has_a_figure_that_says_so(study: Study, tmp_path: Path):
    path = tmp_path / "ablation_comparison.csv"
    make_frames(study)[path.name].iloc[:0].to_csv(path, index=False)
    text = svg_of("ablation", {path.name: pd.read_csv(path)}, study)
    assert text.count("there is nothing to compare") == 2  # drawn, and in place of the numbers


@pytest.mark.parametrize(("dependence", "drawn"), [("grouped", 2), ("independent", 1)])
def test_the_claim_draws_every_model_and_split(study: Study, dependence: str, drawn: int):
    split = study.split.model_copy(update={"dependence": dependence})
    study = study.model_copy(update={"split": split})
    axes = draw_figure("claim", make_frames(study), study).axes[0]
    assert len(axes.lines) == drawn
    assert [label.get_text() for label in axes.get_yticklabels()] == MODELS
    assert axes.lines[0].get_xdata().tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8])


def test_only_the_leading_features_are_drawn_with_noise_and_groups(study: Study):
    frames = make_frames(study)
    axes = draw_figure("importance", frames, study).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 30 + 1 + 1
    assert labels[0].endswith("_0  (1)")
    assert labels[-2:] == ["random numbers", "group 1 together"]
    caption = caption_of("importance", frames, study)
    assert "The 30 leading features of 35 are drawn." in caption
    assert "does not show" in caption
    axes.figure.draw_without_rendering()
    shown = axes.get_tightbbox()  # labels too
    assert shown.x0 >= 0
    assert shown.x1 <= axes.figure.bbox.x1


def test_of_many_features_no_figure_has_them_all_and_it_says_what_was_drawn(study: Study):
    frames = make_frames(study)
    found, sizes = frames["interpretation.csv"], frames["baselines_folds.csv"]
    rest = found[found["kind"] == "noise"].assign(kind="rest", name="4965")
    frames["interpretation.csv"] = pd.concat([found, rest])
    frames["baselines_folds.csv"] = sizes.assign(n_train=400, n_test=200)
    axes = draw_figure("importance", frames, study).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 30 + 3
    assert labels[-3:] == ["the other 4965 together", "random numbers", "group 1 together"]
    drawn = "In each fold 100 of 200 held-out and 100 of 400 training rows were drawn for this."
    caption = caption_of("importance", frames, study)
    assert f"{drawn} The 30 leading features of 5000 are drawn." in caption
    curves = caption_of("partial_dependence", frames, study)
    assert "In each fold 100 of 200 held-out rows were drawn for this. Numbers run" in curves


def test_categories_and_numbers_have_their_curves(study: Study):
    number, category = draw_figure("partial_dependence", make_frames(study), study).axes
    assert [line.get_xdata().tolist() for line in number.lines] == [[1.0, 2.0, 3.0, 4.0]] * 3
    assert [label.get_text() for label in category.get_xticklabels()] == ["a", "b"]


def test_the_caption_names_the_curves_that_are_drawn(study: Study):
    frames = make_frames(study)
    assert "curves of single rows in grey" in caption_of("partial_dependence", frames, study)
    curves = frames["partial_dependence.csv"]
    frames["partial_dependence.csv"] = pd.concat([curves.assign(of=name) for name in "xyz"])
    caption = caption_of("partial_dependence", frames, study)
    assert ", a curve for each class." in caption
    assert "grey" not in caption  # single rows are drawn of one target alone
    lines = draw_figure("partial_dependence", frames, study).axes[0].lines
    assert len(lines) == 3


def test_a_study_of_free_text_alone_has_a_figure_that_says_so(study: Study):
    frames = make_frames(study)
    for name in ("partial_dependence.csv", "partial_dependence_rows.csv"):
        frames[name] = frames[name].iloc[:0]
    assert svg_of("partial_dependence", frames, study).count("values that may be shown") == 2


@pytest.mark.parametrize(("dependence", "more"), [("temporal", True), ("grouped", False)])
def test_a_random_split_of_a_time_series_trains_on_more(study: Study, dependence: str, more: bool):
    split = study.split.model_copy(update={"dependence": dependence})
    study = study.model_copy(update={"split": split})
    caption = caption_of("claim", make_frames(study), study)
    assert ("more rows to train on" in caption) is more


def test_names_with_special_characters_are_drawn_as_they_are(study: Study):
    frames = make_frames(study)
    name = "a<b>&_%$"
    frames["claim.csv"]["model"] = [*MODELS[:3], name]
    text = svg_of("claim", frames, study)
    assert name in "".join(ElementTree.fromstring(text).itertext())
    assert tex(name) == r"a\ensuremath{<}b\ensuremath{>}\&\_\%\$"
    assert "a&lt;b&gt;&amp;_%$" in to_html("claim", name)
    assert r"\newcommand{\CaptionClaim}{50 \%}" in text_macros({"claim": ("50 %", "-")})


def test_a_missing_result_names_its_script(study: Study):
    with pytest.raises(StudyError, match=r"run python -m reproml claim first"):
        draw_figure("claim", {}, study)


# With the script


@pytest.fixture
def results(folder: Path, study: Study) -> Path:
    path = folder / "results"
    path.mkdir()
    for name, frame in make_frames(study).items():
        frame.to_csv(path / name, index=False)
    return path


def test_two_processes_give_the_same_bytes_whatever_the_users_settings(
    folder: Path, results: Path, study: Study, call
):
    """Drawn twice with other hash seeds, and once with a user's own fonts and sizes."""
    mine = folder / "matplotlibrc"
    mine.write_text("font.size: 20\nsvg.fonttype: path\nfigure.facecolor: red\n", "utf-8")
    made = []
    for number, kind in enumerate(["svg", "svg", "pdf", "pdf"]):
        into = folder / f"into{number}"
        arguments = ["--study", str(folder / "study.toml"), "--format", kind, "--into", str(into)]
        settings = {"MATPLOTLIBRC": str(mine)} if number % 2 else {}
        done = call("figures", *arguments, PYTHONHASHSEED=str(number), **settings)
        assert done.returncode == 0, done.stderr
        made.append({path.name: path.read_bytes() for path in sorted(into.iterdir())})
    svg, again, pdf, pdf_again = made
    stems = figures_of(study)
    assert sorted(svg) == sorted(
        [f"{stem}.{end}" for stem in stems for end in ("svg", "md")] + ["captions.tex"]
    )
    assert sorted(pdf) == sorted(f"{stem}.pdf" for stem in stems)
    assert svg == again
    assert pdf == pdf_again
    assert all(content.startswith(b"%PDF") and b"Date" not in content for content in pdf.values())


def test_a_date_would_be_seen(study: Study):
    """The twin: what makes bytes differ between two runs is found by comparing them."""
    figure = draw_figure("claim", make_frames(study), study)
    before = to_pdf(figure)
    figure.axes[0].set_title("2001-01-01")
    assert to_pdf(figure) != before


def test_a_result_that_is_not_there_is_a_message(folder: Path, results: Path, call):
    (results / "claim.csv").unlink()
    done = call("figures", "--study", str(folder / "study.toml"))
    assert done.returncode == 2
    assert done.stderr == "error: claim.csv: not there yet; run python -m reproml claim first\n"


# Long names ------------------------------------------------------------------------------------

LONG = [
    f"{name} {number}"
    for number, name in enumerate(
        [
            "Quercus robur with more than forty characters in its name",
            "Prairie sèche à étage collinéen de la montagne",
        ]
        * 5
    )
]
NASTY = [
    "<script>alert(1)</script>",
    "$x$ and $\\frac$",
    "a & b < c > d",
    "&lt;i&gt;",
    "収量",
    'say "no"',
]


def with_names(study: Study, names: list[str]) -> dict[str, pd.DataFrame]:
    """Return result files in which classes and features have these names."""
    frames, rng = make_frames(study), np.random.default_rng(0)
    cells = [(a, b, 10, 1 / len(names)) for a in names for b in names]
    columns = ["truth", "prediction", "count", "share"]
    frames["baselines_confusion.csv"] = pd.DataFrame(cells, columns=columns).assign(
        model="candidate"
    )
    bins = frames["baselines_calibration.csv"]
    frames["baselines_calibration.csv"] = pd.concat(
        [bins.assign(**{"class": one}) for one in names]
    )
    old = frames["interpretation.csv"]
    kept = old[old["kind"] != "feature"]
    new = [
        old[old["name"] == f"feature_with_a_long_name_{n}"].assign(name=one)
        for n, one in enumerate(names)
    ]
    frames["interpretation.csv"] = pd.concat([*new, kept])
    frames["interpretation_groups.csv"]["feature"] = names[:2]
    curves = [
        (feature, of, step, 0, fold, f"{level} {step}", rng.random())
        for feature in names[:6]
        for of in names
        for step, level in enumerate(names[:3])
        for fold in range(3)
    ]
    columns = ["feature", "of", "step", "repeat", "fold", "at", "value"]
    frames["partial_dependence.csv"] = pd.DataFrame(curves, columns=columns)
    return frames


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("names", [LONG[:3], LONG, NASTY], ids=["three", "ten", "nasty"])
def test_long_names_are_neither_cut_nor_printed_over_each_other(content: dict, names: list[str]):
    study = parse_study(content).with_code(CODE)
    frames = with_names(study, names)
    for stem in ("confusion", "calibration", "importance", "partial_dependence"):
        figure = draw_figure(stem, frames, study)
        with styled():
            FigureCanvasAgg(figure).draw()
        texts = [  # not those of ticks, some of which are outside and not drawn
            one
            for one in figure.findobj(Text)
            if re.search(r"[^\W\d]", one.get_text()) and (not one.axes or one.axes.get_visible())
        ]
        boxes = [(one.get_text(), one.get_window_extent()) for one in texts if one.get_visible()]
        assert len(boxes) > 3
        for text, box in boxes:
            assert box.x0 > -2 and box.y0 > -2, f"{stem}: {text!r} is cut"
            assert (
                box.x1 < figure.bbox.x1 + 2 and box.y1 < figure.bbox.y1 + 2
            ), f"{stem}: {text!r} is cut"
        for (a, first), (b, second) in combinations(boxes, 2):
            over = Bbox.intersection(first.padded(-1), second.padded(-1))
            assert over is None or a == b, f"{stem}: {a!r} lies over {b!r}"
