"""An export of a memory, as `memory export` writes one: a conversation with a branch, and a record."""

from __future__ import annotations

import json
from typing import Any

SESSION = "conv1-" + 40 * "a"


def event(number: int, *said: str, **members: object) -> dict[str, object]:
    """One turn: USER and ASSISTANT in turns, as texts."""
    roles = ("USER", "ASSISTANT")
    payload = [{"conversational": {"content": {"text": text}, "role": roles[at % 2]}} for at, text in enumerate(said)]
    identity = {"actorId": "user/1:ann", "sessionId": SESSION, "eventId": f"{number:019}#{number:08x}"}
    return {"event": {**identity, "eventTimestamp": f"2026-11-01T10:00:0{number}+00:00", "payload": payload, **members}}


LINES = [
    {
        "memory": {
            "id": "old-AbCdEf0123",
            "arn": "arn:aws:bedrock-agentcore:us-west-2:123456789012:memory/old-AbCdEf0123",
            "name": "old",
            "expiry_days": 90,
            "strategies": {"facts-AbCdEf0123": "facts"},
            "format": 1,
        }
    },
    event(1, "I like tea", "Noted", metadata={"mood": {"stringValue": "good"}}),
    event(2, "And coffee?", "No"),
    event(3, "And coffee?", "Yes", branch={"name": "other", "rootEventId": f"{1:019}#{1:08x}"}),
    {"session": {"actorId": "user/1:ann", "sessionId": SESSION, "events": 3}},
    {
        "record": {
            "memoryRecordId": "mem-11111111-2222-3333-4444-555555555555",
            "content": {"text": "Ann likes tea"},
            "namespaces": ["/facts/ann"],
            "memoryStrategyId": "facts-AbCdEf0123",
            "createdAt": "2026-11-01T10:00:05+00:00",
        }
    },
    {"end": {"sessions": 1, "events": 3, "records": 1}},
]
AN_EXPORT = "".join(json.dumps(line) + "\n" for line in LINES)


def many(count: int) -> str:
    """An export of so many sessions with an event each."""
    made: list[Any] = [LINES[0]]
    for number in range(count):
        session = f"s{number}"
        event = {**LINES[1]["event"], "sessionId": session, "eventId": f"{number + 1:019}#{number + 1:08x}"}
        counted = {"actorId": "user/1:ann", "sessionId": session, "events": 1}
        made += [{"event": event}, {"session": counted}]
    made.append({"end": {"sessions": count, "events": count, "records": 0}})
    return "".join(json.dumps(line) + "\n" for line in made)
