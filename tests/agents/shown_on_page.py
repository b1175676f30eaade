"""An agent of the standard library alone that says whatever the payload asks it to say, wherever an agent can say it.

`answer` is answered as it is, with `type` and `status`; `events` are streamed, each of those behind the first when a
call `{"next": true}` to the same session lets it go on; `log` is written to its log; `spans` are exported.
"""

from __future__ import annotations

import http.server
import json
import os
import threading
import time
import urllib.request
from typing import Any

ENDPOINT = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
heard: list[str] = []
go_on = threading.Semaphore(0)
ping = {"status": "Healthy"}


def export(spans: list[dict[str, Any]], traceparent: str) -> None:
    """Below the call's own span; `after` and `took` are milliseconds from the first one's beginning."""
    _, trace, call, _ = traceparent.split("-")
    now = time.time_ns()
    told = []
    for each in spans:
        begin = now + int(each.pop("after", 0) * 1e6)
        end = begin + int(each.pop("took", 1) * 1e6)
        usual = {"traceId": trace, "parentSpanId": call, "startTimeUnixNano": str(begin), "endTimeUnixNano": str(end)}
        told.append(usual | each)
    body = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "itself"}, "spans": told}]}]}
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{ENDPOINT}/v1/traces", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(json.dumps(ping).encode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        if asked.get("next"):
            go_on.release()
        ping.update(asked.get("ping", {}))
        if "log" in asked:
            print(asked["log"], flush=True)
        if "spans" in asked:
            export(asked["spans"], self.headers["traceparent"])
        if "events" in asked:
            self.stream(asked["events"])
        elif "answer" in asked:
            self.answer(asked["answer"].encode(), asked.get("type", "application/json"), asked.get("status", 200))
        else:
            heard.append(asked.get("prompt", ""))
            told = {"response": f"Message {len(heard)} of {os.environ.get('VERSION', '1')}: {heard[-1]}"}
            self.answer(json.dumps(told).encode())

    def stream(self, events: list[str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, event in enumerate(events):
            if number:
                go_on.acquire()
            self.chunk(f"{event}\n\n".encode())
        self.chunk(b"")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def answer(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
