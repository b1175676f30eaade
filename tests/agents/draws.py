"""An agent whose file is an extraction, too: `extract` does what the first word of a message says."""

from __future__ import annotations

import http.server
import os
import socket
import time
from collections.abc import Iterator
from typing import Any


def extract(strategy: dict[str, Any], event: dict[str, Any]) -> Iterator[str] | list[str]:
    print("reading", event["eventId"], flush=True)
    for message in event["messages"]:
        word, _, rest = message["text"].partition(" ")
        if word == "fail":
            raise ValueError(rest)
        if word == "die":
            os._exit(7)
        if word == "hang":
            time.sleep(3600)
        if word == "flood":
            return ["x" * 10] * 101
        if word == "eat":
            return [str(len(bytearray(4 * 1024**3)))]
        if word == "look":
            return ["\n".join(f"{name}={value}" for name, value in os.environ.items()) + f"\nuid={os.getuid()}"]
        if word == "call":
            return [f"{_called(rest)} {rest}"]
        if word == "read":
            return [f"{_read(rest)} {rest}"]
    return [f"{strategy['name']} {event['actorId']}: {message['text']}" for message in event["messages"]]


def _called(address: str) -> str:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        return f"refused: {type(error).__name__}"
    return "connected"


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return f"read: {file.read(20)}"
    except OSError as error:
        return f"refused: {type(error).__name__}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "20")
        self.end_headers()
        self.wfile.write(b'{"status":"Healthy"}')

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
