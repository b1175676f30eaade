"""What the fakes that speak HTTP share: a server in a thread, for as long as a `with`, and how its handler answers."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


class InThread(socketserver.BaseServer):
    """Serves from `with` to the end of the block. Connections that are open then are not waited for."""

    daemon_threads = True

    def __enter__(self) -> Self:
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *ending: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class ThreadedServer(InThread, ThreadingHTTPServer):
    """Answers by `handler` on a free port of loopback."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Reads whole bodies, answers JSON or bytes, and says nothing on the test's stderr."""

    disable_nagle_algorithm = True

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(
        self, status: int, body: Any, content_type: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        """`body` is bytes, or what becomes JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the tests look at what the fake has written down."""
