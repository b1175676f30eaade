"""A small A2A agent: its card, and a JSON-RPC endpoint at the root that echoes, streams or fails as it is asked."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get("A2A_PORT", "9000"))
CARD = {
    "name": "echo",
    "description": "Says it again.",
    "version": "1.0.0",
    "protocolVersion": "0.3.0",
    "url": os.environ.get("AGENTCORE_RUNTIME_URL", f"http://127.0.0.1:{PORT}/"),
    "capabilities": {"streaming": True},
    "skills": [],
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/ping": {"status": "Healthy"}, "/.well-known/agent-card.json": CARD}
        self.answer(200 if self.path in known else 404, known.get(self.path, {}))

    def do_POST(self):
        try:
            asked = json.loads(self.body())
        except (ValueError, RecursionError):
            self.answer(400, {"error": "no JSON"})
            return
        if asked["method"] == "fail":
            self.answer(500, {"error": "as asked"})
        elif asked["method"] == "message/stream":
            self.stream(asked)
        else:
            seen = {"path": self.path, "params": asked.get("params")}
            self.answer(200, {"jsonrpc": "2.0", "id": asked["id"], "result": seen})

    def body(self):
        if length := self.headers["content-length"]:
            return self.rfile.read(int(length))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def stream(self, asked):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for number in range(3):
            event = {"jsonrpc": "2.0", "id": asked["id"], "result": number}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
