"""A data plane that answers what a test wrote down, in raw bytes, and keeps what it was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came; header names are lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


def answer(status: int, body: bytes, **headers: str) -> bytes:
    """A whole answer with a length; `_` in a header's name stands for `-`."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class ScriptedPlane:
    """Answers connection after connection with the next of `script`, then hangs up; an empty one hangs up at once.

    `None` in the script never answers. When the script is at its end its last answer goes on.
    """

    def __init__(self, script: Iterable[bytes | None]) -> None:
        self._script = list(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self.asked: list[Asked] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> ScriptedPlane:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer:
                self._answer(peer)

    def _answer(self, peer: socket.socket) -> None:
        said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if said == b"":
            return
        self.asked.append(_request(peer))
        if said is None:
            self._done.wait()
        else:
            peer.sendall(said)


def _request(peer: socket.socket) -> Asked:
    with peer.makefile("rb") as stream:
        line = stream.readline().decode().strip()
        headers: dict[str, str] = {}
        while field := stream.readline().decode().strip():
            name, _, value = field.partition(": ")
            headers[name.lower()] = value
        return Asked(line, headers, stream.read(int(headers.get("content-length", 0))))
