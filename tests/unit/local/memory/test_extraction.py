"""What the strategies make of events on this machine, where they put it, and what happens when they can't."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentcore_cli.contract import TAG_AGENT, TAG_EXTRACTION, TAG_PROJECT
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.frames import Asked, DrawnRecords, Reading
from agentcore_cli.local.memory.tables import MIGRATIONS
from agentcore_cli.local.memory.worker import ROOM
from agentcore_cli.local.store import Database
from tests.fakes.local_memory import LocalMemory

TURN = [
    {"conversational": {"content": {"text": "I prefer tea. My name is Ann! How are you? Hm."}, "role": "USER"}},
    {"conversational": {"content": {"text": "Fine. You like tea, then."}, "role": "ASSISTANT"}},
    {"blob": {"not": "words"}},
]


def strategy(kind: str, **settings: Any) -> dict[str, Any]:
    return {f"{kind}MemoryStrategy": {"name": "own", "namespaceTemplates": ["/x/{actorId}/{sessionId}/"], **settings}}


def made(memory: LocalMemory, id: str, path: str = "/") -> list[tuple[str, str]]:
    """Namespace and text of what was extracted, the oldest first."""
    memory.settle()
    found = memory.call("ListMemoryRecords", memoryId=id, namespacePath=path, maxResults=100)["memoryRecordSummaries"]
    return [(one["namespaces"][0], one["content"]["text"]) for one in reversed(found)]


def override(name: str) -> dict[str, Any]:
    prompted = {"appendToPrompt": "p", "modelId": "m"}
    return {"configuration": {f"{name}Override": {"consolidation": prompted}}}


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (strategy("semantic"), ["I prefer tea.", "My name is Ann!"]),
        (strategy("userPreference"), ["I prefer tea."]),
        (strategy("summary"), ["USER: I prefer tea.\nASSISTANT: Fine."]),
        (
            strategy("episodic"),
            ["Asked: I prefer tea. My name is Ann! How are you? Hm.\nAnswered: Fine. You like tea, then."],
        ),
        (strategy("custom", **override("semantic")), ["I prefer tea.", "My name is Ann!"]),
        (strategy("custom", **override("summary")), ["USER: I prefer tea.\nASSISTANT: Fine."]),
        (strategy("custom", **override("userPreference")), ["I prefer tea."]),
        (strategy("custom"), []),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_strategy(memory: LocalMemory, given: dict[str, Any], texts: list[str]) -> None:
    there = memory.create(memoryStrategies=[given])
    memory.say(there, payload=TURN, actorId="user/1:a")
    assert made(memory, there) == [("/x/user/1:a/s1/", text) for text in texts]


def test_the_default_namespaces_and_variables(memory: LocalMemory) -> None:
    there = memory.create(
        memoryStrategies=[
            {"semanticMemoryStrategy": {"name": "facts"}},
            {"semanticMemoryStrategy": {"name": "team", "namespaceTemplates": ["/{team}/"]}},
        ]
    )
    facts = memory.call("GetMemory", memoryId=there)["memory"]["strategies"][0]["strategyId"]
    memory.say(there, "My name is Ann.", extractionConfig={"namespaceVariables": {"team": "blue"}})
    assert [namespace for namespace, _ in made(memory, there)] == [f"/strategies/{facts}/actors/ann/", "/blue/"]


def test_what_is_said_twice_is_kept_once(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=[strategy("semantic", namespaceTemplates=["/{actorId}/"])])
    for text, session in (("My name is Ann.", "s1"), ("my NAME is Ann.", "s2"), ("My dog is Bo.", "s1")):
        memory.say(there, text, sessionId=session)
    memory.say(there, "My name is Ann.", actorId="bob")
    assert made(memory, there) == [
        ("/ann/", "my NAME is Ann."),
        ("/ann/", "My dog is Bo."),
        ("/bob/", "My name is Ann."),
    ]


def test_a_summary_is_of_the_whole_session_and_replaced(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=[strategy("summary")])
    for number in range(30):
        memory.say(there, f"This is number {number}. And more.")
        memory.settle()
    memory.say(there, "Elsewhere.", sessionId="s2")
    found = dict(made(memory, there))
    assert found["/x/ann/s1/"].splitlines() == [f"USER: This is number {number}." for number in range(10, 30)]
    assert found["/x/ann/s2/"] == "USER: Elsewhere."


def test_what_is_to_be_skipped_is(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=[strategy("semantic")])
    memory.say(there, "My name is Ann.", extractionMode="SKIP")
    assert made(memory, there) == []


def test_what_waits_survives_the_end_of_the_process(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=[strategy("semantic")])
    memory.say(there, "My name is Ann.")
    memory.close()
    memory.open()
    memory.call("ListMemories")
    assert [text for _, text in made(memory, there)] == ["My name is Ann."]


def test_an_extracted_record_expires_as_its_strategy_says(memory: LocalMemory) -> None:
    expiry = {"recordExpirySpecification": {"recordExpiryDurationDays": 31}}
    there = memory.create(memoryStrategies=[strategy("semantic", **expiry)])
    memory.say(there, "My name is Ann.")
    memory.settle()
    memory.now += 31 * 86_400
    assert made(memory, there) == []


def test_what_fails_is_a_job_that_can_be_started_again(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=[strategy("semantic", namespaceTemplates=["/{team}/"])])
    id = memory.call("GetMemory", memoryId=there)["memory"]["strategies"][0]["strategyId"]
    event = memory.say(there, "My name is Ann.")
    assert made(memory, there) == []
    [job] = memory.call("ListMemoryExtractionJobs", memoryId=there)["jobs"]
    assert (job["status"], job["strategyId"], job["sessionId"], job["actorId"]) == ("FAILED", id, "s1", "ann")
    assert job["messages"]["messagesList"][0]["eventId"] == event
    assert "needs team" in job["failureReason"]
    assert memory.call("ListMemoryExtractionJobs", memoryId=there, filter={"actorId": "bob"}) == {"jobs": []}

    changed = [{"memoryStrategyId": id, "namespaceTemplates": ["/all/"]}]
    memory.call("UpdateMemory", memoryId=there, memoryStrategies={"modifyMemoryStrategies": changed})
    started = memory.call("StartMemoryExtractionJob", memoryId=there, extractionJob={"jobId": job["jobID"]})
    assert started == {"jobId": job["jobID"]}
    assert made(memory, there) == [("/all/", "My name is Ann.")]
    assert memory.call("ListMemoryExtractionJobs", memoryId=there) == {"jobs": []}
    with pytest.raises(ServiceFault, match="not found"):
        memory.call("StartMemoryExtractionJob", memoryId=there, extractionJob={"jobId": job["jobID"]})


def test_what_waited_in_a_database_of_an_earlier_version_is_drawn(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "memory.db")) as store:
        store.migrate(ROOM, MIGRATIONS[:1])
    memory = LocalMemory(tmp_path)
    notes = memory.create(memoryStrategies=[{"semanticMemoryStrategy": {"name": "facts"}}])
    memory.say(notes, "I like green tea.")
    assert memory.store.one("SELECT by_file FROM pending") == (0,)
    memory.settle()
    assert len(memory.call("ListMemoryRecords", memoryId=notes, namespacePath="/")["memoryRecordSummaries"]) == 1
    memory.close()


def test_events_of_a_memory_with_a_file_wait_for_it_and_for_nothing_else(memory: LocalMemory) -> None:
    strategies = [{"semanticMemoryStrategy": {"name": "facts", "namespaces": ["/facts"]}}]
    tags = {TAG_EXTRACTION: "draw.py", TAG_PROJECT: "p", TAG_AGENT: "bot"}
    notes = memory.create(memoryStrategies=strategies, tags=tags)
    memory.say(notes, "I like green tea.")
    memory.settle()
    found = {"memoryId": notes, "namespacePath": "/"}
    assert memory.call("ListMemoryRecords", **found)["memoryRecordSummaries"] == []
    [reading] = readings(memory)
    assert (reading.memory, reading.project, reading.agent, reading.file) == (notes, "p", "bot", "draw.py")
    assert reading.event["messages"] == [{"role": "USER", "text": "I like green tea."}]
    strategy = reading.strategies[0]["strategyId"]
    keep(memory, DrawnRecords(reading.number, {strategy: ["tea", "Tea"], "of-nobody": ["x"]}))
    keep(memory, DrawnRecords(reading.number, {strategy: ["once more"]}))
    records = memory.call("ListMemoryRecords", **found)["memoryRecordSummaries"]
    assert [(record["content"]["text"], record["namespaces"]) for record in records] == [("Tea", ["/facts"])]
    assert readings(memory) == []


def test_a_memory_that_has_its_file_no_more_is_drawn_from_by_the_rules(memory: LocalMemory) -> None:
    notes = memory.create(
        memoryStrategies=[{"semanticMemoryStrategy": {"name": "facts"}}], tags={TAG_EXTRACTION: "draw.py"}
    )
    memory.say(notes, "I like green tea.")
    arn = memory.call("GetMemory", memoryId=notes)["memory"]["arn"]
    memory.call("UntagResource", resourceArn=arn, tagKeys=[TAG_EXTRACTION])
    assert readings(memory) == []
    memory.settle()
    assert len(memory.call("ListMemoryRecords", memoryId=notes, namespacePath="/")["memoryRecordSummaries"]) == 1


def readings(memory: LocalMemory) -> list[Reading]:
    """What the server is given to read."""
    [answered] = memory.answer([Asked("", [], {}, msgspec.msgpack.encode(0), "", memory.now, inner="read")])
    return msgspec.msgpack.decode(answered.body, type=list[Reading])


def keep(memory: LocalMemory, found: DrawnRecords) -> None:
    [answered] = memory.answer([Asked("", [], {}, msgspec.msgpack.encode([found]), "", memory.now, inner="keep")])
    assert answered.status == 200


def test_nobody_asks_from_outside_for_what_the_server_asks(memory: LocalMemory) -> None:
    with pytest.raises(ServiceFault) as refused:
        memory.send(memory.request("read", "/", b""))
    assert refused.value.status == 404
