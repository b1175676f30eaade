"""The agents that are deployed: one with packages and compiled code, one of the standard library alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SDK_AGENT: Final = """\
import platform

from bedrock_agentcore import BedrockAgentCoreApp

app = BedrockAgentCoreApp()
heard = []


@app.entrypoint
def answer(payload, context):
    heard.append(payload["prompt"])
    return {"edition": "first", "heard": heard, "machine": platform.machine(), "session": context.session_id}


app.run()
"""

PLAIN_AGENT: Final = """\
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"status": "Healthy"})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"edition": "first"})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


def write_agent(folder: Path, source: str, *requirements: str) -> None:
    """A project's folder with `agent.py`, and requirements.txt if anything is required."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agent.py").write_text(source)
    if requirements:
        (folder / "requirements.txt").write_text("".join(f"{requirement}\n" for requirement in requirements))


def change_one_line(folder: Path) -> None:
    """The second edition of the agent."""
    path = folder / "agent.py"
    path.write_text(path.read_text().replace('"first"', '"second"'))


def set_keys(folder: Path, **settings: str) -> None:
    """Add keys to the one agent of the config, as YAML texts."""
    path = folder / ".agentcore.yaml"
    lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
    path.write_text(path.read_text().replace("    entrypoint:", f"{lines}    entrypoint:"))
