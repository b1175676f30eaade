"""What kind of terminal, if any, is on the other side."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

# Joiners; Unicode's Prepended_Concatenation_Mark.
_SEEN: Final = "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"


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
    """`text` with what can steer a terminal, or mislead who reads it, made visible: everything that `steers` but line
    ends and tabs.
    """
    if text.isprintable():
        return text
    return "".join(
        _visible(character) if steers(character) and character not in "\n\t" else character for character in text
    )


def steers(character: str) -> bool:
    """Whether a character does something other than being seen: controls (C0 and C1), marks that turn the direction of
    writing around, line and paragraph separators, other invisible marks, and halves of surrogate pairs.

    Not so the two that emoji and Persian words are joined with, and marks that are seen in front of a number.
    """
    if character.isprintable() or character in _SEEN:
        return False
    import unicodedata

    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _visible(character: str) -> str:
    return character.encode("unicode_escape").decode()
