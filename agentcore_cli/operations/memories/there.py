"""What an import finds in the memory already: events and records are known again by what they say.

Ids are each memory's own, so an event is the same when session, second, branch, payload and metadata are; a record when
text and namespaces are. As often as one stands in the file it may be there: two that are alike stay two.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agentcore_cli.operations.memories.chosen import Chosen


class SessionContents:
    """A session of the memory: `ids` tell which event of it an event of the file has become."""

    def __init__(self, chosen: Chosen, actor: str, session: str, *, is_there: bool) -> None:
        self._contents, self._place = chosen.contents, (actor, session)
        self._alike: defaultdict[str, deque[str]] = defaultdict(deque)
        self._is_there, self._is_to_check, self._anew = is_there, True, ""
        self.ids: dict[str, str] = {}
        for event in self._contents.events(*self._place) if is_there else ():
            self._alike[_of_event(event, event["eventTimestamp"])].appendleft(event["eventId"])  # the newest come first

    def takes(self, event: Mapping[str, Any], at: datetime) -> bool:
        """Whether one like this is there that stands for no other event of the file yet."""
        if alike := self._alike[_of_event(event, at)]:
            self.ids[event["eventId"]] = alike.popleft()
        return event["eventId"] in self.ids

    def make(self, body: Mapping[str, Any], token: str) -> str:
        """CreateEvent; gives the new id. A token may be remembered from an event that was deleted since: that is made
        anew. The first of a session is looked at for it, and each of one that has lost some.
        """
        made = self._create(body, token)
        if self._is_to_check and not self._contents.has_event(*self._place, made):
            self._anew = uuid.uuid4().hex
            made = self._create(body, token)
        self._is_to_check = self._is_there
        return made

    def _create(self, body: Mapping[str, Any], token: str) -> str:
        made: str = self._contents.create_event({**body, "clientToken": token[: 64 - len(self._anew)] + self._anew})[
            "eventId"
        ]
        return made


class There:
    """Asked only for what the file comes to."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._actors = frozenset(chosen.contents.actors())
        self._sessions: dict[str, frozenset[str]] = {}
        self._records: Counter[str] | None = None

    def conversation(self, actor: str, session: str) -> SessionContents:
        if actor not in self._sessions:
            there = self._chosen.contents.sessions(actor) if actor in self._actors else ()
            self._sessions[actor] = frozenset(each["sessionId"] for each in there)
        return SessionContents(self._chosen, actor, session, is_there=session in self._sessions[actor])

    def takes(self, record: Mapping[str, Any]) -> bool:
        if self._records is None:
            self._records = Counter(_of_record(each) for each in self._chosen.records())
        key = _of_record(record)
        self._records[key] -= 1
        return self._records[key] >= 0


def _of_event(event: Mapping[str, Any], at: datetime) -> str:
    branch = event.get("branch", {}).get("name", "main")
    return _digest([int(at.timestamp()), branch, event.get("payload", []), event.get("metadata") or {}])


def _of_record(record: Mapping[str, Any]) -> str:
    return _digest([record["content"], record["namespaces"]])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
