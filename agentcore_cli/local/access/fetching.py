"""A document of somebody else's, in bounded time and size, however slowly it is told. For threads."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from agentcore_cli.certificates import trusted


class Deadline:
    """A moment by which all must be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. Raises TimeoutError when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long")
        return left


def fetch(url: str, deadline: Deadline, most: int, check: Callable[[str], object], *, proxies: bool) -> bytes:
    """At most `most` bytes of what is at `url`; `check` is asked about each address that it leads to.

    Raises OSError (URLError and HTTPError are some), ValueError and HTTPException, and what `check` raises.
    """
    with _opener(deadline, check, proxies=proxies).open(url, timeout=deadline.left()) as answer:
        data: bytes = answer.read(most)
    return data


def _opener(deadline: Deadline, check: Callable[[str], object], *, proxies: bool) -> OpenerDirector:
    plain, secure = (_bounded(kind, deadline) for kind in (http.client.HTTPConnection, http.client.HTTPSConnection))

    class Plain(HTTPHandler):
        def http_open(self, request: Request) -> Any:
            return self.do_open(plain, request)

    class Secure(HTTPSHandler):
        def https_open(self, request: Request) -> Any:
            return self.do_open(secure, request, context=trusted())

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any) -> Request | None:
            try:
                check(arguments[-1])
            except BaseException:
                arguments[1].close()  # the answer that redirects, which urllib leaves open
                raise
            return super().redirect_request(*arguments)

    others = () if proxies else (ProxyHandler({}),)
    return build_opener(Plain, Secure, Redirects, *others)


def _bounded(kind: type[http.client.HTTPConnection], deadline: Deadline) -> Any:
    """The kind of connection, whose reads end with the deadline: a timeout of the socket's is one for each read."""

    class Bounded(kind):  # type: ignore[misc, valid-type]  # made for one fetch
        def connect(self) -> None:
            self.timeout = deadline.left()
            super().connect()
            connected: Any = self.sock
            self.sock: Any = _Bounded(connected, deadline)

    return Bounded


class _Bounded:
    """What http.client needs of a socket."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._socket, self._deadline))

    def close(self) -> None:
        self._socket.close()


class _Reader(io.RawIOBase):
    """It keeps the socket open until it is closed itself."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._file = connected.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
