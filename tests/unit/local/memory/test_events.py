"""Events: the order in which they come, branches, filters, pages, and what is no event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.frames import Answered
from tests.fakes.local_memory import LocalMemory

DAY = 86_400


def texts(events: list[Any]) -> list[str]:
    return [event["payload"][0]["conversational"]["content"]["text"] for event in events]


def of_branch(name: str, *, parents: bool) -> dict[str, Any]:
    return {"branch": {"name": name, "includeParentBranches": parents}}


def equals(key: str, value: str) -> dict[str, Any]:
    return {
        "left": {"metadataKey": key},
        "operator": "EQUALS_TO",
        "right": {"metadataValue": {"stringValue": value}},
    }


def test_an_event_comes_back_as_it_was_given(memory: LocalMemory, notes: str) -> None:
    payload = [{"blob": {"a": [1, None, "\0 é 😀"]}}, {"json": {"content": [True]}}]
    metadata = {"topic": {"stringValue": "tea"}}
    made = memory.call(
        "CreateEvent",
        memoryId=notes,
        actorId="a",
        sessionId="s",
        eventTimestamp=1795299686.066345,
        payload=payload,
        metadata=metadata,
    )["event"]
    assert made["eventId"].startswith("0000001795299686066#")
    assert (made["payload"], made["metadata"], made["eventTimestamp"]) == (payload, metadata, 1795299686.066345)
    where = {"memoryId": notes, "actorId": "a", "sessionId": "s"}
    assert memory.call("GetEvent", **where, eventId=made["eventId"])["event"] == made
    assert memory.call("ListEvents", **where)["events"] == [made]
    assert memory.call("ListEvents", **where, includePayloads=False)["events"] == [made | {"payload": []}]


def test_the_newest_come_first_by_their_own_time_and_ties_by_the_order_of_writing(
    memory: LocalMemory, notes: str
) -> None:
    for text, stamp in (("second", 20), ("third", 30), ("first", 10), ("third again", 30), ("third once more", 30)):
        memory.say(notes, text, eventTimestamp=stamp)
    assert texts(memory.events(notes)) == ["third once more", "third again", "third", "second", "first"]


def test_writers_of_one_batch_keep_their_order(memory: LocalMemory, notes: str) -> None:
    said = [[{"conversational": {"content": {"text": f"{n}"}, "role": "USER"}}] for n in range(50)]
    where = {"memoryId": notes, "actorId": "ann", "sessionId": "s1", "eventTimestamp": memory.now}
    answers = memory.answer([memory.asked("CreateEvent", **where, payload=payload) for payload in said])
    ids = [json.loads(answer.body)["event"]["eventId"] for answer in answers]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50
    assert texts(memory.events(notes, maxResults=100)) == [f"{n}" for n in reversed(range(50))]


def test_a_refused_write_harms_no_other_of_its_batch(memory: LocalMemory, notes: str) -> None:
    good = {"memoryId": notes, "actorId": "ann", "sessionId": "s1", "eventTimestamp": memory.now, "payload": []}
    root = {"branch": {"name": "b", "rootEventId": "1#1"}}
    answers = memory.answer(
        [
            memory.asked("CreateEvent", **good),
            memory.asked("CreateEvent", **good, **root),
            memory.asked("CreateEvent", **good | {"actorId": "!"}),
            memory.asked("CreateEvent", **good),
        ]
    )
    assert [answer.status for answer in answers] == [201, 400, 400, 201]
    assert len(memory.events(notes)) == 2


def test_pages_stay_where_they_were(memory: LocalMemory, notes: str) -> None:
    ids = [memory.say(notes, f"{number}") for number in range(7)]
    where = {"memoryId": notes, "actorId": "ann", "sessionId": "s1"}
    first = memory.call("ListEvents", **where, maxResults=3)
    memory.say(notes, "later")
    memory.call("DeleteEvent", **where, eventId=ids[4])
    second = memory.call("ListEvents", **where, maxResults=3, nextToken=first["nextToken"])
    third = memory.call("ListEvents", **where, maxResults=3, nextToken=second["nextToken"])
    assert texts(first["events"] + second["events"] + third["events"]) == ["6", "5", "4", "3", "2", "1", "0"]
    assert "nextToken" not in third


@pytest.mark.parametrize("token", ["", "x", "!!", "WyJhIixbMV1d", "\N{SNOWMAN}"])
def test_a_token_of_no_list_is_refused(memory: LocalMemory, notes: str, token: str) -> None:
    with pytest.raises(ServiceFault, match="nextToken"):
        memory.events(notes, nextToken=token)


def test_a_token_of_another_list_is_refused(memory: LocalMemory, notes: str) -> None:
    for number in range(3):
        memory.say(notes, f"{number}")
    where = {"memoryId": notes, "actorId": "ann"}
    token = memory.call("ListEvents", **where, sessionId="s1", maxResults=1)["nextToken"]
    with pytest.raises(ServiceFault, match="nextToken"):
        memory.call("ListEvents", **where, sessionId="s2", nextToken=token)


def test_a_large_page_ends_early(memory: LocalMemory, notes: str) -> None:
    for number in range(4):
        memory.say(notes, payload=[{"blob": f"{number}" * 6_000_000}])
    page = memory.call("ListEvents", memoryId=notes, actorId="ann", sessionId="s1")
    assert (len(page["events"]), "nextToken" in page) == (2, True)
    assert len(memory.events(notes, nextToken=page["nextToken"])) == 2
    assert len(memory.events(notes, includePayloads=False)) == 4


def test_a_branch_and_those_from_which_it_came(memory: LocalMemory, notes: str) -> None:
    main = [memory.say(notes, f"main {number}", eventTimestamp=number) for number in range(4)]
    fork = {"name": "fork", "rootEventId": main[1]}
    first = memory.say(notes, "fork 0", branch=fork, eventTimestamp=10)
    memory.say(notes, "fork 1", branch={"name": "fork"}, eventTimestamp=11)
    memory.say(notes, "twig 0", branch={"name": "twig", "rootEventId": first}, eventTimestamp=12)

    assert texts(memory.events(notes, filter=of_branch("fork", parents=False))) == ["fork 1", "fork 0"]
    assert texts(memory.events(notes, filter=of_branch("fork", parents=True))) == [
        *("fork 1", "fork 0", "main 1", "main 0")
    ]
    assert texts(memory.events(notes, filter=of_branch("twig", parents=True))) == [
        *("twig 0", "fork 0", "main 1", "main 0")
    ]
    assert texts(memory.events(notes, filter=of_branch("main", parents=False)))[0] == "main 3"
    assert len(memory.events(notes)) == 7
    assert memory.events(notes)[1]["branch"] == fork
    assert "branch" not in memory.events(notes)[-1]


def test_pages_of_a_branch_with_its_parents(memory: LocalMemory, notes: str) -> None:
    main = [memory.say(notes, f"main {number}", eventTimestamp=number) for number in range(5)]
    memory.say(notes, "fork 0", branch={"name": "fork", "rootEventId": main[3]}, eventTimestamp=10)
    memory.say(notes, "fork 1", branch={"name": "fork"}, eventTimestamp=2)
    asked = {"filter": of_branch("fork", parents=True), "memoryId": notes, "actorId": "ann", "sessionId": "s1"}
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = memory.call("ListEvents", **asked, maxResults=2, **token)
        found += texts(page["events"])
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == ["fork 0", "main 3", "fork 1", "main 2", "main 1", "main 0"]


@pytest.mark.parametrize(
    "branch",
    [
        {"name": "fork", "rootEventId": "0000000000000000001#00000001"},
        {"name": "fork", "rootEventId": "9" * 40 + "#" + "f" * 40},
        {"name": "main", "rootEventId": "0000000000000000001#00000001"},
    ],
)
def test_a_root_that_is_none_is_refused(memory: LocalMemory, notes: str, branch: dict[str, str]) -> None:
    with pytest.raises(ServiceFault) as refusal:
        memory.say(notes, branch=branch)
    assert (refusal.value.status, refusal.value.fields[0].name) == (400, "branch")
    assert memory.events(notes) == []


def test_a_branch_has_one_root(memory: LocalMemory, notes: str) -> None:
    one, other = memory.say(notes), memory.say(notes)
    memory.say(notes, branch={"name": "fork", "rootEventId": one})
    memory.say(notes, branch={"name": "fork", "rootEventId": one})
    with pytest.raises(ServiceFault, match="begins behind"):
        memory.say(notes, branch={"name": "fork", "rootEventId": other})


def test_a_branch_whose_events_are_all_deleted_begins_anew(memory: LocalMemory, notes: str) -> None:
    one, other = memory.say(notes), memory.say(notes)
    forked = memory.say(notes, branch={"name": "fork", "rootEventId": one})
    memory.call("DeleteEvent", memoryId=notes, actorId="ann", sessionId="s1", eventId=forked)
    memory.say(notes, branch={"name": "fork", "rootEventId": other})
    assert memory.events(notes)[0]["branch"] == {"name": "fork", "rootEventId": other}


def test_filters_on_metadata(memory: LocalMemory, notes: str) -> None:
    for text, tags in (("a", {"topic": "tea", "who": "x"}), ("b", {"topic": "coffee"}), ("c", {})):
        memory.say(notes, text, metadata={key: {"stringValue": value} for key, value in tags.items()})
    memory.say(notes, "d")

    def found(*expressions: dict[str, Any]) -> list[str]:
        return texts(memory.events(notes, filter={"eventMetadata": list(expressions)}))

    has, lacks = ({"left": {"metadataKey": "topic"}, "operator": operator} for operator in ("EXISTS", "NOT_EXISTS"))
    assert found(equals("topic", "tea")) == ["a"]
    assert found(has) == ["b", "a"]
    assert found(lacks) == ["d", "c"]
    assert found(has, equals("who", "x")) == ["a"]
    assert found(equals("topic", "milk")) == []
    with pytest.raises(ServiceFault, match="needs a right side"):
        found({"left": {"metadataKey": "topic"}, "operator": "EQUALS_TO"})
    with pytest.raises(ServiceFault, match="takes no right side"):
        found(equals("topic", "tea") | {"operator": "EXISTS"})


def test_actors_and_sessions_newest_first(memory: LocalMemory, notes: str) -> None:
    for actor, session in (("user/1:a", "s1"), ("bob", "s1"), ("bob", "s2")):
        memory.say(notes, actorId=actor, sessionId=session)
    page = memory.call("ListActors", memoryId=notes, maxResults=1)
    assert page["actorSummaries"] == [{"actorId": "bob"}]
    rest = memory.call("ListActors", memoryId=notes, nextToken=page["nextToken"])
    assert rest == {"actorSummaries": [{"actorId": "user/1:a"}]}
    sessions = memory.call("ListSessions", memoryId=notes, actorId="bob")["sessionSummaries"]
    assert [session["sessionId"] for session in sessions] == ["s2", "s1"]
    assert memory.call("ListSessions", memoryId=notes, actorId="user/1:a")["sessionSummaries"] == [
        {"sessionId": "s1", "actorId": "user/1:a", "createdAt": memory.now}
    ]


def test_sessions_with_events_only(memory: LocalMemory, notes: str) -> None:
    event = memory.say(notes, sessionId="s1")
    memory.say(notes, sessionId="s2")
    memory.call("DeleteEvent", memoryId=notes, actorId="ann", sessionId="s1", eventId=event)

    def found(**members: Any) -> list[str]:
        summaries = memory.call("ListSessions", memoryId=notes, actorId="ann", **members)["sessionSummaries"]
        return [summary["sessionId"] for summary in summaries]

    assert found() == ["s2", "s1"]
    assert found(filter={"eventFilter": "HAS_EVENTS"}) == ["s2"]


def test_an_unknown_actor_or_session_has_said_nothing(memory: LocalMemory, notes: str) -> None:
    memory.say(notes)
    assert memory.events(notes, actorId="nobody") == []
    assert memory.events(notes, sessionId="none") == []
    assert memory.call("ListSessions", memoryId=notes, actorId="nobody") == {"sessionSummaries": []}


@pytest.mark.parametrize("actor", ["user/1:a", "a" * 255, "a/b/c", "a:b:c", "x_-1"])
def test_actor_ids_of_every_shape(memory: LocalMemory, notes: str, actor: str) -> None:
    memory.say(notes, actorId=actor)
    assert len(memory.events(notes, actorId=actor)) == 1
    assert memory.call("ListActors", memoryId=notes)["actorSummaries"] == [{"actorId": actor}]


@pytest.mark.parametrize("actor", ["", "a" * 256, "jürgen", "アン", "a b", "/a", "a'; DROP TABLE events", "a\0"])
def test_actor_ids_that_the_model_does_not_take(memory: LocalMemory, notes: str, actor: str) -> None:
    with pytest.raises(ServiceFault, match="'actorId'"):
        memory.say(notes, actorId=actor)


@pytest.mark.parametrize("seconds", [-1, 1e12, 1e300])
def test_times_that_are_none(memory: LocalMemory, notes: str, seconds: float) -> None:
    with pytest.raises(ServiceFault, match="eventTimestamp"):
        memory.say(notes, eventTimestamp=seconds)


def test_a_number_that_is_too_large_for_a_time(memory: LocalMemory, notes: str) -> None:
    with pytest.raises(ServiceFault, match="eventTimestamp"):
        memory.say(notes, eventTimestamp=10**400)


def test_too_many_messages_and_too_large_an_event(memory: LocalMemory, notes: str) -> None:
    message = {"conversational": {"content": {"text": "hi"}, "role": "USER"}}
    with pytest.raises(ServiceFault, match="less than or equal to 100"):
        memory.say(notes, payload=[message] * 101)
    with pytest.raises(ServiceFault, match="less than or equal to 100000"):
        memory.say(notes, "x" * 100_001)
    with pytest.raises(ServiceFault, match="at most 10000000 bytes"):
        memory.say(notes, payload=[{"blob": "x" * 10_000_000}])
    memory.say(notes, payload=[message] * 100)
    memory.say(notes, payload=[{"blob": "x" * 9_999_000}])
    assert len(memory.events(notes, includePayloads=False)) == 2


def test_an_event_that_is_not_there(memory: LocalMemory, notes: str) -> None:
    event = memory.say(notes)
    for where in ({"sessionId": "s2"}, {"actorId": "bob"}, {"eventId": "1#1"}, {"eventId": "9" * 30 + "#1"}):
        asked = {"memoryId": notes, "actorId": "ann", "sessionId": "s1", "eventId": event} | where
        for operation in ("GetEvent", "DeleteEvent"):
            with pytest.raises(ServiceFault) as refusal:
                memory.call(operation, **asked)
            assert (refusal.value.status, refusal.value.type) == (404, "ResourceNotFoundException")


def test_a_token_makes_one_event(memory: LocalMemory, notes: str) -> None:
    first = memory.say(notes, clientToken="once")
    memory.close()
    memory.open()
    assert memory.say(notes, clientToken="once") == first
    assert len(memory.events(notes)) == 1
    with pytest.raises(ServiceFault) as refusal:
        memory.say(notes, "other words", clientToken="once")
    assert refusal.value.reason == "IdempotentParameterMismatchException"
    assert memory.say(notes, clientToken="twice") != first


def test_events_expire_on_the_clock_and_take_their_session_along(memory: LocalMemory, notes: str) -> None:
    old = memory.say(notes, "old")
    memory.now += 20 * DAY
    memory.say(notes, "new", sessionId="s2")
    memory.now += 10 * DAY
    assert memory.events(notes) == []
    with pytest.raises(ServiceFault, match="not found"):
        memory.call("GetEvent", memoryId=notes, actorId="ann", sessionId="s1", eventId=old)
    memory.settle()
    assert memory.store.one("SELECT count(*) FROM events") == (1,)
    sessions = memory.call("ListSessions", memoryId=notes, actorId="ann")["sessionSummaries"]
    assert [session["sessionId"] for session in sessions] == ["s2"]


def test_a_changed_expiry_is_for_later_events(memory: LocalMemory, notes: str) -> None:
    memory.say(notes, "old")
    memory.call("UpdateMemory", memoryId=notes, eventExpiryDuration=3)
    memory.now += 1
    memory.say(notes, "new")
    memory.now += 4 * DAY
    assert texts(memory.events(notes)) == ["old"]


def test_an_event_that_happened_long_ago_is_kept_from_its_writing_on(memory: LocalMemory, notes: str) -> None:
    memory.say(notes, eventTimestamp=1)
    memory.now += 29 * DAY
    assert len(memory.events(notes)) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", b'{"actorId": "\\ud800"}', b"[" * 100_000])
def test_bodies_that_are_none(memory: LocalMemory, notes: str, body: bytes) -> None:
    [answered] = memory.answer([memory.request("POST", f"/memories/{notes}/events", body)])
    assert isinstance(answered, Answered)
    assert (answered.status, answered.type) == (400, "ValidationException")


def test_a_long_and_bad_id_takes_no_time(memory: LocalMemory, notes: str) -> None:
    """The model's pattern for namespaces takes quadratic time over what does not match it."""
    with pytest.raises(ServiceFault, match="1024"):
        memory.call("ListMemoryRecords", memoryId=notes, namespace="a" * 2_000_000 + "!")
