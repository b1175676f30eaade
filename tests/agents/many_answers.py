"""An agent of the standard library alone that answers in every way a test may want; the payload says which."""

from __future__ import annotations

import http.server
import json
import os
import signal
import sys
import threading
import time
from typing import Any

CHUNK = 65_536
calls: list[str] = []
there: list[Any] = []
meeting = threading.Condition()
ping = {"status": "Healthy"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if ping["status"] == "hang":
            time.sleep(3600)
        status = 500 if ping["status"] == "sick" else 200
        self.answer(json.dumps(ping).encode(), status=status)

    def do_POST(self) -> None:
        if self.headers.get("content-type") == "application/octet-stream":
            return self.count()
        try:
            asked = json.loads(self.body() or b"{}")
        except (ValueError, RecursionError):
            return self.answer(b'{"error": "no JSON"}', status=400)
        getattr(self, f"on_{asked.get('do', 'echo')}")(asked)
        return None

    def on_echo(self, asked: dict[str, Any]) -> None:
        calls.append(asked.get("prompt", ""))
        self.tell({"prompt": asked.get("prompt"), "calls": len(calls), "pid": os.getpid()})

    def on_headers(self, asked: dict[str, Any]) -> None:
        self.tell(dict(self.headers.items()))

    def on_environment(self, asked: dict[str, Any]) -> None:
        self.tell(dict(os.environ))

    def on_version(self, asked: dict[str, Any]) -> None:
        self.tell({"version": os.environ.get("VERSION")})

    def on_meet(self, asked: dict[str, Any]) -> None:
        """Answers when `all` calls are there at the same time."""
        with meeting:
            there.append(self)
            meeting.notify_all()
            meeting.wait_for(lambda: len(there) == asked["all"])
        self.tell({"met": asked["all"]})

    def on_ping(self, asked: dict[str, Any]) -> None:
        ping.update(asked["ping"])
        self.tell(ping)

    def on_fail(self, asked: dict[str, Any]) -> None:
        print("about to fail", file=sys.stderr, flush=True)
        self.answer(b'{"error": "no luck"}', status=asked.get("status", 500))

    def on_exit(self, asked: dict[str, Any]) -> None:
        print("about to exit", file=sys.stderr, flush=True)
        os._exit(asked.get("code", 3))

    def on_hang_up(self, asked: dict[str, Any]) -> None:
        self.close_connection = True

    def on_stream(self, asked: dict[str, Any]) -> None:
        """SSE, one event per pause."""
        self.start_chunks("text/event-stream")
        for number in range(asked["events"]):
            self.chunk(b"data: %d\n\n" % number)
            time.sleep(asked.get("pause", 0))
        self.chunk(b"")

    def on_killed_stream(self, asked: dict[str, Any]) -> None:
        self.start_chunks("text/event-stream")
        self.chunk(b"data: 0\n\n")
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # where the process is a namespace's first it survives its own SIGKILL
        os._exit(9)

    def on_bytes(self, asked: dict[str, Any]) -> None:
        """`size` bytes with a length, or without one where `length` is false."""
        size = asked["size"]
        self.send_response(200)
        self.send_header("content-type", "application/octet-stream")
        if asked.get("length", True):
            self.send_header("content-length", str(size))
        else:
            self.close_connection = True
        self.end_headers()
        piece = bytes(range(256)) * (CHUNK // 256)
        for at in range(0, size, CHUNK):
            self.wfile.write(piece[: size - at])

    def count(self) -> None:
        """Tell how many bytes came, and whether they were those of `on_bytes`."""
        total, right = 0, True
        piece = bytes(range(256)) * (CHUNK // 256)
        for data in self.pieces():
            at = total % 256
            right = right and data == (piece + piece)[at : at + len(data)]
            total += len(data)
        self.tell({"bytes": total, "right": right, "framing": self.headers.get("transfer-encoding", "length")})

    def pieces(self) -> Any:
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                left = size
                while left:
                    data = self.rfile.read(min(left, CHUNK))
                    left -= len(data)
                    yield data
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("content-length", "0"))
        while left and (data := self.rfile.read(min(left, CHUNK))):
            left -= len(data)
            yield data

    def body(self) -> bytes:
        return b"".join(self.pieces())

    def tell(self, value: Any) -> None:
        self.answer(json.dumps(value).encode())

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-secret", "not for the caller")
        self.end_headers()
        self.wfile.write(body)

    def start_chunks(self, content_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


print("starting", flush=True)
Server(("0.0.0.0", 8080), Handler).serve_forever()
