"""Write data/SHA256SUMS, the checksums of the files that study.toml declares."""

from ..config.checksums import write_sums
from ..config.declared import SUMS, changed_inputs, declared_files
from ..config.files import write_text
from ..config.study import StudyError, read_study
from ..run.run import Run
from ..run.terminal import say


def main(run: Run) -> None:
    """Write it, and say what changed."""
    data = read_study(run.path).data
    if not data.files:
        raise StudyError("study.toml declares no files; name some in files under [data] first")
    changed, sums = changed_inputs(data, run.root), declared_files(data, run.root)
    write_text(write_sums(sums), run.root / SUMS)
    for name, what in changed.items():
        say(f"{what:8} {name}")
    say(f"Written to {run.root / SUMS}: {len(sums)} files, {len(changed)} changed")
