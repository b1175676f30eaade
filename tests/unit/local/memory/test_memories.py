"""Memories themselves: names, statuses on the clock, strategies, tags, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.contract import TAG_PROJECT
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.memories import SETTLE_SECONDS
from tests.fakes.local_memory import LocalMemory

TWO = [
    {"semanticMemoryStrategy": {"name": "facts", "description": "what is so"}},
    {"summaryMemoryStrategy": {"name": "gist", "namespaceTemplates": ["/gist/{sessionId}/"]}},
]


def refusal(memory: LocalMemory, operation: str, **members: Any) -> tuple[int, str, str]:
    with pytest.raises(ServiceFault) as refused:
        memory.call(operation, **members)
    return refused.value.status, refused.value.type, refused.value.message


def status(memory: LocalMemory, id: str) -> str:
    return str(memory.call("GetMemory", memoryId=id)["memory"]["status"])


def test_a_memory_is_made_and_becomes_active_on_the_clock(memory: LocalMemory) -> None:
    made = memory.call("CreateMemory", name="notes", eventExpiryDuration=30, description="d")["memory"]
    assert made["id"].startswith("notes-")
    assert made["arn"] == f"arn:aws:bedrock-agentcore:us-west-2:000000000000:memory/{made['id']}"
    assert (made["status"], made["description"], made["eventExpiryDuration"]) == ("CREATING", "d", 30)
    assert refusal(memory, "ListActors", memoryId=made["id"])[1] == "ValidationException"
    memory.now += SETTLE_SECONDS
    assert memory.call("GetMemory", memoryId=made["id"])["memory"] == made | {"status": "ACTIVE"}
    assert memory.call("ListActors", memoryId=made["arn"]) == {"actorSummaries": []}


def test_a_name_is_there_once(memory: LocalMemory, notes: str) -> None:
    told = refusal(memory, "CreateMemory", name="notes", eventExpiryDuration=30)
    assert told[:2] == (400, "ValidationException")
    assert "already exists" in told[2]  # the SDK knows a duplicate by these words
    memory.send(memory.asked("CreateMemory", region="eu-west-1", name="notes", eventExpiryDuration=30))
    memory.call("DeleteMemory", memoryId=notes)
    memory.now += SETTLE_SECONDS
    assert memory.create("notes") != notes


@pytest.mark.parametrize("days", [0, 2, 3651, -1])
def test_expiry_out_of_range(memory: LocalMemory, notes: str, days: int) -> None:
    for operation, given in (("CreateMemory", {"name": "more"}), ("UpdateMemory", {"memoryId": notes})):
        assert "'eventExpiryDuration'" in refusal(memory, operation, eventExpiryDuration=days, **given)[2]


def test_a_deleted_memory_goes_with_all_that_was_in_it(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=TWO)
    kept = memory.create("kept")
    for number in range(500):
        memory.say(there, f"My number is {number}.", sessionId=f"s{number % 7}")
    memory.settle()
    memory.keep(there, "tea")
    memory.keep(kept, "coffee")
    memory.say(kept)
    assert memory.call("DeleteMemory", memoryId=there) == {"memoryId": there, "status": "DELETING"}
    assert memory.call("DeleteMemory", memoryId=there)["status"] == "DELETING"
    assert status(memory, there) == "DELETING"
    memory.now += SETTLE_SECONDS
    assert refusal(memory, "GetMemory", memoryId=there)[:2] == (404, "ResourceNotFoundException")
    assert [found["id"] for found in memory.call("ListMemories")["memories"]] == [kept]
    memory.settle()
    memory.close()
    memory.open()
    memory.call("ListMemories")
    memory.settle()
    for table in ("events", "records", "sessions", "actors", "memories", "tallies"):
        assert memory.store.one(f"SELECT count(*) FROM {table}") == (1,), table
    assert memory.store.one("SELECT count(*) FROM sqlite_master WHERE name = 'words_1'") == (0,)
    assert memory.call(
        "RetrieveMemoryRecords", memoryId=kept, namespacePath="/", searchCriteria={"searchQuery": "coffee"}
    )


def test_changes(memory: LocalMemory) -> None:
    there = memory.create(memoryStrategies=TWO, description="old")
    facts, gist = memory.call("GetMemory", memoryId=there)["memory"]["strategies"]
    assert (facts["type"], gist["type"]) == ("SEMANTIC", "SUMMARIZATION")
    assert facts["namespaceTemplates"] == ["/strategies/{memoryStrategyId}/actors/{actorId}/"]
    assert gist["namespaces"] == gist["namespaceTemplates"] == ["/gist/{sessionId}/"]
    changed = memory.call(
        "UpdateMemory",
        memoryId=there,
        eventExpiryDuration=60,
        memoryStrategies={
            "addMemoryStrategies": [{"userPreferenceMemoryStrategy": {"name": "likes"}}],
            "modifyMemoryStrategies": [{"memoryStrategyId": facts["strategyId"], "namespaceTemplates": ["/f/"]}],
            "deleteMemoryStrategies": [{"memoryStrategyId": gist["strategyId"]}],
        },
    )["memory"]
    assert (changed["status"], changed["eventExpiryDuration"], changed["description"]) == ("UPDATING", 60, "old")
    assert refusal(memory, "UpdateMemory", memoryId=there, eventExpiryDuration=9)[:2] == (409, "ConflictException")
    assert refusal(memory, "DeleteMemory", memoryId=there)[:2] == (409, "ConflictException")
    memory.say(there)  # it serves meanwhile
    memory.now += SETTLE_SECONDS
    shown = memory.call("GetMemory", memoryId=there)["memory"]
    assert [(one["name"], one["type"], one["namespaces"]) for one in shown["strategies"]] == [
        ("facts", "SEMANTIC", ["/f/"]),
        ("likes", "USER_PREFERENCE", ["/strategies/{memoryStrategyId}/actors/{actorId}/"]),
    ]
    assert {shown["status"], *(one["status"] for one in shown["strategies"])} == {"ACTIVE"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"addMemoryStrategies": [{"semanticMemoryStrategy": {"name": "facts"}}]}, "facts already exists"),
        ({"deleteMemoryStrategies": [{"memoryStrategyId": "none"}]}, "has the id none"),
        ({"modifyMemoryStrategies": [{"memoryStrategyId": "none"}]}, "has the id none"),
        ({"addMemoryStrategies": [{"semanticMemoryStrategy": {"name": f"s{n}"}} for n in range(5)]}, "at most 6"),
        ({"addMemoryStrategies": [{"semanticMemoryStrategy": {"name": "s"}}] * 2}, "2 times"),
    ],
)
def test_changes_that_can_not_be(memory: LocalMemory, changes: dict[str, Any], words: str) -> None:
    there = memory.create(memoryStrategies=TWO)
    before = memory.call("GetMemory", memoryId=there)
    assert words in refusal(memory, "UpdateMemory", memoryId=there, memoryStrategies=changes)[2]
    assert memory.call("GetMemory", memoryId=there) == before


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            {"semanticOverride": {"extraction": {"appendToPrompt": "p", "modelId": "m"}}},
            {
                "type": "SEMANTIC_OVERRIDE",
                "extraction": {
                    "customExtractionConfiguration": {
                        "semanticExtractionOverride": {"appendToPrompt": "p", "modelId": "m"}
                    }
                },
            },
        ),
        (
            {
                "selfManagedConfiguration": {
                    "invocationConfiguration": {"topicArn": "arn:aws:sns:a:1:t", "payloadDeliveryBucketName": "bucket"}
                }
            },
            {
                "type": "SELF_MANAGED",
                "selfManagedConfiguration": {
                    "triggerConditions": [],
                    "historicalContextWindowSize": 4,
                    "invocationConfiguration": {"topicArn": "arn:aws:sns:a:1:t", "payloadDeliveryBucketName": "bucket"},
                },
            },
        ),
    ],
)
def test_custom_strategies_are_shown_as_the_service_does(
    memory: LocalMemory, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    there = memory.create(memoryStrategies=[{"customMemoryStrategy": {"name": "own", "configuration": given}}])
    assert memory.call("GetMemory", memoryId=there)["memory"]["strategies"][0]["configuration"] == shown


def test_a_list_comes_in_pages_of_one_region(memory: LocalMemory) -> None:
    ids = [memory.create(f"m{number}") for number in range(12)]
    memory.send(memory.asked("CreateMemory", region="eu-west-1", name="other", eventExpiryDuration=30))
    page = memory.call("ListMemories")
    rest = memory.call("ListMemories", nextToken=page["nextToken"])
    assert [found["id"] for found in page["memories"] + rest["memories"]] == ids[::-1]
    assert (len(page["memories"]), "nextToken" in rest) == (10, False)


def test_what_is_in_another_region_is_not_there(memory: LocalMemory, notes: str) -> None:
    for operation in ("GetMemory", "ListActors", "DeleteMemory"):
        with pytest.raises(ServiceFault) as refused:
            memory.send(memory.asked(operation, region="eu-west-1", memoryId=notes))
        assert refused.value.status == 404


@pytest.mark.parametrize("id", ["gone-0123456789", "arn:aws:bedrock-agentcore:us-east-1:000000000000:memory/{notes}"])
def test_a_memory_that_is_not_there(memory: LocalMemory, notes: str, id: str) -> None:
    told = refusal(memory, "ListActors", memoryId=id.format(notes=notes))
    assert told[:2] == (404, "ResourceNotFoundException")


def test_tags(memory: LocalMemory) -> None:
    there = memory.create(tags={"team": "blue", "old": "1"})
    arn = memory.call("GetMemory", memoryId=there)["memory"]["arn"]
    memory.call("TagResource", resourceArn=arn, tags={"team": "red"})
    memory.call("UntagResource", resourceArn=arn, tagKeys=["old", "none"])
    assert memory.call("ListTagsForResource", resourceArn=arn) == {"tags": {"team": "red"}}
    assert refusal(memory, "TagResource", resourceArn=arn, tags={"aws:x": "1"})[0] == 400
    assert refusal(memory, "TagResource", resourceArn=arn, tags={f"k{n}": "" for n in range(50)})[0] == 402
    assert refusal(memory, "ListTagsForResource", resourceArn=arn.replace(there, "gone-0123456789"))[0] == 404


def test_a_token_makes_one_memory(memory: LocalMemory) -> None:
    asked = {"name": "notes", "eventExpiryDuration": 30, "clientToken": "once"}
    first = memory.call("CreateMemory", **asked)
    assert memory.call("CreateMemory", **asked) == first
    assert "already exists" in refusal(memory, "CreateMemory", **asked | {"clientToken": "twice"})[2]
    assert "other parameters" in refusal(memory, "CreateMemory", **asked | {"name": "other"})[2]
    memory.now += SETTLE_SECONDS
    delete = {"memoryId": first["memory"]["id"], "clientToken": "gone"}
    assert memory.call("DeleteMemory", **delete) == memory.call("DeleteMemory", **delete)


def test_a_token_is_forgotten_after_a_day(memory: LocalMemory, notes: str) -> None:
    first = memory.say(notes, clientToken="once", eventTimestamp=1)
    memory.now += 24 * 3600 + 1
    memory.call("ListMemories")
    memory.settle()
    assert memory.say(notes, clientToken="once", eventTimestamp=1) != first


def test_a_session_sees_its_projects_memories_and_no_other(memory: LocalMemory, notes: str) -> None:
    mine = memory.create("mine", tags={TAG_PROJECT: "shop"})
    other = memory.create("other", tags={TAG_PROJECT: "bank"})
    assert memory.granted("ListActors", "shop", memoryId=mine) == {"actorSummaries": []}
    for project, id in (("shop", other), ("shop", notes), (None, mine), (None, notes), ("shop", "gone-0123456789")):
        with pytest.raises(ServiceFault) as refused:
            memory.granted("ListActors", project, memoryId=id)
        assert (refused.value.status, refused.value.type) == (403, "AccessDeniedException")
        assert "bedrock-agentcore:ListActors" in refused.value.message
