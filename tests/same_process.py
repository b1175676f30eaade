"""The command line without a process of its own: a tenth of the time, where starting one is not what is tested."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Iterator, Mapping

from agentcore_cli.main import main
from tests.command_line import CommandLine, Completed


class SameProcess(CommandLine):
    """As `CommandLine`; nobody is there to answer questions."""

    def run(self, *arguments: str, code: int = 0) -> Completed:
        done = self.outcome(*arguments)
        assert done.returncode == code, f"agentcore {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}"
        return done

    def outcome(self, *arguments: str) -> Completed:
        """Run to the end, whatever the exit code is."""
        stdout, stderr = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            _environment(self.whole_environment()),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            returned = main(list(arguments))
        return subprocess.CompletedProcess(list(arguments), returned, stdout.getvalue(), stderr.getvalue())


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
