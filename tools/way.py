"""Draw the way of a study's data from the raw file to the paper: docs/images/way.svg.

Run it after a change here; a test holds the picture to this file, and the names in it to the code.
"""

from pathlib import Path
from xml.sax.saxutils import escape

TARGET = Path(__file__).resolve().parent.parent / "docs" / "images" / "way.svg"
WIDTH, HALF, FULL, HEIGHT, STEP = 560, 262, 544, 52, 78
LEFT, RIGHT = 8, 290
# Column, row, width, name, what happens there. Names in code type are modules, files or folders.
BOXES = [
    (LEFT, 0, HALF, "data/raw/", "the file as it came"),
    (RIGHT, 0, HALF, "study.toml", "every choice, read by config"),
    (LEFT, 1, FULL, "data", "checksum, schema: a table that can be trusted"),
    (LEFT, 2, FULL, "leakage", "did test rows reach what was learnt?"),
    (LEFT, 3, FULL, "split", "folds, cut by what the paper claims"),
    (LEFT, 4, HALF, "models", "candidate and baselines"),
    (RIGHT, 4, HALF, "locked test rows", "nobody looks"),
    (LEFT, 5, HALF, "compute", "each model on each fold"),
    (LEFT, 6, HALF, "evaluation", "scores per fold"),
    (RIGHT, 6, HALF, "test_ledger", "opened once, on record"),
    (LEFT, 7, HALF, "statistics, explain", "which part is worth what"),
    (RIGHT, 7, HALF, "intervals", "scores of the test rows"),
    (LEFT, 8, FULL, "results/", "long CSV files, and manifest.json by prove"),
    (LEFT, 9, FULL, "write, draw", "tables, macros, figures"),
    (LEFT, 10, FULL, "README.md, docs/, paper/", "no number is typed by hand"),
]
ARROWS = [  # from box to box, by position above
    *((0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (5, 7), (7, 8), (8, 10), (6, 9)),
    *((9, 11), (10, 12), (11, 12), (12, 13), (13, 14)),
]
PLAIN = {"locked test rows"}  # not a name in the code
STYLE = """
  text { font: 15px system-ui, sans-serif; fill: #24292f; text-anchor: middle }
  .name { font: 600 15px ui-monospace, monospace }
  .say { fill: #57606a; font-size: 14px }
  rect { fill: #f6f8fa; stroke: #8c959f }
  .locked { stroke-dasharray: 5 4 }
  path { stroke: #57606a; stroke-width: 1.5; fill: none; marker-end: url(#tip) }
  #tip path { fill: #57606a; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .say { fill: #adb5bd }
    rect { fill: #2b303b; stroke: #7d8590 }
    path { stroke: #adb5bd }
    #tip path { fill: #adb5bd }
  }
"""


def names():
    """Give every name in the picture that stands for something in a study."""
    return [part for box in BOXES if box[3] not in PLAIN for part in box[3].split(", ")]


def draw():
    """Give the picture as SVG."""
    height = (max(box[1] for box in BOXES)) * STEP + HEIGHT + 16
    title = "The way from the raw file to the paper"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{title}">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z"/></marker>',
    ]
    for x, row, width, name, say in BOXES:
        y, middle = 8 + row * STEP, x + width / 2
        locked = ' class="locked"' if name in PLAIN else ""
        kind = "" if name in PLAIN else ' class="name"'
        lines += [
            f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6"{locked}/>',
            f'<text x="{middle:g}" y="{y + 22}"{kind}>{escape(name)}</text>',
            f'<text x="{middle:g}" y="{y + 41}" class="say">{escape(say)}</text>',
        ]
    for start, end in ARROWS:
        above, below = BOXES[start], BOXES[end]
        narrow = min(above, below, key=lambda box: box[2])
        x = narrow[0] + narrow[2] / 2
        top, bottom = 8 + above[1] * STEP + HEIGHT, 8 + below[1] * STEP
        lines.append(f'<path d="M{x:g} {top}V{bottom}"/>')
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(draw(), encoding="utf-8", newline="\n")
    print(f"Written to {TARGET}")
