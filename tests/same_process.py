"""The command line without a process of its own: a tenth of the time, where starting one is not what is tested."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from agentcore_cli.main import main
from tests.command_line import CommandLine, Completed


class SameProcess(CommandLine):
    """As `CommandLine`; no stream is a terminal."""

    def feed(self, stdin: str, *arguments: str, code: int = 0) -> Completed:
        done = self.outcome(*arguments, stdin=stdin)
        assert done.returncode == code, (
            f"agentcore {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def outcome(self, *arguments: str, stdin: str = "") -> Completed:
        """Run to the end, whatever the exit code is."""
        done = self.outcome_in_bytes(*arguments, stdin=stdin.encode())
        stdout, stderr = _stream(done.stdout).read(), _stream(done.stderr).read()
        return subprocess.CompletedProcess(done.args, done.returncode, stdout, stderr)

    def outcome_in_bytes(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        read, stdout, stderr = _stream(stdin), _stream(), _stream()
        with (
            contextlib.chdir(self.folder),
            _environment(self.whole_environment()),
            _reading(read),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            returned = main(list(arguments))
        return subprocess.CompletedProcess(list(arguments), returned, _written(stdout), _written(stderr))


def _stream(data: bytes = b"") -> io.TextIOWrapper:
    """As a process has them: text on top of bytes."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="backslashreplace")


def _written(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    stream.seek(0)
    return stream.buffer.read()


@contextlib.contextmanager
def _reading(stream: io.TextIOWrapper) -> Iterator[None]:
    before, sys.stdin = sys.stdin, stream
    try:
        yield
    finally:
        sys.stdin = before


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
