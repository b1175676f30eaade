"""What of an agent's answer a person in a conversation wants to read: its words, without the JSON around them.

Agents answer as they like. A string is its text; an object is looked through for the members that agents put their
words into; pieces of a stream are recognised as Strands, Bedrock's Converse and AG-UI send them, or by the member that
holds a piece. Other events with words are lines of their own.
"""

from __future__ import annotations

import json
from typing import Final

_PIECES: Final = ("text", "content", "delta", "token", "chunk")  # strings in these are parts of one text
_MEMBERS: Final = (
    *("result", "response", "output", "answer", "completion", "message", "text", "content"),
    *("artifacts", "parts"),  # A2A's
)
_LINES: Final = "lines"
_KEPT: Final = 1_000  # events without words, to be shown where none has any


def spoken(value: object) -> str:
    """The words in a whole answer; the JSON itself where none are found."""
    words = _words(value)
    return json.dumps(value, ensure_ascii=False, indent=2) if words is None else words


def _words(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        pieces = [_words(item) for item in value]
        return "".join(piece for piece in pieces if piece is not None) if pieces and None not in pieces else None
    if isinstance(value, dict):
        found = (_words(value[name]) for name in _MEMBERS if name in value)
        return next((words for words in found if words is not None), None)
    return None


class Speech:
    """The words of a stream, event by event. The first kind of piece that comes is the kind that counts: Strands sends
    the same words in two. Lines count until a piece comes.
    """

    def __init__(self) -> None:
        self._kind: str | None = None
        self._silent: list[object] = []

    def words(self, value: object) -> str:
        """What an event adds; empty for one that says nothing."""
        kind, words = _piece(value)
        if kind is None:
            if len(self._silent) < _KEPT:
                self._silent.append(value)
            return ""
        if kind == _LINES:
            begins = "" if self._kind is None else "\n"
            self._kind = self._kind or _LINES
            return begins + words if self._kind == _LINES else ""
        before, self._kind = self._kind, kind if self._kind in (None, _LINES) else self._kind
        begins = "\n" if before == _LINES else ""
        return begins + words if kind == self._kind else ""

    def rest(self) -> str:
        """The events themselves, where none had words: one as it is, several a line each."""
        if self._kind is not None or not self._silent:
            return ""
        if len(self._silent) == 1:
            return spoken(self._silent[0])
        return "\n".join(json.dumps(value, ensure_ascii=False) for value in self._silent)


def _piece(value: object) -> tuple[str | None, str]:
    if isinstance(value, str):
        return "text", value
    if not isinstance(value, dict):
        return None, ""
    if value.get("type") == "TEXT_MESSAGE_CONTENT" and isinstance(value.get("delta"), str):
        return "AG-UI", value["delta"]
    if isinstance(value.get("data"), str):
        return "Strands", value["data"]
    delta = _within(value.get("event", value), "contentBlockDelta", "delta", "text")
    if isinstance(delta, str):
        return "Converse", delta
    if name := next((name for name in _PIECES if isinstance(value.get(name), str)), None):
        return name, value[name]
    words = _words(value)
    return (None, "") if words is None else (_LINES, words)


def _within(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
