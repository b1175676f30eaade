"""Our HTTP reader: the same answer wherever it is cut, and never a part of one taken for the whole."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentcore_cli.aws.http import BrokenAnswer, Response, send


@contextmanager
def answering(*pieces: bytes) -> Iterator[socket.socket]:
    """A connection on which these pieces come, one after another, and then the end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(60)

    def speak() -> None:
        with theirs:
            for piece in pieces:
                try:
                    theirs.sendall(piece)
                except OSError:
                    return

    speaker = threading.Thread(target=speak)
    speaker.start()
    with ours:
        yield ours
    speaker.join()


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def chunked(body: bytes, sizes: list[int]) -> bytes:
    wire, rest = b"", body
    for size in sizes:
        if piece := rest[:size]:
            wire += b"%X;x=y\r\n%b\r\n" % (len(piece), piece)
        rest = rest[size:]
    if rest:
        wire += b"%x\r\n%b\r\n" % (len(rest), rest)
    return wire + b"0\r\nTrailer: t\r\n\r\n"


@given(
    body=st.binary(max_size=300),
    sizes=st.lists(st.integers(1, 100), max_size=5),
    cuts=st.lists(st.integers(0, 1000), max_size=6),
    framing=st.sampled_from(["chunked", "length", "close"]),
    early=st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]),
)
def test_a_body_is_the_same_wherever_it_is_cut(
    body: bytes, sizes: list[int], cuts: list[int], framing: str, early: bytes
) -> None:
    wire = {
        "chunked": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, sizes),
        "length": b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
        "close": b"\r\n" + body,
    }[framing]
    whole = early + b"HTTP/1.1 200 OK\r\nX-Name:  a value \r\n" + wire
    with answering(*cut(whole, cuts)) as connection:
        response = Response(connection)
        assert (response.status, response.headers["x-name"]) == (200, "a value")
        assert b"".join(response.pieces()) == body


@given(body=st.binary(min_size=1, max_size=100), missing=st.integers(1, 50), is_chunked=st.booleans())
def test_a_body_that_ends_early_is_broken(body: bytes, missing: int, is_chunked: bool) -> None:
    framed = chunked(body, []) if is_chunked else body
    name = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % len(body)
    with answering(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (name, framed[: max(0, len(framed) - missing)])) as connection:
        response = Response(connection)
        with pytest.raises(BrokenAnswer):
            list(response.pieces())


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000,
    ],
    ids=range(9),
)
def test_nonsense_is_broken(wire: bytes) -> None:
    with answering(wire) as connection, pytest.raises(BrokenAnswer):
        list(Response(connection).pieces())


def test_an_answer_without_a_body_ends_at_its_head() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as connection:
        assert list(Response(connection).pieces()) == []


def test_headers_alike_are_joined() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n") as connection:
        assert Response(connection).headers["a"] == "1, 2"


def test_what_is_sent_is_whole() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        response = send(ours, "POST", "/a?b", {"Host": "h"}, b"body")
        assert theirs.recv(1000) == b"POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
        assert b"".join(response.pieces()) == b"ok"


def test_a_refusal_of_a_body_that_is_still_being_sent_is_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            peer, _ = listener.accept()
            peer.recv(100)
            peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(1 << 20):
                pass
            peer.close()

        thread = threading.Thread(target=refuse)
        thread.start()
        with socket.create_connection(listener.getsockname()) as connection:
            assert send(connection, "POST", "/", {}, b"x" * 20_000_000).status == 413
        thread.join()


def test_who_hangs_up_without_a_word_is_told() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises((BrokenAnswer, OSError)):
        send(ours, "POST", "/", {}, b"x")
