"""What removes agents when the command that deployed them was killed: a shell that waits for the end of a pipe."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# One after the other: a project's deploys and destroys refuse to run side by side.
_SCRIPT: Final = """\
read -r done && exit 0
config=$1; shift
for agent in "$@"; do
    "$0" -P -m agentcore_cli --config "$config" --local --agent "$agent" --quiet destroy --yes
done
"""


class AgentGuardian:
    """Begins when it is made. Told nothing at all, it destroys the agents when this process has ended."""

    def __init__(self, config: Path, agents: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, sys.executable, str(config), *agents],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=config.parent,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Nothing is left to do for it."""
        assert self._process.stdin is not None
        with self._process, contextlib.suppress(OSError):
            os.write(self._process.stdin.fileno(), b"done\n")
