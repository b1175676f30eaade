"""What kind of terminal, if any, is on the other side."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at this stream and it can be redrawn: not in CI, with NO_COLOR or on a dumb terminal."""
    plain = os.environ.get("TERM", "dumb") == "dumb" or os.environ.get("NO_COLOR") or os.environ.get("CI")
    return stream.isatty() and not plain


def columns(stream: TextIO) -> int | None:
    """How wide the terminal is; None where there is none, or it doesn't say."""
    return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None


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
    """`text` with what can steer a terminal made visible: control characters other than line ends and tabs, marks
    that turn the direction of writing around, and halves of surrogate pairs.
    """
    if text.isprintable():
        return text
    return "".join(_visible(character) if _steers(character) else character for character in text)


def _steers(character: str) -> bool:
    if character.isprintable() or character in "\n\t":
        return False
    code = ord(character)
    return code < 0xA0 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or 0xD800 <= code <= 0xDFFF


def _visible(character: str) -> str:
    return character.encode("unicode_escape").decode()
