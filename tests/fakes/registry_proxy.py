"""A registry that has a bad day: it hands everything on to a real one, but for the faults that are armed."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tests.fakes.threaded import Handler, ThreadedServer

_CHUNK: Final = 64 * 1024
_HOP: Final = frozenset({"connection", "transfer-encoding", "host"})


@dataclass
class Fault:
    """What happens to the next `count` requests of `method` whose path holds `path`.

    `status`: it answers so by itself. `breaks_after`: it resets the connection when so many bytes of the body have
    come (they are handed on), `loses_answer` when all has been done. `headers` are put into the answer. `truncates`:
    the answer's body ends after so many bytes. Only requests with more than `above` bytes meet it. `calls` is called
    before the request is handed on; with `loses_answer`, when all has been done.
    """

    method: str
    path: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_after: int | None = None
    loses_answer: bool = False
    truncates: int | None = None
    above: int = 0
    calls: Callable[[], None] = lambda: None
    count: int = 1


class RegistryProxy(ThreadedServer):
    """`host` is its own address, `upstream` that of the registry. `seen` are all requests; `received` counts the bytes
    of blobs that came in. `locations` changes the path of an upload in each answer, or makes it relative."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str]] = []
        self.locations = "absolute"
        self.received = 0
        self._arming = threading.Lock()
        super().__init__(_Handler)
        self.host = f"localhost:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what it is here for."""

    def armed(self, method: str, path: str, length: int) -> Fault | None:
        with self._arming:
            self.seen.append((method, path))
            for fault in self.faults:
                if fault.count and fault.method == method and fault.path in path and length >= fault.above:
                    fault.count -= 1
                    return fault
        return None

    def requests(self, method: str, part: str) -> list[str]:
        return [path for seen, path in self.seen if seen == method and part in path]


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    server: RegistryProxy

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        self._relay()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET

    def _relay(self) -> None:
        path = self.path.replace("/elsewhere/", "/v2/", 1)
        fault = self.server.armed(self.command, path, int(self.headers.get("Content-Length", 0)))
        if fault and fault.status:
            self._read_body(None, None)
            self._answer(fault.status, dict(fault.headers), b"{}")
            return
        if fault and not fault.loses_answer:
            fault.calls()
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            self._send(upstream, path, fault)
            answer = upstream.getresponse()
            body = answer.read()
        finally:
            upstream.close()
        if fault and fault.loses_answer:
            fault.calls()
            self._reset()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        self._answer(answer.status, self._moved(headers) | dict(fault.headers if fault else {}), body, fault)

    def _send(self, upstream: http.client.HTTPConnection, path: str, fault: Fault | None) -> None:
        upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        upstream.putheader("Host", self.server.upstream)
        for name, value in self.headers.items():
            if name.lower() not in _HOP:
                upstream.putheader(name, value)
        upstream.endheaders()
        self._read_body(upstream, fault.breaks_after if fault else None)

    def _read_body(self, upstream: http.client.HTTPConnection | None, breaks_after: int | None) -> None:
        left = int(self.headers.get("Content-Length", 0))
        read = 0
        while left:
            piece = self.rfile.read(min(_CHUNK, left if breaks_after is None else breaks_after - read))
            if not piece:
                break
            left, read = left - len(piece), read + len(piece)
            self.server.received += len(piece) if self.command == "PATCH" else 0
            if upstream:
                upstream.send(piece)
            if breaks_after is not None and read >= breaks_after:
                if upstream and upstream.sock:
                    upstream.sock.shutdown(socket.SHUT_WR)
                    upstream.sock.recv(_CHUNK)  # until the registry has put away what came
                self._reset()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionResetError

    def _moved(self, headers: dict[str, str]) -> dict[str, str]:
        location = headers.get("Location")
        if location and self.server.locations != "absolute":
            parts = urlsplit(location)
            path = parts.path.replace("/v2/", "/elsewhere/", 1) if self.server.locations == "elsewhere" else parts.path
            headers["Location"] = f"{path}?{parts.query}" if parts.query else path
        elif location:
            parts = urlsplit(location)
            headers["Location"] = f"http://{self.server.host}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return headers

    def _answer(self, status: int, headers: dict[str, str], body: bytes, fault: Fault | None = None) -> None:
        self.send_response(status)
        is_head = self.command == "HEAD"
        for name, value in headers.items():
            if is_head or name.lower() != "content-length":
                self.send_header(name, value)
        if not is_head:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if is_head:
            return
        if fault and fault.truncates is not None:
            self.wfile.write(body[: fault.truncates])
            self.wfile.flush()
            self._reset()
        self.wfile.write(body)
