"""A registry that serves whatever manifests and blobs it was given, under any name, as no real one would."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.fakes.threaded import Handler, ThreadedServer


class OddRegistry(ThreadedServer):
    """`manifests` has type and content by tag or digest, `blobs` content by digest; no answer names its digest.

    Blobs come from another host (localhost instead of 127.0.0.1), which `strangers` notes the Authorization of.
    """

    def __init__(self) -> None:
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.strangers: list[str | None] = []
        super().__init__(_Handler)
        self.host = f"127.0.0.1:{self.server_port}"

    def put(self, media_type: str, document: Any, *names: str) -> dict[str, Any]:
        """Gives the descriptor."""
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.manifests |= dict.fromkeys((digest, *names), (media_type, content))
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def put_blob(self, media_type: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.blobs[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}


class _Handler(Handler):
    server: OddRegistry

    def do_GET(self) -> None:
        kind, _, name = self.path.partition("?")[0].rpartition("/")
        if self.path.startswith("/storage/"):
            self.server.strangers.append(self.headers.get("Authorization"))
            self.answer(200, self.server.blobs[name], "application/octet-stream")
        elif not self.headers.get("Authorization"):
            self.answer(401, {}, headers={"WWW-Authenticate": 'Basic realm="here"'})
        elif kind.endswith("/manifests") and name in self.server.manifests:
            media_type, content = self.server.manifests[name]
            self.answer(200, content, media_type)
        elif kind.endswith("/blobs") and name in self.server.blobs:
            there = f"http://localhost:{self.server.server_port}/storage/{name}?signature=1"
            self.answer(307, b"", headers={"Location": there})
        else:
            self.answer(404, {})
