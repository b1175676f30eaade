"""A terminal with a command in it: a pty of a given size, typed on and read from, as a person would."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from fcntl import ioctl
from types import TracebackType
from typing import Final, Self

from tests.command_line import AGENTCORE, CommandLine

CTRL_C: Final = "\x03"
CTRL_D: Final = "\x04"
ENTER: Final = "\r"
UP: Final = "\x1b[A"
ROWS: Final = 24
SECONDS: Final = 60.0
_CONTROLS: Final = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()=>][A-Z0-9]?|\r")


class Terminal:
    """Use it in a `with`: a command of ours with its streams on the terminal, or a line of bash in which `agentcore` is
    that command.

    The terminal is the command's own: Ctrl-C reaches it as a signal. `shown` is everything that was written so far.
    """

    def __init__(
        self,
        agentcore: CommandLine,
        *arguments: str,
        columns: int = 80,
        bash: str | None = None,
        **environment: str,
    ) -> None:
        self.shown = ""
        self._taken = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        line = ["bash", "-o", "pipefail", "-c", f'agentcore() {{ {AGENTCORE} "$@"; }}; {bash}']
        inherited = agentcore.whole_environment()
        for name in ("NO_COLOR", "CI", "COLUMNS", "LINES"):
            inherited.pop(name, None)
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *(line if bash else [str(AGENTCORE), *arguments])],
            cwd=agentcore.folder,
            env=inherited | {"TERM": "xterm-256color"} | environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._ours, text.encode())

    def say(self, text: str) -> None:
        """Type a line and press Enter."""
        self.type(text + ENTER)

    def wait_for(self, text: str, seconds: float = SECONDS) -> str:
        """Read until `text` is shown; gives what came before it since the last wait, without what steers a terminal."""
        deadline = time.monotonic() + seconds
        while text not in (seen := self.unread()):
            assert self._read(deadline), f"{text!r} did not come: {self.shown!r}"
        before, _, _ = seen.partition(text)
        self._taken = self.text.index(text, self._taken) + len(text)
        return before

    def end(self, seconds: float = SECONDS) -> int:
        """Read to the end; gives the exit code."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    @property
    def text(self) -> str:
        """Everything that was shown, without what steers a terminal."""
        return _CONTROLS.sub("", self.shown)

    def unread(self) -> str:
        """What was shown since the last `wait_for`."""
        return self.text[self._taken :]

    def _read(self, deadline: float) -> bool:
        """Read what is there; False at the end, or when the time is over."""
        ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # EIO: the other end was closed
            return False
        if b"\x1b[6n" in data:  # where the cursor is: in the last line
            self.type(f"\x1b[{ROWS};1R")
        self.shown += self._decode(data)
        return bool(data)
