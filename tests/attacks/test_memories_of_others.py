"""A session's token opens the data plane of its own project's memories, and nothing else of memory."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.attacks.inside import Inside, refused_call
from tests.local_runtime import RunningServer, eventually
from tests.server_memory import Memory

AGENTS = Path(__file__).parents[1] / "agents"
TAGS: dict[str, dict[str, str]] = {
    "mine": {"agentcore:project": "mine-123456"},
    "theirs": {"agentcore:project": "theirs-123456"},
    "nobodys": {},
}
GONE = "gone-0123456789"
EVENT = "0000000000000000001#00000001"
RECORD = "mem-" + "0" * 36
THREAD = {"actorId": "ann", "sessionId": "s"}


@pytest.fixture(scope="module")
def memories(server: RunningServer) -> dict[str, str]:
    """Ids: of one project, of another, of none; each with an event in it."""
    made = {}
    for name, tags in TAGS.items():
        memory = server.control.create_memory(name=name, eventExpiryDuration=30, tags=tags)["memory"]
        made[name] = str(memory["id"])
    for id in made.values():
        eventually(lambda id=id: server.control.get_memory(memoryId=id)["memory"]["status"] == "ACTIVE", "it is active")
        server.data.create_event(memoryId=id, eventTimestamp=time.time(), payload=[], **THREAD)
    return made


@pytest.fixture(scope="module")
def insides(server: RunningServer) -> Iterator[dict[str, Inside]]:
    """A session of a runtime of each."""
    within = {
        name: Inside(server, server.deploy(AGENTS / "many_answers.py", name=f"of_{name}", tags=tags))
        for name, tags in TAGS.items()
    }
    yield within
    for inside in within.values():
        inside.close()


def test_its_own_projects_memory_is_open(insides: dict[str, Inside], memories: dict[str, str]) -> None:
    data, id = insides["mine"].data, memories["mine"]
    made = data.create_event(memoryId=id, eventTimestamp=time.time(), payload=[{"blob": "x"}], **THREAD)["event"]
    assert data.list_events(memoryId=id, **THREAD)["events"][0] == made
    record = {"requestIdentifier": "a", "namespaces": ["/"], "content": {"text": "tea"}, "timestamp": time.time()}
    data.batch_create_memory_records(memoryId=id, records=[record])
    search = {"namespacePath": "/", "searchCriteria": {"searchQuery": "tea"}}
    assert len(data.retrieve_memory_records(memoryId=id, **search)["memoryRecordSummaries"]) == 1


DATA: dict[str, dict[str, Any]] = {
    "create_event": {**THREAD, "eventTimestamp": 1, "payload": []},
    "get_event": {**THREAD, "eventId": EVENT},
    "delete_event": {**THREAD, "eventId": EVENT},
    "list_events": THREAD,
    "list_actors": {},
    "list_sessions": {"actorId": "ann"},
    "batch_create_memory_records": {"records": []},
    "batch_update_memory_records": {"records": []},
    "batch_delete_memory_records": {"records": []},
    "get_memory_record": {"memoryRecordId": RECORD},
    "delete_memory_record": {"memoryRecordId": RECORD},
    "list_memory_records": {"namespacePath": "/"},
    "retrieve_memory_records": {"namespacePath": "/", "searchCriteria": {"searchQuery": "tea"}},
    "list_memory_extraction_jobs": {},
    "start_memory_extraction_job": {"extractionJob": {"jobId": "a"}},
}
FOREIGN = [("mine", "theirs"), ("mine", "nobodys"), ("theirs", "mine"), ("nobodys", "mine"), ("nobodys", "nobodys")]


@pytest.mark.parametrize("operation", DATA)
def test_every_other_memory_is_closed(insides: dict[str, Inside], memories: dict[str, str], operation: str) -> None:
    name = "".join(part.capitalize() for part in operation.split("_"))
    for caller, called in [*FOREIGN, ("mine", "")]:
        id = memories.get(called, GONE)  # whether there is one is not told either
        for said in (id, f"arn:aws:bedrock-agentcore:us-west-2:000000000000:memory/{id}"):
            words = refused_call(getattr(insides[caller].data, operation), memoryId=said, **DATA[operation])
            assert words.endswith(f"not authorized to perform: bedrock-agentcore:{name} on resource: {said}")


def test_nothing_was_changed_by_that(server: RunningServer, memories: dict[str, str]) -> None:
    for name in ("theirs", "nobodys"):
        assert len(server.data.list_events(memoryId=memories[name], **THREAD)["events"]) == 1


CONTROL: dict[str, dict[str, Any]] = {
    "create_memory": {"name": "x", "eventExpiryDuration": 30},
    "get_memory": {"memoryId": "ID"},
    "list_memories": {},
    "update_memory": {"memoryId": "ID", "eventExpiryDuration": 3},
    "delete_memory": {"memoryId": "ID"},
    "tag_resource": {"resourceArn": "ARN", "tags": {"agentcore:project": "theirs-123456"}},
    "untag_resource": {"resourceArn": "ARN", "tagKeys": ["agentcore:project"]},
    "list_tags_for_resource": {"resourceArn": "ARN"},
}


@pytest.mark.parametrize("operation", CONTROL)
def test_the_control_plane_is_closed(
    server: RunningServer, insides: dict[str, Inside], memories: dict[str, str], operation: str
) -> None:
    id = memories["mine"]
    places = {"ID": id, "ARN": f"arn:aws:bedrock-agentcore:us-west-2:000000000000:memory/{id}"}
    asked = {name: places.get(str(value), value) for name, value in CONTROL[operation].items()}
    name = "".join(part.capitalize() for part in operation.split("_"))
    assert f"bedrock-agentcore:{name}" in refused_call(getattr(insides["mine"].control, operation), **asked)
    tags = server.control.list_tags_for_resource(resourceArn=places["ARN"])["tags"]
    assert (tags, server.control.get_memory(memoryId=id)["memory"]["eventExpiryDuration"]) == (TAGS["mine"], 30)


@pytest.mark.parametrize("path", ["/memories/{id}", "/memories/{id}/events/..", "/memories/{id}/secrets", "/memories"])
def test_paths_that_are_no_operation(
    server: RunningServer, insides: dict[str, Inside], memories: dict[str, str], path: str
) -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        answer = server.ask(method, insides["mine"].path + path.format(id=memories["mine"]), b"{}", {})
        assert answer.status == 403


def test_a_token_ends_with_its_session(
    server: RunningServer, insides: dict[str, Inside], memories: dict[str, str]
) -> None:
    within = Inside(server, insides["mine"].arn)
    within.data.list_actors(memoryId=memories["mine"])
    server.data.stop_runtime_session(agentRuntimeArn=within.arn, runtimeSessionId=within.session)
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        within.data.list_actors(memoryId=memories["mine"])
    within.close()


def test_nobody_asks_without_a_key(server: RunningServer, memories: dict[str, str]) -> None:
    path = f"/memories/{memories['mine']}/actors"
    for headers in ({}, {"Authorization": "Bearer a.b.c"}):
        assert server.ask("POST", path, b"{}", headers).status == 403
    web_page = server.signed("POST", path, {}, b"{}") | {"Origin": "http://localhost"}
    assert server.ask("POST", path, b"{}", web_page).status == 403


def test_a_large_body_is_refused_before_it_is_read(server: RunningServer, memories: dict[str, str]) -> None:
    path = f"/memories/{memories['mine']}/events"
    headers = server.signed("POST", path, {}, b"{}") | {"Content-Length": "64000001"}
    assert server.ask("POST", path, None, headers).status == 400


def test_the_database_is_its_owners_alone(server: RunningServer, memories: dict[str, str]) -> None:
    assert memories
    files = list(server.home.root.glob("memory.db*"))
    assert len(files) >= 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.long
def test_bodies_that_a_session_never_ends_are_bounded_together(
    server: RunningServer, insides: dict[str, Inside], memories: dict[str, str]
) -> None:
    """Each may be large, and nobody is to act on it before it is whole: forty of them are not in memory at once."""
    inside, path = insides["mine"], f"/memories/{memories['mine']}/events"
    lines = (f"POST {inside.path}{path} HTTP/1.1", f"host: {server.info.host}:{server.info.port}")
    head = "\r\n".join((*lines, "content-length: 60000000", "", "")).encode()
    with Memory(server.info.pid) as memory, contextlib.ExitStack() as held:
        for _ in range(40):
            one = held.enter_context(socket.create_connection((server.info.host, server.info.port), timeout=60))
            one.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                one.sendall(head + bytes(20_000_000))
        inside.data.list_actors(memoryId=memories["mine"])
        server.data.create_event(
            memoryId=memories["mine"], eventTimestamp=time.time(), payload=[{"blob": "x" * 100_000}], **THREAD
        )
    assert memory.growth < 150_000_000
