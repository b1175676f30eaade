from __future__ import annotations

import pytest

from agentcore_cli.ui.terminal import printable


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
        ("größer 会話 👩\u200d💻 a\xa0b\u2028c", "größer 会話 👩\u200d💻 a\xa0b\u2028c"),
    ],
)
def test_what_could_steer_a_terminal_is_made_visible_and_nothing_else(text: str, shown: str) -> None:
    assert printable(text) == shown
