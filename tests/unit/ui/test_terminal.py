from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from agentcore_cli.ui.terminal import columns, is_terminal, printable


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
