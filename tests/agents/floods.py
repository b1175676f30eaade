"""An agent of the standard library alone that never stops talking, or never listens: what is asked says which."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import time
from typing import Any

PIECE = bytes(60_000)
plan = {"do": "endless"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != "/ws":
            return self.tell({"status": "Healthy"})
        key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "Upgrade")
        self.send_header("sec-websocket-accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        getattr(self, f"ws_{plan['do']}")()
        return None

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        if asked.get("do") == "stream":
            return self.stream(asked.get("pieces"))
        plan.update(asked)
        return self.tell(plan)

    def stream(self, pieces: int | None) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        sent = 0
        while pieces is None or sent < pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(PIECE), PIECE))
            sent += 1
        self.wfile.write(b"0\r\n\r\n")

    def ws_endless(self) -> None:
        while True:
            self.wfile.write(b"\x82\x7e" + len(PIECE).to_bytes(2, "big") + PIECE)

    def ws_pings(self) -> None:
        while True:
            self.wfile.write((b"\x89\x7d" + bytes(125)) * 1000)

    def ws_fragments(self) -> None:
        self.wfile.write(b"\x02\x00")
        while True:
            self.wfile.write(b"\x00\x00" * 30_000)

    def ws_deaf(self) -> None:
        time.sleep(3600)

    def tell(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


http.server.ThreadingHTTPServer.daemon_threads = True
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
