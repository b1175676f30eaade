"""A memory as JSON lines, the same from AWS and from the local runtime.

The first line is `{"memory": {…, "format": 1}}`, then a line for each event, `{"event": {…}}`, the oldest of a session
first, `{"session": {…}}` behind the last of each session, `{"record": {…}}` for each record, and `{"end": {…}}` with
their numbers: a file without it is an export that has not come to its end. Members are called as the service calls
them; times are ISO 8601.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, Final

from agentcore_cli.errors import InputError

FORMAT: Final = 1
_EVENT: Final = ("actorId", "sessionId", "eventId", "eventTimestamp", "payload", "branch", "metadata")
_RECORD: Final = ("memoryRecordId", "content", "namespaces", "memoryStrategyId", "createdAt", "timestamp", "metadata")
_KINDS: Final = frozenset({"memory", "event", "session", "record", "end"})

Json = dict[str, Any]


def head(memory: Mapping[str, Any]) -> Json:
    """The first line of the memory in GetMemory's answer; its strategies' names go along, for the records."""
    names = {strategy["strategyId"]: strategy["name"] for strategy in memory.get("strategies", ())}
    facts = {"id": memory["id"], "arn": memory["arn"], "name": memory["name"]}
    more = {"expiry_days": memory["eventExpiryDuration"], "strategies": names, "format": FORMAT}
    return {"memory": facts | more}


def event(answer: Mapping[str, Any]) -> Json:
    return {"event": {name: answer[name] for name in _EVENT if answer.get(name)}}


def record(answer: Mapping[str, Any]) -> Json:
    return {"record": {name: answer[name] for name in _RECORD if answer.get(name)}}


def written(line: Json) -> bytes:
    return json.dumps(line, ensure_ascii=False, default=_iso, separators=(",", ":")).encode() + b"\n"


def read(file: BinaryIO, shown: str) -> Iterator[tuple[int, str, Json]]:
    """Number, kind and content of each line. Raises InputError for what is no export, with the line."""
    for number, text in enumerate(file, 1):
        try:
            kind, content = parsed(text)
        except ValueError:
            raise InputError(f"{shown}:{number}: no line of an export of a memory", hint=_HINT) from None
        if number == 1 and (kind != "memory" or content.get("format") != FORMAT):
            raise InputError(f"{shown}: not an export of a memory in format {FORMAT}", hint=_HINT)
        yield number, kind, content


def parsed(text: bytes) -> tuple[str, Json]:
    """Kind and content of one line. Raises ValueError for what is none."""
    line = json.loads(text)
    kind = next(iter(line)) if isinstance(line, dict) and len(line) == 1 else None
    if kind not in _KINDS or not isinstance(line[kind], dict):
        raise ValueError
    return kind, line[kind]


def moment(text: Any, shown: str, number: int) -> datetime:
    """A time of the file. Raises InputError for what is none."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(f"{shown}:{number}: {text!r} is not an ISO 8601 time") from None


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in an export")


_HINT: Final = "agentcore memory export MEMORY FILE makes one"
