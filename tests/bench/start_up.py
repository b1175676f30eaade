"""`agentcore --help` and `--version` against the least a typer program can take."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.stage import Stage
from tests.bench.timing import Timed, medians
from tests.command_line import AGENTCORE


def measure(_: Stage, effort: Effort) -> Iterator[Figure]:
    """Whole processes, from start to exit."""
    took = medians(
        {
            "--help": _process(str(AGENTCORE), "--help"),
            "--version": _process(str(AGENTCORE), "--version"),
            "typer": _process(sys.executable, "-c", "import typer"),
        },
        effort.rounds,
    )
    for option in ("--help", "--version"):
        yield Figure(
            f"agentcore {option}",
            milliseconds(took[option]),
            f"import typer {milliseconds(took['typer'])}",
            took[option] / took["typer"],
            "x",
            "at most",
            1.5,
        )


def _process(*command: str) -> Timed:
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
