"""Answers without end, callers who don't read, callers who have gone: little memory, and everybody else is served."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from agentcore_cli.local.protocol import SessionRecord
from tests.local_runtime import SESSION_HEADER, UNSIGNED, RunningServer, eventually, invocations, new_session
from tests.long_cases import always
from tests.server_memory import Memory

AGENT = Path(__file__).parents[1] / "agents" / "floods.py"
GROWTH_MAX = 30 * 1024 * 1024
SECONDS = 1.0  # for which a flood may do its worst
HOUR = 3600  # seconds: the longest that a stream and a WebSocket may last (bedrock-agentcore-limits)


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> str:
    return server.deploy(AGENT, name="floods")


def started(server: RunningServer, arn: str, does: str = "endless") -> str:
    session = new_session()
    assert server.invoke(arn, json.dumps({"do": does}).encode(), session).status == 200
    return session


@contextlib.contextmanager
def asked(
    server: RunningServer, method: str, path: str, session: str, body: bytes = b"", **headers: str
) -> Iterator[socket.socket]:
    """A signed request on a socket of its own that holds little; what becomes of the answer is the test's affair."""
    signed = server.signed(method, path, {SESSION_HEADER: session} | UNSIGNED | headers, None)
    lines = [f"{method} {path} HTTP/1.1", f"host: {server.info.host}:{server.info.port}"]
    lines += [f"{name}: {value}" for name, value in signed.items()]
    lines += [f"content-length: {len(body)}"] if body else []
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.settimeout(60)
        caller.connect((server.info.host, server.info.port))
        caller.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        yield caller


def invoking(server: RunningServer, arn: str, session: str) -> contextlib.AbstractContextManager[socket.socket]:
    """An answer without end."""
    return asked(server, "POST", invocations(arn), session, b'{"do": "stream"}')


def invoking_much(server: RunningServer, arn: str, session: str) -> contextlib.AbstractContextManager[socket.socket]:
    """An answer of 100 MB."""
    return asked(server, "POST", invocations(arn), session, b'{"do": "stream", "pieces": 1666}')


def running(server: RunningServer, arn: str, session: str) -> contextlib.AbstractContextManager[socket.socket]:
    path = f"/runtimes/{quote(arn, safe='')}/commands"
    body = json.dumps({"command": "yes", "timeout": HOUR}).encode()
    return asked(server, "POST", path, session, body, **{"Content-Type": "application/json"})


@contextlib.contextmanager
def conversing(server: RunningServer, arn: str, session: str) -> Iterator[socket.socket]:
    path = f"/runtimes/{quote(arn, safe='')}/ws"
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    with asked(server, "GET", path, session, **handshake) as caller:
        yield caller


Way = Callable[[RunningServer, str, str], contextlib.AbstractContextManager[socket.socket]]
WAYS: list[Way] = [invoking, invoking_much, running, conversing]


def state(server: RunningServer, arn: str, session: str) -> SessionRecord:
    return next(record for record in server.sessions(arn) if record.session_id == session)


def others_are_served(server: RunningServer, arn: str) -> None:
    assert server.ask("GET", "/_local/health").status == 200
    assert server.invoke(arn, b"{}", new_session()).status == 200


@pytest.mark.parametrize("gone", [False, True], ids=["silent", "gone"])
def test_what_nobody_reads_is_not_kept(server: RunningServer, arn: str, gone: bool) -> None:
    session = started(server, arn)
    with Memory(server.info.pid) as memory, contextlib.ExitStack() as callers:
        for way in WAYS * 4:
            callers.enter_context(way(server, arn, session)).recv(16)
        if gone:
            callers.close()
        threading.Event().wait(SECONDS)
        others_are_served(server, arn)
    assert memory.growth < GROWTH_MAX


@pytest.mark.long
def test_after_its_hour_a_silent_caller_keeps_no_session(server: RunningServer, arn: str) -> None:
    """That it takes nothing does not keep the exchange, nor the connection."""
    before = descriptors(server)
    sessions = {way.__name__: started(server, arn) for way in WAYS}
    with contextlib.ExitStack() as callers:
        silent = [callers.enter_context(way(server, arn, sessions[way.__name__])) for way in WAYS]
        for one in silent:
            one.recv(16)
        threading.Event().wait(SECONDS)
        server.local.advance_clock(HOUR)
        for session in sessions.values():
            eventually(lambda session=session: state(server, arn, session).state != "active", "nothing runs in it")
        server.local.advance_clock(901)
        for session in sessions.values():
            eventually(lambda session=session: state(server, arn, session).state == "stopped", "it was idle")
            assert state(server, arn, session).end_reason == "was idle for 900 s"
        eventually(lambda: descriptors(server) <= before, "it was hung up on")


def descriptors(server: RunningServer) -> int:
    return len(os.listdir(f"/proc/{server.info.pid}/fd"))


@pytest.mark.parametrize("does", ["pings", "fragments"])
def test_an_agents_frames_without_end(server: RunningServer, arn: str, does: str) -> None:
    """Pings whose answers it does not read, and one message in pieces that hold nothing."""
    session = started(server, arn, does)
    with Memory(server.info.pid) as memory, conversing(server, arn, session) as caller:
        caller.recv(16)
        threading.Event().wait(SECONDS)
        others_are_served(server, arn)
    assert memory.growth < GROWTH_MAX


@pytest.mark.parametrize(
    ("first", "flood"),
    always(
        "pings while the agent reads nothing",
        "messages",
        of={
            "pings whose answers nobody reads": (b"", b"\x89\xfd" + bytes(4) + bytes(125)),
            "pings while the agent reads nothing": (b"\x82\x81" + bytes(5), b"\x89\x80" + bytes(4)),
            "pieces of one message": (b"\x02\x80" + bytes(4), b"\x00\x80" + bytes(4)),
            "messages": (b"", b"\x82\x80" + bytes(4)),
            "pongs": (b"", b"\x8a\x80" + bytes(4)),
        },
    ),
)
def test_a_callers_frames_without_end(server: RunningServer, arn: str, first: bytes, flood: bytes) -> None:
    session = started(server, arn, "deaf")
    with Memory(server.info.pid) as memory, conversing(server, arn, session) as caller:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += caller.recv(1)
        caller.sendall(first)
        sending = threading.Thread(target=flood_of, args=(caller, flood))
        sending.start()
        sending.join(2 * SECONDS)
        others_are_served(server, arn)
        with contextlib.suppress(OSError):  # it was hung up on
            caller.shutdown(socket.SHUT_RDWR)
        sending.join()
    assert memory.growth < GROWTH_MAX


def flood_of(caller: socket.socket, frame: bytes) -> None:
    """Say this again and again, until the other side takes no more of it."""
    with contextlib.suppress(OSError):
        while True:
            caller.sendall(frame * 10_000)
