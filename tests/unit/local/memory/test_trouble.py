"""A disk that is full, a database that somebody else holds, and messages in pieces."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.frames import Asked
from agentcore_cli.local.storage.reserve import Disk, Reserve
from agentcore_cli.local.storing.frames import Answered, Frames, frame
from tests.fakes.local_memory import LocalMemory


def refused(memory: LocalMemory, notes: str) -> str:
    with pytest.raises(ServiceFault) as refusal:
        memory.say(notes, "x" * 90_000)
    assert (refusal.value.status, refusal.value.type) == (500, "ServiceException")
    return refusal.value.message


def test_a_full_disk_refuses_what_writes_and_answers_what_reads(memory: LocalMemory, notes: str) -> None:
    memory.say(notes, "kept")
    [pages] = memory.store.one("PRAGMA page_count") or (0,)
    memory.store.execute(f"PRAGMA max_page_count = {pages}")
    assert "nothing was changed" in refused(memory, notes)
    good = {"memoryId": notes, "actorId": "ann", "sessionId": "s1", "eventTimestamp": memory.now, "payload": []}
    large = good | {"payload": [{"blob": "x" * 90_000}]}
    answers = memory.answer([memory.asked("CreateEvent", **good), memory.asked("CreateEvent", **large)])
    kept = sum(answer.status == 201 for answer in answers)
    assert answers[1].status == 500
    assert len(memory.events(notes)) == 1 + kept
    memory.store.execute("PRAGMA max_page_count = 1000000")
    memory.say(notes, "again")
    assert len(memory.events(notes)) == 2 + kept
    assert memory.store.one("PRAGMA integrity_check") == ("ok",)


def test_at_the_end_of_the_disk_nothing_is_added_and_the_rest_goes_on(tmp_path: Path) -> None:
    disk = [Disk(2**30, 2**40)]
    memory = LocalMemory(tmp_path, Reserve(tmp_path, lambda folder: disk[0]))
    strategy = {"semanticMemoryStrategy": {"name": "facts"}}
    notes = memory.create(memoryStrategies=[strategy])
    event = memory.say(notes, "I like green tea.")
    disk[0] = Disk(2**30 - 1, 2**40)
    with pytest.raises(ServiceFault) as refusal:
        memory.say(notes)
    assert (refusal.value.status, refusal.value.type) == (402, "ServiceQuotaExceededException")
    assert "kept back; nothing was changed" in refusal.value.message
    memory.settle()
    found = {"memoryId": notes, "namespacePath": "/"}
    assert memory.call("ListMemoryRecords", **found)["memoryRecordSummaries"] == []
    assert [each["eventId"] for each in memory.events(notes)] == [event]
    disk[0] = Disk(2**31, 2**40)
    memory.settle()
    assert len(memory.call("ListMemoryRecords", **found)["memoryRecordSummaries"]) == 1
    disk[0] = Disk(0, 2**40)
    memory.call("DeleteEvent", memoryId=notes, actorId="ann", sessionId="s1", eventId=event)
    memory.close()


def test_a_database_that_somebody_holds_is_told_and_works_again(memory: LocalMemory, notes: str) -> None:
    memory.store.execute("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(memory.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked" in refused(memory, notes)
        assert memory.events(notes) == []
        assert not memory.worker.chore()
        other.execute("ROLLBACK")
    memory.say(notes)
    assert len(memory.events(notes)) == 1


def test_what_is_broken_inside_is_a_refusal_and_no_end(memory: LocalMemory, notes: str) -> None:
    memory.say(notes)
    memory.store.execute("UPDATE memories SET body = 'no json'")
    with pytest.raises(ServiceFault) as refusal:
        memory.events(notes)
    assert (refusal.value.status, refusal.value.type) == (500, "ServiceException")


def test_messages_in_pieces() -> None:
    asked = [Asked("POST", ["a"], {}, b"x" * size, "", 0.0) for size in (0, 3, 70_000)]
    stream = b"".join(frame(number, one) for number, one in enumerate(asked))
    for step in (1, 7, 65_536, len(stream)):
        frames = Frames()
        found = [message for at in range(0, len(stream), step) for message in frames.feed(stream[at : at + step])]
        assert [number for number, _ in found] == [0, 1, 2]


def test_a_refusal_comes_through_whole() -> None:
    fault = ServiceFault.validation("no", fields=[])
    again = Answered.of(fault).fault()
    assert again is not None
    assert (again.status, again.type, again.message, again.reason) == (400, "ValidationException", "no", fault.reason)
    assert Answered(200, [], json.dumps({}).encode()).fault() is None
