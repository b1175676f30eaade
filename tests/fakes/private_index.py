"""A package index (PEP 503) that lies in a folder and serves whoever has the password."""

from __future__ import annotations

import base64
import functools
import http.server
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.threaded import InThread


class _Index(InThread, http.server.ThreadingHTTPServer):
    """Its server."""


@contextmanager
def private_index(folder: Path, password: str = "s3cret-word") -> Iterator[str]:
    """Its address, without scheme; the user is `reader`."""
    proof = "Basic " + base64.b64encode(f"reader:{password}".encode()).decode()

    class Guarded(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") == proof:
                super().do_GET()
                return
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: stderr is the test's."""

    with _Index(("127.0.0.1", 0), functools.partial(Guarded, directory=str(folder))) as server:
        yield f"127.0.0.1:{server.server_port}"
