"""Check a lab's file of defaults: `.venv/bin/python tools/preset.py lab.yaml`.

The same is checked when a study is made from it. This is for the repository in which a lab keeps
the file: it also says what is no question of this template at all.
"""

import argparse
import importlib.util
import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def hook():
    """Import the hook that judges answers."""
    spec = importlib.util.spec_from_file_location("pre_gen", ROOT / "hooks" / "pre_gen_project.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mistakes_in(path):
    """Give a line for every default that would not do what it says."""
    questions = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    known = [key for key in questions if not key.startswith("__") or key == "__affiliation"]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        return [f"{path}: cannot be read: {error}"]
    if not isinstance(content, dict) or not isinstance(content.get("default_context"), dict):
        return [f"{path}: the defaults stand below the line default_context:, indented"]
    judge = hook()
    lines = [
        f"{field} = {value!r}: {'; '.join(broken)}"
        for field, value, broken, _ in judge.wrong_settings(path, known)
    ]
    for field, value in content["default_context"].items():
        if field not in known and not any(line.startswith(f"{field} in") for line in lines):
            lines.append(f"{field} in {path.name}: is no question of this template")
        templated = isinstance(value, str) and "{{" in value  # judged when it is filled in
        if field in [*judge.TEXTS, "__affiliation"] and not templated:
            lines += [f"{field} in {path.name}: {rule}" for rule in judge.wrong_text(value)]
        if field == "author_email" and not templated:
            lines += [f"{field} in {path.name}: {rule}" for rule in judge.wrong_email(value)]
    return lines


def main():
    """Print what is wrong with the file, and fail, or say that it is fine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="the lab's file of defaults")
    path = parser.parse_args().file
    lines = mistakes_in(path)
    if lines:
        sys.exit("\n".join(lines))
    print(f"{path}: fine")


if __name__ == "__main__":
    main()
