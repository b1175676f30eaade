"""Modules compiled ahead, so that an agent under emulation or on its first request does not have to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages.installer import Stopping
from agentcore_cli.builders.packages.interpreters import Interpreter
from agentcore_cli.errors import AgentcoreError

_POLL_SECONDS: Final = 0.2


def compile_all(folder: Path, interpreter: Interpreter, seen_as: str, stopping: Stopping) -> None:
    """Write a .pyc beside every module, good for as long as its source is not looked at (PEP 552, unchecked-hash).

    `seen_as` is the path that the folder will have where it is used: tracebacks name it. A module that can't be
    compiled is left as it is; some packages bring templates and tests of that kind.
    """
    how = ["-q", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    command = [str(interpreter.path), "-I", "-m", "compileall", *how, "-s", str(folder), "-p", seen_as, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                if stopping():
                    raise AgentcoreError("interrupted")
                try:
                    process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.terminate()
            raise
