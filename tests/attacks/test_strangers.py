"""What a caller without a key may cost: little, and never the owner's place."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import socket
from collections.abc import Iterator

import pytest

from tests.local_runtime import RunningServer, eventually, invocations, new_session, signed


@contextlib.contextmanager
def connected(server: RunningServer, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as held:
        there = []
        for _ in range(count):
            one = held.enter_context(socket.create_connection((server.info.host, server.info.port), timeout=60))
            with contextlib.suppress(OSError):
                one.sendall(said)
            there.append(one)
        yield there


def whole(one: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := one.recv(65_536):
            data += piece
    return data


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="silent"),
        pytest.param(b"GET /_local/health HTTP/1.1\r\nhost: x\r\n", id="half a head"),
        pytest.param(b"POST /runtimes/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nhalf", id="half a body"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", id="refused and staying"),
    ],
)
def test_six_hundred_strangers_keep_nobody_out(server: RunningServer, answers: str, said: bytes) -> None:
    with connected(server, 600, said):
        for _ in range(3):
            assert server.ask("GET", "/_local/health").status == 200
        assert server.invoke(answers, b"{}", new_session()).status == 200


def test_strangers_without_a_descriptor_left_keep_nobody_out(server: RunningServer, answers: str) -> None:
    """Every descriptor that the server may still have is taken, and then hundreds more come."""
    before = resource.prlimit(server.info.pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{server.info.pid}/fd"))
    resource.prlimit(server.info.pid, resource.RLIMIT_NOFILE, (used + 40, before[1]))
    try:
        with connected(server, 300):
            for _ in range(5):
                assert server.ask("GET", "/_local/health").status == 200
        eventually(lambda: len(os.listdir(f"/proc/{server.info.pid}/fd")) <= used + 5, "they have gone")
    finally:
        resource.prlimit(server.info.pid, resource.RLIMIT_NOFILE, before)
    assert server.ask("GET", "/_local/health").status == 200


@pytest.mark.long
def test_who_is_slow_is_hung_up_on(server: RunningServer) -> None:
    """Nothing at all, a byte of a head now and then, a byte of a body now and then: all end, whoever goes on."""
    body = b"POST /runtimes/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    with (
        connected(server, 1) as silent,
        connected(server, 1, b"GET / HTTP/1.1\r\nx-drip: ") as heads,
        connected(server, 1, body) as bodies,
        connected(server, 1, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n") as idle,
    ):
        left = {*silent, *heads, *bodies, *idle}
        while left:
            for one in list(left):
                with contextlib.suppress(OSError):
                    if one not in silent and one not in idle:
                        one.send(b"x")
                if select.select([one], [], [], 0.05)[0]:
                    try:
                        gone = not one.recv(65_536)
                    except ConnectionError:
                        gone = True
                    if gone:
                        left.discard(one)


HEAD = b"GET /_local/health HTTP/1.1\r\nhost: x\r\n"
UPGRADE = b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: "
SOCKET = b"GET /runtimes/x/ws HTTP/1.1\r\nhost: x\r\n" + UPGRADE + b"AAAAAAAAAAAAAAAAAAAAAA==\r\n"
PINGS = b"\x89\x80\0\0\0\0" * 1000
LATER = b"HTTP/1.1 431"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        pytest.param(HEAD + b"x: " + b"y" * 200_000 + b"\r\n\r\n", LATER, id="a large header"),
        pytest.param(HEAD + b"x: " + b"y" * 400_000, LATER, id="a header without end"),
        pytest.param(HEAD + b"x" * 400_000, LATER, id="a name without end"),
        pytest.param(HEAD + (b"x: " + b"y" * 1000 + b"\r\n") * 150 + b"\r\n", LATER, id="large together"),
        pytest.param(HEAD + b"x: y\r\n" * 250 + b"\r\n", LATER, id="many headers"),
        pytest.param(b"GET /?" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", b"HTTP/1.1 414", id="a long query"),
        pytest.param(b"GET /" + b"a" * 400_000, b"HTTP/1.1 4", id="an address without end"),
        pytest.param(b"hello\r\n\r\n", b"HTTP/1.1 400", id="no HTTP"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 400", id="HTTP/2"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", b"HTTP/1.1 400", id="TLS"),
        pytest.param(b"CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n", b"HTTP/1.1 404", id="a proxy's request"),
        pytest.param(
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
            b"HTTP/1.1 400",
            id="two lengths",
        ),
        pytest.param(SOCKET + b"content-length: 5\r\n\r\nhello", b"HTTP/1.1 400", id="a WebSocket with a body"),
        pytest.param(SOCKET + b"content-length: 5\r\n\r\n", b"HTTP/1.1 400", id="a WebSocket that promises one"),
        pytest.param(
            SOCKET + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 400", id="a WebSocket in chunks"
        ),
        pytest.param(SOCKET.replace(b"==", b"") + b"\r\n", b"HTTP/1.1 400", id="a WebSocket with a wrong key"),
        pytest.param(SOCKET.replace(b"/x/", b"/%b/" % (b"x" * 9000)) + b"\r\n", b"HTTP/1.1 400", id="a long one"),
        pytest.param(SOCKET + b"\r\n" + PINGS, b"HTTP/1.1 403", id="a WebSocket, and pings before it is one"),
        pytest.param(SOCKET + b"\r\n\x81\x02hi", b"HTTP/1.1 403", id="a WebSocket, and rubbish before it is one"),
    ],
)
def test_what_is_refused_while_it_is_read(server: RunningServer, said: bytes, answer: bytes) -> None:
    with connected(server, 1) as (one,):
        with contextlib.suppress(OSError):  # it may hang up before it has heard everything
            one.sendall(said)
        told = whole(one)
        assert told.startswith(answer) or (not told and len(said) > 200_000)
        if told:
            head, _, body = told.partition(b"\r\n\r\n")
            assert b"x-amzn-errortype: " in head.lower()
            assert body.startswith(b'{"message":')
    assert "Traceback" not in (server.home.root / "server.log").read_text()


def test_a_signed_request_that_waits_for_100_continue(server: RunningServer, answers: str) -> None:
    """Who has the key is told to go on, on every plane; a stranger is refused before it has sent its body."""
    lines = [("POST", invocations(answers), b"{}"), ("POST", "/runtimes/", b"{}"), ("GET", "/_local/health", b"")]
    for knows in (True, False):
        for method, path, body in lines:
            headers = server.signed(method, path, {}, body) if knows else {}
            headers |= {"host": f"{server.info.host}:{server.info.port}", "content-length": str(len(body))}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            with connected(server, 1) as (one,):
                one.sendall(f"{method} {path} HTTP/1.1\r\n{head}expect: 100-continue\r\n\r\n".encode())
                told = one.recv(65_536)
                assert told.startswith(
                    b"HTTP/1.1 100 " if knows and body else b"HTTP/1.1 403" if body else b"HTTP/1.1 "
                )
                if knows and body:
                    one.sendall(body)
                    assert one.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("size", [1, 7])
def test_a_request_in_tiny_pieces(server: RunningServer, answers: str, size: int) -> None:
    headers = server.signed("POST", invocations(answers), {}, b"{}") | {
        "host": f"{server.info.host}:{server.info.port}"
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    said = f"POST {invocations(answers)} HTTP/1.1\r\n{head}content-length: 2\r\n\r\n{{}}".encode()
    with connected(server, 1) as (one,):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(said), size):
            one.sendall(said[at : at + size])
        assert one.recv(65_536).startswith(b"HTTP/1.1 200")


SMUGGLED = b"0\r\n\r\nGET /_local/health HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize(
    "lengths",
    [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: xchunked",
        "transfer-encoding: \x0bchunked",
        "transfer-encoding : chunked",
        "content-length: +4",
        "content-length: 4, 4",
        "content-length: 0x4",
        "content-length: 4\r\n content-length: 5",
    ],
)
def test_a_second_request_is_not_smuggled_behind_the_first(server: RunningServer, answers: str, lengths: str) -> None:
    """No second answer comes, whatever the first request says of its length: it is refused, or ends the connection."""
    headers = server.signed("POST", invocations(answers), {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    host = f"host: {server.info.host}:{server.info.port}\r\n"
    with connected(server, 1) as (one,):
        one.sendall(f"POST {invocations(answers)} HTTP/1.1\r\n{host}{head}{lengths}\r\n\r\n".encode() + SMUGGLED)
        one.shutdown(socket.SHUT_WR)
        assert whole(one).count(b"HTTP/1.1 ") <= 1


def test_as_much_as_a_head_may_hold(server: RunningServer, answers: str) -> None:
    """Twenty allowlisted headers of 4 kB are a head that the service takes."""
    many = {f"X-Amzn-Bedrock-AgentCore-Runtime-Custom-{number}": "y" * 4096 for number in range(20)}
    assert server.invoke(answers, b"{}", new_session(), **many).status == 200


def test_a_stranger_who_asks_a_thousand_things_at_once_gets_few_answers(server: RunningServer) -> None:
    with connected(server, 1, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 5000) as (one,):
        assert whole(one).count(b"HTTP/1.1 ") <= 100
    assert server.ask("GET", "/_local/health").status == 200


def test_a_refusal_is_read_by_who_still_sends(server: RunningServer, answers: str) -> None:
    refused = server.ask("POST", invocations(answers), b"x" * 5_000_000, {"Content-Type": "application/json"})
    assert (refused.status, refused.json()["message"]) == (403, "Missing Authentication Token")


@pytest.mark.long
def test_the_owners_connection_stays(server: RunningServer, answers: str) -> None:
    """It may rest for longer than a stranger's."""
    with connected(server, 1) as (one,):
        head = "\r\n".join(f"{name}: {value}" for name, value in server.signed("GET", "/_local/health", {}).items())
        asked = f"GET /_local/health HTTP/1.1\r\nhost: {server.info.host}:{server.info.port}\r\n{head}\r\n\r\n".encode()
        for rest in (6.5, 0):
            one.sendall(asked)
            told = b""
            while not told.endswith(b"}"):
                told += one.recv(65_536)
            assert told.startswith(b"HTTP/1.1 200")
            assert not select.select([one], [], [], rest)[0]


def test_large_bodies_of_who_knows_no_more_than_the_keys_id_wait_for_each_other(
    server: RunningServer, answers: str
) -> None:
    """The id stands in presigned addresses and logs. What is to be verified lies on disk: a few bodies at a time."""
    path, host = invocations(answers), f"{server.info.host}:{server.info.port}"
    forged = signed(f"{server.info.url}{path}", "POST", {}, b"{}", key=(server.info.access_key, "guessed"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in forged.items())
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\n{lines}content-length: 99000000\r\n\r\n".encode()

    def held() -> int:
        return sum(size > 500_000 for size in nameless(server))

    with connected(server, 12, head) as there:
        for one in there:
            one.setblocking(False)
        behind = dict.fromkeys(there, 1_000_000)

        def push() -> None:
            for one in there:
                with contextlib.suppress(OSError):
                    while behind[one] > 0:
                        behind[one] -= one.send(b"x" * min(behind[one], 65_536))

        eventually(lambda: push() or held() >= 5, "as many as may are held")
        assert server.invoke(answers, b"{}", new_session()).status == 200
        push()
        assert held() == 5
        for one in there[:-1]:
            one.close()
        eventually(lambda: push() or held() == 1, "the next had its turn")
        assert server.invoke(answers, b'{"pad": "%b"}' % (b"x" * 1_000_000), new_session()).status == 200


def nameless(server: RunningServer) -> list[int]:
    """The sizes of the files in its home that the server has open and that have no name."""
    sizes = []
    for descriptor in os.listdir(f"/proc/{server.info.pid}/fd"):
        place = f"/proc/{server.info.pid}/fd/{descriptor}"
        with contextlib.suppress(FileNotFoundError):
            named = os.readlink(place)
            if named.startswith(f"{server.home.root}/") and named.endswith(" (deleted)"):
                sizes.append(os.stat(place).st_size)
    return sizes
