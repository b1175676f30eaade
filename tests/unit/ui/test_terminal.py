from __future__ import annotations

import io
import linecache
import os
import pty
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from agentcore_cli.ui.terminal import columns, is_terminal, printable, read_line
from tests.local_runtime import eventually


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten\x08\x7f", "over\\rwritten\\x08\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("half \ud83d", "half \\ud83d"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\u2066isolate\u2069 \u200emark\u200f \u061c", "\\u2066isolate\\u2069 \\u200emark\\u200f \\u061c"),
        ("pay\u200bpal\ufeff\u2060\u00ad", "pay\\u200bpal\\ufeff\\u2060\\xad"),
        ("hidden \U000e0041", "hidden \\U000e0041"),
        ("größer 会話 👩\u200d💻 a\xa0b می\u200cخواهم \ue0b0", "größer 会話 👩\u200d💻 a\xa0b می\u200cخواهم \ue0b0"),
    ],
)
def test_what_could_steer_a_terminal_is_made_visible_and_nothing_else(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


@pytest.mark.parametrize(
    ("variables", "drawn"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "", "CI": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "CI": "true"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_terminal_is_drawn_on_unless_it_can_t_be_or_somebody_said_no(
    terminal: TextIO, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], drawn: bool
) -> None:
    for name in ("TERM", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert bool(is_terminal(terminal)) is drawn


def test_a_terminal_that_does_not_say_how_wide_it_is_and_a_file_have_no_width(terminal: TextIO, tmp_path: Path) -> None:
    assert columns(terminal) is None  # a new pty says 0
    with (tmp_path / "file").open("w") as file:
        assert columns(file) is None
        assert not is_terminal(file)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What types on the terminal that stdin is."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield ours
    os.close(ours)


def test_lines_typed_ahead_are_read_one_by_one_to_the_end(keyboard: int) -> None:
    os.write(keyboard, b"first\nsecond\n\x04")
    assert [read_line(), read_line(), read_line()] == ["first\n", "second\n", ""]


def test_lines_of_a_pipe_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("first\nsecond"))
    assert [read_line(), read_line(), read_line()] == ["first\n", "second", ""]


def test_ctrl_c_ends_the_wait_for_a_line_and_leaves_nothing_behind(keyboard: int) -> None:
    waited_for = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(waited_for)
    opened = set(os.listdir("/dev/fd"))
    key = threading.Thread(target=_press_ctrl_c_when_it_waits)
    with pytest.raises(KeyboardInterrupt):
        _read_while_pressed(key)
    key.join()
    assert signal.set_wakeup_fd(waited_for) == waited_for
    assert set(os.listdir("/dev/fd")) == opened
    os.write(keyboard, b"and on\n")
    assert read_line() == "and on\n"


def _press_ctrl_c_when_it_waits() -> None:
    reader = threading.main_thread().ident or 0

    def waits() -> bool:
        frame = sys._current_frames()[reader]
        return "select.select(" in linecache.getline(frame.f_code.co_filename, frame.f_lineno)

    eventually(waits, "the line is waited for")
    os.kill(os.getpid(), signal.SIGINT)


def _read_while_pressed(key: threading.Thread) -> str:
    key.start()
    return read_line()
