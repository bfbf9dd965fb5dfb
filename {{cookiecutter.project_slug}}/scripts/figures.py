"""Draw every figure from the result files; with --format pdf, those of the paper."""

from pathlib import Path

from reproml.run.start import start

FORMAT = {"choices": ["svg", "pdf"], "default": "svg", "help": "default: svg"}
INTO = {"type": Path, "help": "folder for the figures (default: figures, below the results)"}


def main(run, format="svg", into=None):
    """Write an SVG and a caption per figure, and captions.tex; or a PDF per figure."""
    into = into or run.results / "figures"
    names = run.draw_figures(format, into)
    run.say(f"Written to {into}: {', '.join(names)}")


if __name__ == "__main__":
    start(main, __doc__, format=FORMAT, into=INTO)
