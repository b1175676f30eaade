"""What kind of terminal, if any, is on the other side."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at this stream and it can be redrawn: not in CI, with NO_COLOR or on a dumb terminal."""
    plain = os.environ.get("TERM") == "dumb" or "NO_COLOR" in os.environ or "CI" in os.environ
    return stream.isatty() and not plain


def can_ask() -> bool:
    """Whether a question can be put: a terminal to read from and one to write to."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def tell(text: str, stream: TextIO) -> None:
    """A line beside the result. Work is not ended because nobody can read about it."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        return


def alarm(text: str, stream: TextIO) -> str:
    """`text` in bold red where a person looks at the stream."""
    return f"\033[1;31m{text}\033[0m" if is_terminal(stream) else text


def printable(text: str) -> str:
    """`text` with control characters made visible, so that an agent's words can't steer the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode()
        for character in text
    )
