"""The figures of an earlier state of the project, measured in turns with those of this one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figure import Figure, aligned

REPOSITORY = Path(__file__).parents[2]
_GIT = ("git", "-C", str(REPOSITORY))


class Earlier:
    """A checkout in a folder of its own, with an environment of its own; its own `tests.bench` measures."""

    def __init__(self, folder: Path, ref: str) -> None:
        self.ref = ref
        self.values: dict[str, float] = {}
        self._folder = folder

    def measure(self, name: str, *, quick: bool) -> None:
        """Add to `values`, by the figures' names, what it measures under this name; what it does not know is left out.

        The figure that this state measures next follows at once, so the machine's mood falls on both.
        """
        output = self._folder.parent / f"{name}.json"
        options = ["--only", name, "--output", str(output), *(["--quick"] if quick else [])]
        command = [self._folder / ".venv" / "bin" / "python", "-m", "tests.bench", *options]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True)
        if done.returncode == 0:
            self.values |= {figure["name"]: figure["value"] for figure in json.loads(output.read_text())["figures"]}
        else:
            print(f"  {self.ref}: {(done.stderr.splitlines() or ['no word'])[-1]}", file=sys.stderr)


@contextmanager
def earlier(ref: str) -> Iterator[Earlier]:
    """What git knows by this name, made ready. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="agentcore-bench-") as folder:
        checkout = Path(folder, "checkout")
        print(f"making {ref} ready", file=sys.stderr)
        subprocess.run([*_GIT, "worktree", "add", "--quiet", "--detach", checkout, ref], check=True)
        try:
            make = ["make", "--no-print-directory", f"PYTHON={sys.executable}", ".venv/installed"]
            subprocess.run(make, cwd=checkout, check=True, stdout=sys.stderr)
            yield Earlier(checkout, ref)
        finally:
            subprocess.run([*_GIT, "worktree", "remove", "--force", checkout], check=True)


def comparison(figures: Sequence[Figure], ref: str, values: Mapping[str, float]) -> str:
    """Before and after as lines of text, for the figures that both have."""
    rows = [("figure", ref, "now", "")]
    rows += [(f.name, f"{values[f.name]:,.2f}", f"{f.value:,.2f}", f.unit) for f in figures if f.name in values]
    return aligned(rows)
