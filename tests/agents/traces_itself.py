"""An agent of the standard library alone that exports spans as OpenTelemetry's SDK would, and tells what it heard.

The payload: `post` is a list of [path behind the exporter's endpoint, headers, body]; `spans` are exported below the
span of the call, whose ids come from `traceparent`; `ask` is a URL path on the session's own address.
"""

from __future__ import annotations

import http.server
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

ENDPOINT = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
TELEMETRY = {name: value for name, value in os.environ.items() if name.startswith(("OTEL_", "AGENT_OBS"))}


def send(url: str, body: bytes | None, headers: dict[str, str], method: str = "POST") -> list[Any]:
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return [answer.status, answer.read().decode("latin-1")]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode("latin-1")]


def export(spans: list[dict[str, Any]], traceparent: str) -> list[Any]:
    _, trace, parent, _ = traceparent.split("-")
    now = time.time_ns()
    usual = {
        "traceId": trace,
        "parentSpanId": parent,
        "startTimeUnixNano": str(now),
        "endTimeUnixNano": str(now + 10**6),
    }
    told = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "itself"}, "spans": [usual | it for it in spans]}]}]}
    return send(f"{ENDPOINT}/v1/traces", json.dumps(told).encode(), {"content-type": "application/json"})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer({"status": "Healthy"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        traceparent = self.headers["traceparent"]
        heard = [
            send(f"{ENDPOINT}{path}", body.encode("latin-1"), headers) for path, headers, body in asked.get("post", ())
        ]
        heard += [send(ENDPOINT.removesuffix("/otlp") + path, None, {}, "GET") for path in asked.get("ask", ())]
        if "spans" in asked:
            heard.append(export(asked["spans"], traceparent))
        self.answer({"heard": heard, "traceparent": traceparent, "telemetry": TELEMETRY})

    def answer(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
