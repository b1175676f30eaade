"""Records: batches, namespaces, filters, and the search over them."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.local_memory import LocalMemory

DAY = 86_400


def texts(summaries: list[Any]) -> list[str]:
    return [summary["content"]["text"] for summary in summaries]


def listed(memory: LocalMemory, id: str, **members: Any) -> list[str]:
    return texts(memory.call("ListMemoryRecords", memoryId=id, **members)["memoryRecordSummaries"])


def search(memory: LocalMemory, id: str, query: str, **members: Any) -> list[tuple[str, float]]:
    members = {"namespacePath": "/"} | members
    criteria = {"searchQuery": query} | members.pop("criteria", {})
    found = memory.call("RetrieveMemoryRecords", memoryId=id, searchCriteria=criteria, **members)
    return [(one["content"]["text"], one["score"]) for one in found["memoryRecordSummaries"]]


def where(operator: str, key: str, **value: Any) -> dict[str, Any]:
    right = {"right": {"metadataValue": value}} if value else {}
    return {"left": {"metadataKey": key}, "operator": operator, **right}


def test_a_record_comes_back_as_it_was_given(memory: LocalMemory, notes: str) -> None:
    metadata = {"n": {"numberValue": 1.5}, "l": {"stringListValue": ["a", "b"]}, "t": {"dateTimeValue": 1.0}}
    [id] = memory.keep(notes, "tea", metadata=metadata, timestamp=5.5)
    record = memory.call("GetMemoryRecord", memoryId=notes, memoryRecordId=id, namespace="/facts/")["memoryRecord"]
    assert record == {
        "memoryRecordId": id,
        "content": {"text": "tea"},
        "memoryStrategyId": "",
        "namespaces": ["/facts/"],
        "createdAt": memory.now,
        "timestamp": 5.5,
        "metadata": metadata,
    }
    assert 40 <= len(id) <= 50


def test_what_can_not_be_done_of_a_batch_is_told_and_the_rest_is_done(memory: LocalMemory, notes: str) -> None:
    good, bad = (
        {"requestIdentifier": name, "namespaces": [], "content": {"text": name}, "timestamp": 1} for name in ("a", "b")
    )
    made = memory.call("BatchCreateMemoryRecords", memoryId=notes, records=[bad | {"memoryStrategyId": "none"}, good])
    assert [record["requestIdentifier"] for record in made["successfulRecords"]] == ["a"]
    [failed] = made["failedRecords"]
    assert (failed["requestIdentifier"], failed["status"], failed["errorCode"]) == ("b", "FAILED", 400)
    id = made["successfulRecords"][0]["memoryRecordId"]
    gone = "mem-" + "0" * 36
    changed = memory.call(
        "BatchUpdateMemoryRecords",
        memoryId=notes,
        records=[
            {"memoryRecordId": gone, "timestamp": 2},
            {"memoryRecordId": id, "timestamp": 2, "content": {"text": "green tea"}, "namespaces": ["/new/"]},
            {"memoryRecordId": id, "timestamp": 3, "sourceNamespaces": ["/old/"]},
        ],
    )
    assert len(changed["successfulRecords"]) == 1
    assert [record["errorCode"] for record in changed["failedRecords"]] == [404, 404]
    assert listed(memory, notes, namespace="/new/") == ["green tea"]
    assert search(memory, notes, "a b") == []
    assert search(memory, notes, "green") == [("green tea", 1.0)]
    deleted = memory.call(
        "BatchDeleteMemoryRecords", memoryId=notes, records=[{"memoryRecordId": x} for x in (gone, id)]
    )
    assert [record["memoryRecordId"] for record in deleted["successfulRecords"]] == [id]
    assert search(memory, notes, "green") == []


def test_an_identifier_is_there_once(memory: LocalMemory, notes: str) -> None:
    record = {"requestIdentifier": "a", "namespaces": [], "content": {"text": "x"}, "timestamp": 1}
    with pytest.raises(ServiceFault, match="2 times"):
        memory.call("BatchCreateMemoryRecords", memoryId=notes, records=[record] * 2)


def test_one_record_is_deleted(memory: LocalMemory, notes: str) -> None:
    [id] = memory.keep(notes, "tea")
    with pytest.raises(ServiceFault, match="not found"):
        memory.call("DeleteMemoryRecord", memoryId=notes, memoryRecordId=id, namespace="/other/")
    assert memory.call("DeleteMemoryRecord", memoryId=notes, memoryRecordId=id) == {"memoryRecordId": id}
    with pytest.raises(ServiceFault, match="not found"):
        memory.call("GetMemoryRecord", memoryId=notes, memoryRecordId=id)


def test_a_record_is_of_one_memory(memory: LocalMemory, notes: str) -> None:
    [id] = memory.keep(notes, "tea")
    other = memory.create("other")
    with pytest.raises(ServiceFault, match="not found"):
        memory.call("GetMemoryRecord", memoryId=other, memoryRecordId=id)
    assert search(memory, other, "tea") == []


def test_namespaces_and_paths(memory: LocalMemory, notes: str) -> None:
    for namespace in ("/a", "/a/", "/a/b/", "/a/b/c", "/ab/", "/a0", "/_/", "/x/"):
        memory.keep(notes, namespace, namespace=namespace)
    assert listed(memory, notes, namespace="/a/") == ["/a/"]
    assert listed(memory, notes, namespacePath="/a") == ["/a/b/c", "/a/b/", "/a/", "/a"]
    assert listed(memory, notes, namespacePath="/a/b/") == ["/a/b/c", "/a/b/"]
    assert listed(memory, notes, namespacePath="/_") == ["/_/"]
    assert len(listed(memory, notes, namespacePath="/")) == 8
    for both in ({}, {"namespace": "/a", "namespacePath": "/a"}):
        with pytest.raises(ServiceFault, match="Exactly one"):
            listed(memory, notes, **both)


def test_pages_newest_first(memory: LocalMemory, notes: str) -> None:
    memory.keep(notes, *(f"{number}" for number in range(30)))
    page = memory.call("ListMemoryRecords", memoryId=notes, namespacePath="/")
    memory.keep(notes, "later")
    rest = memory.call("ListMemoryRecords", memoryId=notes, namespacePath="/", nextToken=page["nextToken"])
    found = texts(page["memoryRecordSummaries"] + rest["memoryRecordSummaries"])
    assert found == [f"{number}" for number in reversed(range(30))]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (where("EQUALS_TO", "s", stringValue="tea"), "a"),
        (where("EQUALS_TO", "n", numberValue=2), "b"),
        (where("EQUALS_TO", "n", stringValue="2"), ""),
        (where("EQUALS_TO", "l", stringListValue=["x", "y"]), "a"),
        (where("EQUALS_TO", "l", stringListValue=["y", "x"]), ""),
        (where("EXISTS", "n"), "ba"),
        (where("NOT_EXISTS", "n"), "c"),
        (where("CONTAINS", "l", stringValue="x"), "a"),
        (where("CONTAINS", "s", stringValue="ea"), "a"),
        (where("GREATER_THAN", "n", numberValue=1), "b"),
        (where("GREATER_THAN_OR_EQUALS", "n", numberValue=1), "ba"),
        (where("LESS_THAN", "n", numberValue=2), "a"),
        (where("LESS_THAN_OR_EQUALS", "n", numberValue=2), "ba"),
        (where("BEFORE", "t", dateTimeValue=200), "a"),
        (where("AFTER", "t", dateTimeValue=200), "b"),
    ],
)
def test_filters_on_metadata(memory: LocalMemory, notes: str, expression: dict[str, Any], found: str) -> None:
    a = {"s": {"stringValue": "tea"}, "n": {"numberValue": 1}, "t": {"dateTimeValue": 100}}
    memory.keep(notes, "a", metadata=a | {"l": {"stringListValue": ["x", "y"]}})
    memory.keep(notes, "b", metadata={"n": {"numberValue": 2}, "t": {"dateTimeValue": 300}})
    memory.keep(notes, "c")
    assert "".join(listed(memory, notes, namespace="/facts/", metadataFilters=[expression])) == found


@pytest.mark.parametrize(
    "expression",
    [
        where("BEFORE", "t", stringValue="now"),
        where("CONTAINS", "l", stringListValue=["x"]),
        where("LESS_THAN", "n", stringValue="1"),
        where("EQUALS_TO", "n"),
        where("EXISTS", "n", numberValue=1),
    ],
)
def test_filters_that_compare_nothing(memory: LocalMemory, notes: str, expression: dict[str, Any]) -> None:
    with pytest.raises(ServiceFault, match="metadataFilters"):
        listed(memory, notes, namespace="/facts/", metadataFilters=[expression])


def test_the_best_come_first_with_a_score_from_0_to_1(memory: LocalMemory, notes: str) -> None:
    memory.keep(
        *(notes, "Ann drinks green tea in the morning", "Ann has a dog", "The dog of Bob is green"),
        *(f"Nothing of note happened on day {number}" for number in range(50)),
    )
    found = search(memory, notes, "Which tea does Ann drink?")
    assert [text for text, _ in found] == ["Ann drinks green tea in the morning", "Ann has a dog"]
    assert 1 >= found[0][1] > 0.7 > 0.5 > found[1][1] > 0


def test_a_score_does_not_depend_on_how_many_records_there_are(memory: LocalMemory, notes: str) -> None:
    memory.keep(notes, "green tea")
    assert search(memory, notes, "green tea") == [("green tea", 1.0)]
    assert search(memory, notes, "green coffee")[0][1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Dogs are running", "a dog that runs"),
        ("Das Café an der Straße", "CAFE"),
        ("東京の天気は晴れ", "天気"),
        ("Ich wohne in Köln", "koln"),
        ("what is it", "what is it"),
        ("C3PO and R2D2", "r2d2"),
    ],
)
def test_words_are_found_in_other_forms(memory: LocalMemory, notes: str, text: str, query: str) -> None:
    memory.keep(notes, "something else entirely", text)
    assert [found for found, _ in search(memory, notes, query)] == [text]


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "'; DROP TABLE records; --",
        "tea AND NOT",
        "NEAR(tea, 5",
        "text: tea *",
        "^tea + (",
        "tea\0tea",
        "{tea coffee}: -",
        "!!!",
        "🫖",
        " ",
        "x" * 10_000,
        "tea " * 2_500,
    ],
)
def test_a_search_is_never_a_language(memory: LocalMemory, notes: str, query: str) -> None:
    memory.keep(notes, "tea")
    found = search(memory, notes, query)
    assert [text for text, _ in found] == (["tea"] if "tea" in query else [])
    assert listed(memory, notes, namespace="/facts/") == ["tea"]


def test_a_search_is_narrowed(memory: LocalMemory) -> None:
    notes = memory.create(memoryStrategies=[{"semanticMemoryStrategy": {"name": "facts"}}])
    strategy = memory.call("GetMemory", memoryId=notes)["memory"]["strategies"][0]["strategyId"]
    memory.keep(notes, "tea one", namespace="/a/1/")
    memory.keep(notes, "tea two", namespace="/a/2/", memoryStrategyId=strategy)
    memory.keep(notes, "tea three", namespace="/b/", metadata={"n": {"numberValue": 1}})
    assert {text for text, _ in search(memory, notes, "tea", namespacePath="/a")} == {"tea one", "tea two"}
    criteria: dict[str, Any] = {"memoryStrategyId": strategy}
    assert [text for text, _ in search(memory, notes, "tea", criteria=criteria)] == ["tea two"]
    criteria = {"metadataFilters": [where("EXISTS", "n")]}
    assert [text for text, _ in search(memory, notes, "tea", criteria=criteria)] == ["tea three"]
    assert len(search(memory, notes, "tea", criteria={"topK": 2})) == 2


def test_pages_of_a_search(memory: LocalMemory, notes: str) -> None:
    memory.keep(notes, *(f"tea {number}" for number in range(9)))
    asked = {"memoryId": notes, "namespacePath": "/", "searchCriteria": {"searchQuery": "tea", "topK": 7}}
    page = memory.call("RetrieveMemoryRecords", **asked, maxResults=4)
    rest = memory.call("RetrieveMemoryRecords", **asked, maxResults=4, nextToken=page["nextToken"])
    found = texts(page["memoryRecordSummaries"] + rest["memoryRecordSummaries"])
    assert found == [f"tea {number}" for number in (8, 7, 6, 5, 4, 3, 2)]
    assert "nextToken" not in rest


def test_records_expire_when_they_are_told_to(memory: LocalMemory, notes: str) -> None:
    records = [
        {"requestIdentifier": "a", "namespaces": ["/facts/"], "content": {"text": "brief"}, "timestamp": memory.now}
    ]
    made = memory.call(
        "BatchCreateMemoryRecords",
        memoryId=notes,
        records=records,
        recordExpirySpecification={"recordExpiryDurationDays": 31},
    )
    [id] = [record["memoryRecordId"] for record in made["successfulRecords"]]
    memory.keep(notes, "lasting")
    shown = memory.call("GetMemoryRecord", memoryId=notes, memoryRecordId=id)["memoryRecord"]
    assert shown["expiresAt"] == memory.now + 31 * DAY
    memory.now += 31 * DAY
    assert listed(memory, notes, namespace="/facts/") == ["lasting"]
    assert search(memory, notes, "brief") == []
    memory.settle()
    assert memory.store.one("SELECT count(*) FROM records") == (1,)
    assert search(memory, notes, "lasting")[0][1] == 1.0


def test_words_that_many_records_have_count_for_less_and_find_them_all_the_same(
    memory: LocalMemory, notes: str
) -> None:
    for at in range(0, 2400, 100):
        memory.keep(notes, *(f"the garden was green on day {at + number}" for number in range(100)))
    memory.keep(notes, "the kettle was green on day 7", "the garden was red on day 7")
    assert search(memory, notes, "green kettle")[0][0] == "the kettle was green on day 7"
    assert search(memory, notes, "red garden")[0][0] == "the garden was red on day 7"
    newest = search(memory, notes, "green garden")
    assert len(newest) == 10
    assert newest[0] == ("the garden was green on day 2399", 1.0)
    assert search(memory, notes, "garden", namespacePath="/other") == []


def test_a_narrow_search_finds_what_lies_behind_many_better_ones(memory: LocalMemory, notes: str) -> None:
    """Its own records are looked for among all that have the words, not among the first of them."""
    memory.keep(notes, "green tea with a lot of other words that make it a worse one", namespace="/mine/")
    for _ in range(6):
        memory.keep(notes, *["green tea"] * 100, namespace="/theirs/")
    found = search(memory, notes, "green tea", namespacePath="/mine/")
    assert [text for text, _ in found] == ["green tea with a lot of other words that make it a worse one"]
    assert {text for text, _ in search(memory, notes, "green tea")} == {"green tea"}
