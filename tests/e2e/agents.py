"""The agents that are deployed: one with packages and compiled code, one of little that an emulated Python imports."""

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
import _thread
import json
import socket


def answer(caller):
    with caller, caller.makefile("rb") as asked:
        if not (asks := asked.readline()):
            return
        length = 0
        while line := asked.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        asked.read(length)
        body = json.dumps({"status": "Healthy"} if asks.startswith(b"GET ") else {"edition": "first"}).encode()
        head = f"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n"
        caller.sendall(f"{head}Connection: close\\r\\n\\r\\n".encode() + body)


with socket.create_server(("0.0.0.0", 8080)) as server:
    while True:
        _thread.start_new_thread(answer, server.accept()[:1])
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
