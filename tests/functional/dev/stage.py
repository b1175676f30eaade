"""A project whose agent needs no packages, and what is seen of `agentcore dev` in it."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.command_line import AGENTCORE
from tests.local_runtime import eventually, nothing_is_served, processes_of
from tests.same_process import SameProcess

SECONDS = 60.0
SOURCE = """\
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

MARK = "0"
calls = 0


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"status": "Healthy"})

    def do_POST(self):
        global calls
        calls += 1
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print("heard", said.get("prompt"), flush=True)
        self.answer(f"{MARK}.{calls}")


HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


INVOKE = ("invoke", "--local", "--raw", "{}", "--session-id")


class Project:
    """Its folder with `agent.py`; `save` changes what the agent answers."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.command = SameProcess(folder, {"AGENTCORE_HOME": str(home)})

    def save(self, mark: str, *, file: str = "agent.py", **others: str) -> None:
        """Also `others`, files by their names without `.py`."""
        for name, text in others.items():
            (self.folder / f"{name}.py").write_text(text)
        (self.folder / file).write_text(SOURCE.replace('MARK = "0"', mark if "=" in mark else f'MARK = "{mark}"'))

    def call(self, session: str, *of_agent: str) -> str:
        ran = self.command.run(*of_agent, *INVOKE, session)
        said: str = json.loads(ran.stdout)
        return said

    def call_while_it_ends(self, session: str) -> str | None:
        """The answer, or None to a call that was under way when its session was ended."""
        ran = self.command.outcome(*INVOKE, session)
        if ran.returncode == 5 and "Runtime stopped on request" in ran.stderr:
            return None
        assert ran.returncode == 0, ran.stderr
        said: str = json.loads(ran.stdout)
        return said

    def is_left(self) -> bool:
        """Whether anything is left of it on the machine."""
        return bool(processes_of(self.home)) or (self.home / "server.json").exists()

    def gone(self) -> None:
        """Return when nothing is left of it but a server without anything to serve, which is stopped."""
        eventually(lambda: not processes_of(self.folder), "whoever clears up behind it is done", SECONDS)
        nothing_is_served(self.home)
        assert not self.is_left()

    def goes(self) -> None:
        """Return when nothing is left of it, the server included, which ends by itself."""
        eventually(lambda: not self.is_left(), "nothing is left", SECONDS)


class Dev:
    """`agentcore dev --json` while it runs; `wait` gives the next event of a name."""

    def __init__(self, project: Project, *arguments: str, stdin: int | None = subprocess.PIPE) -> None:
        self.events: list[dict[str, Any]] = []
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.process = subprocess.Popen(
            [str(AGENTCORE), "dev", "--json", *arguments],
            cwd=project.folder,
            env=project.command.whole_environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, name: str) -> dict[str, Any]:
        while True:
            try:
                event = self._queue.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"no {name} among {self.events}") from None
            assert event is not None, f"ended before {name}: {self.events}"
            self.events.append(event)
            if event.get("event", "error") == name:
                return event

    def logged(self) -> set[str]:
        """The agents of which a line of their logs was told so far."""
        with contextlib.suppress(queue.Empty):
            while (event := self._queue.get_nowait()) is not None:
                self.events.append(event)
        return {event["agent"] for event in self.events if event.get("event") == "log"}

    def say(self, text: str) -> dict[str, Any]:
        """A turn; gives its answer's event."""
        self.type(text)
        return self.wait("data")

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """Nothing more is typed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)
