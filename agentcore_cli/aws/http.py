"""HTTP/1.1 as one call needs it: a request, and its answer piece by piece as it arrives (RFC 9112).

http.client does the same, and to import it, with the e-mail package that it reads headers by, takes a tenth of a whole
local `invoke`. One connection carries one request.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import Final

_CHUNK: Final = 64 * 1024
_HEAD_MAX: Final = 64 * 1024  # bytes of an answer's status line and headers, of a chunk's size line, of trailers


class BrokenAnswer(Exception):
    """What arrived is no HTTP answer, or not the whole of one."""


class Response:
    """An answer whose head is there. `headers` are by lower-case name; of several alike the values are joined."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()
        self.status, self.headers = self._final_head()

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises BrokenAnswer when it ends early, TimeoutError, OSError."""
        if self.status in (204, 304):
            return
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif "content-length" in self.headers:
            yield from self._exactly(_number(self.headers["content-length"], 10))
        else:
            yield from self._rest()

    def _final_head(self) -> tuple[int, dict[str, str]]:
        while True:
            status, headers = self._head()
            if status >= 200:
                return status, headers

    def _head(self) -> tuple[int, dict[str, str]]:
        version, _, rest = self._line().partition(" ")
        if version not in ("HTTP/1.1", "HTTP/1.0") or not rest[:3].isdecimal():
            raise BrokenAnswer("not an HTTP answer")
        return int(rest[:3]), self._fields()

    def _fields(self) -> dict[str, str]:
        """Headers, or the trailers behind a chunked body, to the empty line that ends them."""
        fields: dict[str, str] = {}
        size = 0
        while line := self._line():
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
            if (size := size + len(line)) > _HEAD_MAX:
                raise BrokenAnswer("the head is too long")
        return fields

    def _line(self) -> str:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _HEAD_MAX:
                raise BrokenAnswer("a line is too long")
            self._fill()
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line.decode("latin-1")

    def _chunks(self) -> Iterator[bytes]:
        while size := _number(self._line().partition(";")[0], 16):
            yield from self._exactly(size)
            if self._line():
                raise BrokenAnswer("a chunk is longer than it said")
        self._fields()

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._buffer:
                self._fill()
            piece = bytes(self._buffer[:size])
            del self._buffer[:size]
            size -= len(piece)
            yield piece

    def _rest(self) -> Iterator[bytes]:
        """A body without a length ends with the connection."""
        while True:
            if self._buffer:
                yield bytes(self._buffer)
                self._buffer.clear()
            if not (data := self._socket.recv(_CHUNK)):
                return
            self._buffer += data

    def _fill(self) -> None:
        if not (data := self._socket.recv(_CHUNK)):
            raise BrokenAnswer("the connection was closed")
        self._buffer += data


def send(connection: socket.socket, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
    """One request and its answer's head. Raises BrokenAnswer, TimeoutError, OSError.

    A server may refuse a large body while it is still being sent, and hang up: what it said is read all the same.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    refusal: OSError | None = None
    try:
        connection.sendall(head)
        connection.sendall(body)
    except (BrokenPipeError, ConnectionResetError) as error:
        refusal = error
    try:
        return Response(connection)
    except (BrokenAnswer, OSError) as error:
        raise refusal or error from error


def _number(text: str, base: int) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isalnum():
        raise BrokenAnswer("a length is not a number")
    try:
        return int(digits, base)
    except ValueError:
        raise BrokenAnswer("a length is not a number") from None
