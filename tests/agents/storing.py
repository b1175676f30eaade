"""An agent of the standard library alone that does what the payload's source says; `seen` is what its import saw."""

from __future__ import annotations

import http.server
import json
import os
import traceback
from typing import Any

PLACE = "/mnt/data"


def look() -> list[Any]:
    """Whether the place of session storage is there, what is in it, and whether it takes a file."""
    try:
        with open(f"{PLACE}/probe", "w"):
            pass
    except OSError as refused:
        writable = type(refused).__name__
    else:
        os.unlink(f"{PLACE}/probe")
        writable = "yes"
    return [os.path.isdir(PLACE), os.listdir(PLACE) if os.path.isdir(PLACE) else [], writable]


seen = look()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer({"status": "Healthy"})

    def do_POST(self) -> None:
        source = json.loads(self.rfile.read(int(self.headers["content-length"])))["run"]
        names: dict[str, Any] = {"seen": seen, "place": os.environ.get("AGENTCORE_SESSION_STORAGE", PLACE)}
        try:
            exec(source, names)
        except Exception as error:
            self.answer({"error": type(error).__name__, "trace": traceback.format_exc()})
        else:
            self.answer({"result": names.get("result")})

    def answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
