"""The installed `agentcore` command, run as a user runs it: a process of its own in a project's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AGENTCORE = Path(sys.executable).with_name("agentcore")
SECONDS = 150

Completed = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs commands in `folder`. Of the caller's environment everything but AWS_* and AGENTCORE_* is passed on."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, code: int = 0) -> Completed:
        """Run to the end and expect the exit code `code`."""
        return self.feed("", *arguments, code=code)

    def feed(self, stdin: str, *arguments: str, code: int = 0) -> Completed:
        """The same, with this on its stdin."""
        done = subprocess.run(
            [AGENTCORE, *arguments],
            cwd=self.folder,
            env=self.whole_environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, (
            f"agentcore {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def json(self, *arguments: str) -> dict[str, Any]:
        """The one JSON object that the command prints with --json; of a stream of objects, the last."""
        lines = self.run("--json", *arguments).stdout.splitlines()
        result: dict[str, Any] = json.loads(lines[-1])
        return result

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and leave it running, its stdout a pipe."""
        return subprocess.Popen(
            [AGENTCORE, *arguments],
            cwd=self.folder,
            env=self.whole_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def whole_environment(self) -> dict[str, str]:
        """What the command sees."""
        return environment_without_aws() | dict(self.environment)


def environment_without_aws() -> dict[str, str]:
    """The caller's environment with nothing in it that would choose a target, a region or credentials.

    Nor what changes how Python writes: a user's streams are buffered.
    """
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AWS_", "AGENTCORE_")) and key != "PYTHONUNBUFFERED"
    }
