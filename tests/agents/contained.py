"""An agent on the standard library alone that evaluates what it is sent, so that a test can look around inside."""

import http.server
import json
import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

kept: list[str] = []
seen = (os, socket, sys, time, urllib.request, Path)  # what expressions use


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer({"status": "Healthy"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            self.answer({"value": eval(asked["python"])})
        except Exception as error:
            self.answer({"error": repr(error)})

    def answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


print("starting", flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
