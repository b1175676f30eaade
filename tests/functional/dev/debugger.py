"""An editor's debugger, as far as a test needs one: the Debug Adapter Protocol over a socket."""

from __future__ import annotations

import contextlib
import json
import socket
from itertools import count
from typing import Any, Final

SECONDS: Final = 120.0


class Editor:
    """Attached to what waits at `port`; `wait` gives the next event of a name."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._file = self._socket.makefile("rb")
        self._numbers = count(1)
        self._events: list[dict[str, Any]] = []

    def attach(self, **breakpoints: int) -> None:
        """Let it run on; it stops where `breakpoints` say, a line for each file without its `.py`."""
        self._ask("initialize", {"adapterID": "test", "pathFormat": "path", "linesStartAt1": True}, answered=True)
        mappings = [{"localRoot": "/project", "remoteRoot": "/var/task"}]
        self._ask("attach", {"pathMappings": mappings, "justMyCode": False}, answered=False)
        self.wait("initialized")
        for name, line in breakpoints.items():
            place = {"source": {"path": f"/project/{name}.py"}, "breakpoints": [{"line": line}]}
            self._ask("setBreakpoints", place, answered=True)
        self._ask("configurationDone", {}, answered=True)

    def value_at_stop(self, expression: str) -> str:
        """Wait for a breakpoint; gives an expression's value there, and lets it run on."""
        thread = self.wait("stopped")["threadId"]
        frames = self._ask("stackTrace", {"threadId": thread, "levels": 1}, answered=True)["stackFrames"]
        value: str = self._ask("evaluate", {"expression": expression, "frameId": frames[0]["id"]}, answered=True)[
            "result"
        ]
        self._ask("continue", {"threadId": thread}, answered=True)
        return value

    def wait(self, event: str) -> dict[str, Any]:
        while True:
            for told in self._events:
                if told["event"] == event:
                    self._events.remove(told)
                    body: dict[str, Any] = told.get("body", {})
                    return body
            self._read()

    def until_hung_up(self) -> None:
        """Return when what was debugged has gone."""
        with contextlib.suppress(ConnectionError):
            while self._read():
                pass

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._ask("disconnect", {"terminateDebuggee": False}, answered=False)
        self._file.close()
        self._socket.close()

    def _ask(self, command: str, arguments: dict[str, Any], *, answered: bool) -> dict[str, Any]:
        number = next(self._numbers)
        body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        while answered:
            told = self._read()
            if told["type"] == "response" and told["request_seq"] == number:
                assert told["success"], told
                found: dict[str, Any] = told.get("body") or {}
                return found
        return {}

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._file.readline().strip():
            length = int(line.partition(b":")[2])
        if not length:
            raise ConnectionError("the debugger has hung up")
        told: dict[str, Any] = json.loads(self._file.read(length))
        if told["type"] == "event":
            self._events.append(told)
        return told
