"""Variables in the words of a Dockerfile: `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}`, quotes and escapes.

Source: docs.docker.com/reference/dockerfile, "Environment replacement".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from agentcore_cli.errors import InputError

_NAME: Final = re.compile(r"[A-Za-z_]\w*|\d")
_BRACED: Final = re.compile(r"\{([A-Za-z_]\w*|\d)(?:(:?[-+?])(.*))?\}", re.DOTALL)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """One word, with its quotes taken off. Raises InputError for a form that is not known here."""
    return "".join(_pieces(text, variables))


def words(text: str) -> list[str]:
    """A line's words, still with their quotes; blanks inside quotes don't part them."""
    found, current, quote, at = [], "", "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'" and at + 1 < len(text):
            current += text[at : at + 2]
            at += 2
            continue
        if char in "\"'" and quote in ("", char):
            quote = "" if quote else char
        if char.isspace() and not quote:
            found += [current] if current else []
            current = ""
        else:
            current += char
        at += 1
    return [*found, current] if current else found


def _pieces(text: str, variables: Mapping[str, str]) -> Iterator[str]:
    quote, at = "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'" and at + 1 < len(text):
            following = text[at + 1]
            yield following if not quote or following in '"$\\' else text[at : at + 2]
            at += 2
        elif char in "\"'" and quote in ("", char):
            quote = "" if quote else char
            at += 1
        elif char == "$" and quote != "'":
            value, at = _variable(text, at + 1, variables)
            yield value
        else:
            yield char
            at += 1


def _variable(text: str, at: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """The value of the variable whose name begins at `at`, and where the text goes on."""
    if text[at : at + 1] != "{":
        plain = _NAME.match(text, at)
        return (variables.get(plain[0], ""), plain.end()) if plain else ("$", at)
    end = _closing(text, at)
    form = _BRACED.fullmatch(text[at:end])
    if form is None:
        raise InputError(f"${text[at:end]}: not a variable that can be replaced", hint="${NAME}, or ${NAME:-default}")
    return _chosen(form, variables), end


def _chosen(form: re.Match[str], variables: Mapping[str, str]) -> str:
    name, how, word = form[1], form[2] or "", form[3] or ""
    value = variables.get(name)
    is_set = bool(value) if how.startswith(":") else value is not None
    if how.endswith("-"):
        return value or "" if is_set else expanded(word, variables)
    if how.endswith("+"):
        return expanded(word, variables) if is_set else ""
    if how.endswith("?") and not is_set:
        raise InputError(f"{name}: {expanded(word, variables) or 'not set'}")
    return value or ""


def _closing(text: str, at: int) -> int:
    depth = 0
    for position in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position + 1
    raise InputError(f"${text[at:]}: the brace is never closed")
