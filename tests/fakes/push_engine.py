"""A Docker Engine that knows every image by name but the `missing` ones, lists none, builds, tags and pushes.

What a build and a push say is told beforehand.
"""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.fakes.threaded import Handler, InThread

Event = Mapping[str, Any]

IMAGE_ID = "sha256:" + "1" * 64  # that of every image


class PushEngine(InThread, socketserver.ThreadingUnixStreamServer):
    """Its API on a Unix socket, as a context. `pushed` has what each push was asked for and who asked, `tagged` the
    queries of new names. `builds` are what the next builds say. `architecture` and `size` are those of every image;
    `registry` gets the name of each that is pushed, and gives its digest there."""

    def __init__(
        self, address: Path, events: Sequence[Event], *, silence: float = 0.0, breaks_off: bool = False
    ) -> None:
        """`silence` is in seconds, between the last event and the end of the stream, which `breaks_off` leaves out."""
        self.host = f"unix://{address}"
        self.events = events
        self.silence = silence
        self.breaks_off = breaks_off
        self.left = threading.Event()
        self.pushed: list[tuple[str, dict[str, str]]] = []
        self.tagged: list[str] = []
        self.builds: list[Sequence[Event]] = []
        self.missing: set[str] = set()
        self.architecture = "arm64"
        self.size = 1
        self.registry: Callable[[str], str] | None = None
        super().__init__(str(address), _Api)

    def __exit__(self, *ending: object) -> None:
        self.left.set()
        super().__exit__(*ending)


class _Api(Handler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = False  # a Unix socket has none
    server: PushEngine

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/images/json"):
            self.answer(200, [])
        elif any(unquote(path).endswith(f"/images/{name}/json") for name in self.server.missing):
            self.answer(404, {"message": "No such image"})
        elif path.endswith("/json"):
            self.answer(200, {"Id": IMAGE_ID, "Architecture": self.server.architecture, "Size": self.server.size})
        else:
            self.answer(200, {"ApiVersion": "1.41", "Arch": "amd64"})

    def do_POST(self) -> None:
        self._drain()
        if self.path.partition("?")[0].endswith("/build"):
            self._stream(self.server.builds.pop(0))
            self._chunk(b"")
            return
        if not self.path.partition("?")[0].endswith("/push"):
            self.server.tagged.append(unquote(self.path.partition("?")[2]))
            self.answer(201, {})
            return
        sign_in = json.loads(base64.urlsafe_b64decode(self.headers["X-Registry-Auth"]))
        self.server.pushed.append((unquote(self.path), sign_in))
        self._stream(self._arrived() if self.server.registry else self.server.events)
        if self.server.left.wait(self.server.silence) or self.server.breaks_off:
            self.close_connection = True
        else:
            self._chunk(b"")

    def _arrived(self) -> Sequence[Event]:
        assert self.server.registry
        path, _, tag = unquote(self.path).removesuffix("/").partition("/push?tag=")
        return [{"aux": {"Digest": self.server.registry(f"{path.partition('/images/')[2]}:{tag}")}}]

    def _drain(self) -> None:
        if self.headers.get("Transfer-Encoding") != "chunked":
            self.read_body()
            return
        while size := int(self.rfile.readline(), 16):
            self.rfile.read(size + 2)
        self.rfile.readline()

    def _stream(self, events: Sequence[Event]) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            self._chunk(json.dumps(event).encode() + b"\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def address_string(self) -> str:
        return "local"
