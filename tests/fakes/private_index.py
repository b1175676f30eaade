"""A package index (PEP 503) that lies in a folder and serves whoever has the password."""

from __future__ import annotations

import base64
import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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

    handler = functools.partial(Guarded, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
