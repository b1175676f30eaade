"""The page's own files: `templates/page`, read when one is first asked for. Nothing secret is in them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from agentcore_cli.files import templates
from agentcore_cli.local.http.wire import Answer, ServiceFault
from agentcore_cli.signature import hash_of

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_NAMED: Final = {(): ("index.html",), ("",): ("index.html",), ("open",): ("open.html",)}


class _File(NamedTuple):
    kind: str
    body: bytes
    tag: str


class PageFiles:
    """The files in `folder`, by the segments of their names."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or templates() / "page"

    def serve(self, segments: list[str], known: bytes) -> Answer:
        """A file; 304 when `known`, If-None-Match's value, is its tag. Raises ServiceFault 404."""
        name = tuple(segments)
        file = self._files.get(_NAMED.get(name, name))
        if file is None:
            raise ServiceFault.not_found("The page has no such file.")
        headers = [("content-type", file.kind), ("etag", file.tag), ("cache-control", "no-cache")]
        return (304, headers, b"") if known.decode("latin-1") == file.tag else (200, headers, file.body)

    @cached_property
    def _files(self) -> Mapping[tuple[str, ...], _File]:
        found = [path for path in self._folder.rglob("*") if path.suffix in _TYPES]
        return {path.relative_to(self._folder).parts: _read(path) for path in found}


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(_TYPES[path.suffix], body, f'"{hash_of(body)[:32]}"')
