"""100 MB both ways, with little memory in between, and no byte too much."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_runtime import RunningServer, eventually, invocations, new_session
from tests.server_memory import Memory

AGENTS = Path(__file__).parents[3] / "agents"
FULL = 100_000_000
PIECE = bytes(range(256)) * 256
GROWTH_MAX = 30 * 1024 * 1024
BYTES = {"Content-Type": "application/octet-stream"}


def pieces(size: int) -> Iterator[bytes]:
    for at in range(0, size, len(PIECE)):
        yield PIECE[: size - at]


def test_a_full_payload_of_known_length(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    with Memory(server.info.pid) as memory:
        answer = server.invoke(answers, pieces(FULL), session, **BYTES, **{"Content-Length": str(FULL)})
    assert answer.json() == {"bytes": FULL, "right": True, "framing": "length"}
    assert memory.growth < GROWTH_MAX


def test_a_chunked_payload(server: RunningServer, answers: str) -> None:
    answer = server.invoke(answers, pieces(5_000_000), new_session(), **BYTES)
    assert answer.json() == {"bytes": 5_000_000, "right": True, "framing": "chunked"}


def test_boto3_sends_a_full_payload(server: RunningServer, answers: str) -> None:
    answer = server.data.invoke_agent_runtime(
        agentRuntimeArn=answers,
        runtimeSessionId=new_session(),
        contentType="application/octet-stream",
        payload=b"".join(pieces(FULL)),
    )
    assert b'"right": true' in answer["response"].read()


@pytest.mark.parametrize("known", [True, False], ids=["of known length", "chunked"])
def test_a_payload_that_is_too_large(server: RunningServer, answers: str, known: bool) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    size = FULL + 1
    headers = BYTES | ({"Content-Length": str(size)} if known else {})
    answer = server.invoke(answers, pieces(size), session, **headers)
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert "larger than 100000000 bytes" in answer.json()["message"]
    assert server.invoke(answers, b"{}", session).json()["calls"] == 2


@pytest.mark.parametrize("length", ["true", "false"], ids=["of known length", "until the connection ends"])
def test_a_full_answer_to_a_slow_reader(server: RunningServer, answers: str, length: str) -> None:
    asked = b'{"do": "bytes", "size": %d, "length": %b}' % (FULL, length.encode())
    session = new_session()
    server.invoke(answers, b"{}", session)
    got = hashlib.sha256()
    with (
        Memory(server.info.pid) as memory,
        server.open("POST", invocations(answers), asked, server.headers(session)) as response,
    ):
        threading.Event().wait(0.5)
        while data := response.read(1_000_000):
            got.update(data)
    assert memory.growth < GROWTH_MAX
    assert got.digest() == hashlib.sha256(b"".join(pieces(FULL))).digest()


def test_a_body_of_the_control_plane_that_is_too_large(server: RunningServer) -> None:
    answer = server.ask("PUT", "/runtimes/", bytes(1_048_577), server.headers())
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")


@pytest.mark.parametrize("known", [True, False], ids=["of known length", "chunked"])
def test_an_agent_that_answers_without_reading_the_payload(server: RunningServer, known: bool) -> None:
    arn = server.deploy(AGENTS / "answers_early.py", name="known" if known else "chunked")
    session, size = new_session(), 8_000_000
    with contextlib.suppress(ConnectionError):  # nobody reads the rest of it
        server.invoke(arn, pieces(size), session, **({"Content-Length": str(size)} if known else {}))
    eventually(lambda: [each.state for each in server.living(arn)] == ["idle"], "the session is idle again")
    server.data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session)
    assert server.living(arn) == []
