"""A service of AWS that answers as it was told, one answer after the other, the last one for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.threaded import ThreadedServer


class ScriptedService(ThreadedServer):
    """Use it in a `with`. `asked` has the headers, by lower-case name, and the body of every request."""

    def __init__(self, *answers: tuple[int, Mapping[str, Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[dict[str, str], Any]] = []
        super().__init__(_handler_for(self))


def _handler_for(service: ScriptedService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, answer = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
            data = json.dumps(answer).encode()
            self.send_response(status)
            if status in (301, 307):
                self.send_header("Location", answer["to"])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Silence: the tests look at `asked`."""

    return Handler
