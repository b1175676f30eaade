"""What removes an agent when the command that deployed it was killed: a shell that waits for the end of a pipe."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_SCRIPT: Final = 'read -r done && exit 0; exec "$@"'


class AgentGuardian:
    """Begins when it is made. Told nothing at all, it destroys the agent when this process has ended."""

    def __init__(self, config: Path, agent: str) -> None:
        destroy = ["--config", str(config), "--local", "--agent", agent, "--quiet", "destroy", "--yes"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "sh", sys.executable, "-P", "-m", "agentcore_cli", *destroy],
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
