"""A blob on its way up: in one request as the docker command sends it, taken up again where it broke off.

A registry that wants smaller pieces says so (413, or OCI-Chunk-Max-Length of some proxies); then it gets pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from agentcore_cli.builders.registry.registry import Registry, pushes
from agentcore_cli.builders.registry.transport import LostError, discard, retry_after
from agentcore_cli.errors import AgentcoreError, ServiceError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_ATTEMPTS: Final = 6  # without a byte of progress between them
_PIECE: Final = 8 * 1024**2  # where one request is too large; above the 5 MB that ECR asks for
_SMALLEST_PIECE: Final = 256 * 1024
_BUSY: Final = frozenset({408, 416, 429, 500, 502, 503, 504})
_OCTETS: Final = {"Content-Type": "application/octet-stream"}


def mount(registry: Registry, repository: str, digest: str, source: str) -> bool:
    """Have the blob of another repository appear in this one; False where the registry does not do that."""
    scope = f"{pushes(repository)} repository:{source}:pull"
    url = registry.url_of_uploads(repository, f"?mount={quote(digest)}&from={quote(source)}")
    try:
        answer = registry.call("POST", url, scope, {"Content-Length": "0"})
    except AgentcoreError:
        return False
    discard(answer)
    if answer.status != 201:
        return False  # 202 began an upload instead, which the registry forgets by itself
    return registry.has_blob(repository, digest)


@dataclass(slots=True)
class Upload:
    """One blob, from a file. `sent` is told how many bytes more (or, on a new start, fewer) are through."""

    registry: Registry
    repository: str
    digest: str
    file: Path
    sent: Callable[[int], None]
    _piece: int | None = None
    _through: int = 0

    def run(self) -> None:
        """Raises AgentcoreError when it does not get through, or what is there then is something else."""
        size, fruitless, location, best = self.file.stat().st_size, 0, "", 0
        while True:
            try:
                location = location or self._begun()
                if self._through < size:
                    location = self._sent(location, size)
                if self._through >= size:
                    self._finished(location)
                    return
            except (LostError, _BusyError):
                fruitless = fruitless + 1 if self._through <= best else 0
                best = max(best, self._through)
                if fruitless >= _ATTEMPTS:
                    raise
                self.registry.transport.pause(fruitless)
                if self.registry.has_blob(self.repository, self.digest):  # only the answer was lost
                    self._set_through(size)
                    return
                location = self._resumed(location) if location else ""

    def _begun(self) -> str:
        self._set_through(0)
        url = self.registry.url_of_uploads(self.repository)
        answer = self._call("POST", url, {"Content-Length": "0"})
        return self._next(answer, url, 202)

    def _sent(self, location: str, size: int) -> str:
        start = self._through
        end = min(size, start + self._piece) if self._piece else size
        headers = {**_OCTETS, "Content-Length": str(end - start)}
        if self._piece or start:
            headers["Content-Range"] = f"{start}-{end - 1}"
        answer = self._call("PATCH", location, headers, lambda: self._part(start, end))
        smaller = min(_PIECE, (end - start) // 2)
        if answer.status == 413 and smaller >= _SMALLEST_PIECE:
            discard(answer)
            self._piece = smaller
            return self._begun()
        there = _end(answer.headers.get("Range"))
        location = self._next(answer, location, 202)
        self._set_through(end if there is None else there)
        return location

    def _resumed(self, location: str) -> str:
        """Where to go on, by what the registry has of it; empty: from the start."""
        answer = self._call("GET", location, {})
        there = _end(answer.headers.get("Range"))
        if answer.status != 204 or there is None:
            discard(answer)
            return ""
        self._set_through(there)
        return self._next(answer, location, 204)

    def _finished(self, location: str) -> None:
        mark = "&" if "?" in location else "?"
        url = f"{location}{mark}digest={quote(self.digest)}"
        answer = self._call("PUT", url, {"Content-Length": "0"})
        if answer.status in _BUSY:
            self._busy(answer)
        if answer.status not in (201, 204):
            raise self.registry.failure(answer, f"{self.repository}@{self.digest}")
        discard(answer)
        self.registry.require_digest(answer, self.digest)

    def _call(
        self, method: str, url: str, headers: dict[str, str], body: Callable[[], RawIOBase] | None = None
    ) -> BaseHTTPResponse:
        """Once: what to do when it fails depends on how far it came."""
        return self.registry.call(method, url, pushes(self.repository), headers, body, attempts=1)

    def _next(self, answer: BaseHTTPResponse, url: str, status: int) -> str:
        """Where the upload goes on: with each answer elsewhere, by a whole address or a path."""
        if answer.status in _BUSY:
            self._busy(answer)
        self.registry.require(answer, status, f"{self.repository}@{self.digest}")
        discard(answer)
        location = answer.headers.get("Location")
        if not location and status == 202:
            raise ServiceError(f"{self.registry.host}: it began an upload and did not say where")
        return self.registry.transport.resolved(url, location) if location else url

    def _busy(self, answer: BaseHTTPResponse) -> None:
        failure = self.registry.failure(answer, f"{self.repository}@{self.digest}")
        if wait := retry_after(answer):
            self.registry.transport.wait(wait)
        raise _BusyError(failure.message, hint=failure.hint)

    def _part(self, start: int, end: int) -> _Part:
        """Made anew when the registry wants to see who sends before it takes it."""
        self._set_through(start)
        return _Part(self.file, start, end, self._count)

    def _count(self, more: int) -> None:
        self._through += more
        self.sent(more)

    def _set_through(self, there: int) -> None:
        self.sent(there - self._through)
        self._through = there


class _BusyError(AgentcoreError):
    """The registry can't do it now."""


class _Part(RawIOBase):
    """A part of a file that says how far it was read."""

    def __init__(self, file: Path, start: int, end: int, count: Callable[[int], None]) -> None:
        self._file = file.open("rb")
        self._file.seek(start)
        self._left = end - start
        self._count = count

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        self._count(len(piece))
        return piece

    def close(self) -> None:
        self._file.close()
        super().close()


def _end(header: str | None) -> int | None:
    """How many bytes a Range header of an upload says are there: `0-99` is 100, and so is `bytes=0-99`."""
    if not header:
        return None
    last = header.rpartition("-")[2]
    return int(last) + 1 if last.isdecimal() and last != "0" else 0
