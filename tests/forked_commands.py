"""The command line in processes that need no start: forked from one that has imported everything.

For tests that run hundreds of commands as processes of their own, since they kill or interrupt them.
Run as a program it is the parent: an order on each line of stdin, two answers to each on stdout, pid and exit code.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.command_line import CommandLine, Completed, environment_without_aws

REPOSITORY = Path(__file__).parent.parent
PRELOADED = (
    *(f"agentcore_cli.commands.{verb}" for verb in ("deploy", "destroy", "plan")),
    *(f"agentcore_cli.operations.deploy.{verb}" for verb in ("deploy", "destroy", "plan")),
    *("agentcore_cli.aws.session", "agentcore_cli.ui.output", "docker", "rich.live"),
)


class ForkedCommands:
    """The parent process; it runs one command at a time. Use it in a `with`."""

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.forked_commands"],
            cwd=REPOSITORY,
            env=environment_without_aws(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.close()
        self._parent.wait(60)
        self._parent.stdout.close()

    def start(self, order: Mapping[str, Any]) -> int:
        """Start a command; gives its pid. `ended` must be asked before the next."""
        assert self._parent.stdin
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return int(self._told()["pid"])

    def ended(self) -> int:
        """The exit code of the command that runs, when it has ended; negative when a signal ended it."""
        return int(self._told()["code"])

    def _told(self) -> dict[str, Any]:
        assert self._parent.stdout
        told: dict[str, Any] = json.loads(self._parent.stdout.readline())
        return told


class ForkedCommandLine(CommandLine):
    """A `CommandLine` whose processes are forked. The pid of the one that runs is in `pids`, the last."""

    def __init__(self, commands: ForkedCommands, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__(folder, environment)
        object.__setattr__(self, "commands", commands)
        object.__setattr__(self, "pids", [])

    commands: ForkedCommands
    pids: list[int]

    def pid(self) -> int:
        """The command that runs now."""
        return self.pids[-1]

    def run(self, *arguments: str, code: int = 0) -> Completed:
        done = self.end(*arguments)
        assert done.returncode == code, (
            f"agentcore {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def end(self, *arguments: str) -> Completed:
        """Run to the end, whatever it be."""
        streams = {name: self.folder.parent / f"{self.folder.name}.{name}" for name in ("stdout", "stderr")}
        order = {
            "arguments": arguments,
            "folder": str(self.folder),
            "environment": self.whole_environment(),
            **{name: str(path) for name, path in streams.items()},
        }
        self.pids.append(self.commands.start(order))
        code = self.commands.ended()
        stdout, stderr = (path.read_text(errors="replace") for path in streams.values())
        return subprocess.CompletedProcess(list(arguments), code, stdout, stderr)


def serve() -> None:
    """The parent's program: single-threaded, so that forking is safe."""
    for module in PRELOADED:
        __import__(module)
    for line in os.fdopen(os.dup(0)):  # sys.stdin stays unread: it is the child's
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(order)
        print(json.dumps({"pid": pid}), flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"code": code}), flush=True)


def _become(order: Mapping[str, Any]) -> None:
    """The child: what a new process would be."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = ["agentcore", *order["arguments"]]
    from agentcore_cli.__main__ import run

    try:
        run()
    except SystemExit as ending:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ending.code if isinstance(ending.code, int) else 0)


if __name__ == "__main__":
    serve()
