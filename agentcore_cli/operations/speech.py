"""What of an agent's answer a person in a conversation wants to read: its words, without the JSON around them.

Agents answer as they like. A string is its text; an object is looked through for the members that agents put their
words into; pieces of a stream are recognised as Strands, Bedrock's Converse and AG-UI send them.
"""

from __future__ import annotations

import json
from typing import Final

_MEMBERS: Final = ("result", "response", "output", "answer", "completion", "message", "text", "content")


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
    the same words in two.
    """

    def __init__(self) -> None:
        self._kind: str | None = None
        self._last: object = None

    def words(self, value: object) -> str:
        """What an event adds; empty for one that says nothing."""
        kind, words = _piece(value)
        if kind is None:
            self._last = value
            return ""
        self._kind = self._kind or kind
        return words if kind == self._kind else ""

    def rest(self) -> str:
        """The words of the last event, where no piece was recognised in any."""
        return spoken(self._last) if self._kind is None and self._last is not None else ""


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
    return ("Converse", delta) if isinstance(delta, str) else (None, "")


def _within(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
