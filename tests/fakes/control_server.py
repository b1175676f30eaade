"""A control plane behind a real HTTP server, for real boto3: one thread, one event loop, no sessions. Memories are the
local runtime's, both planes of them.

Of the data plane it knows what a deploy asks: each command "runs" in a session that is started for it, unless the agent
`does_not_start`.
"""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from agentcore_cli.contract import HEADER_SESSION
from agentcore_cli.formats.event_stream import encode
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ControlPlane
from agentcore_cli.local.control.plane import MMDSV2
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.tags import Tags
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.wire import Answer, ServiceFault, fault_response, split_path
from agentcore_cli.local.memory.frames import Asked
from agentcore_cli.local.store import Database
from tests.fakes.control import DIGEST, REGION
from tests.fakes.lifecycle import RecordingLifecycle
from tests.fakes.local_memory import LocalMemory
from tests.stand_ins import boto3_client


class ControlServer:
    """Use it in a `with`. `lifecycle`, `faults` and `clock` are those of the plane that answers.

    `does_not_start` is what a caller hears instead of an answer, "" for nothing; `sessions` are those that commands
    have started and nobody has stopped, `commands` what was run. `settles`: before each answer it ends what is under
    way, so that a caller who waits looks once, always.
    """

    def __init__(self, root: Path, *, metadata: Mapping[str, Any] | None = MMDSV2, settles: bool = False) -> None:
        self._metadata, self._settles = metadata, settles
        self.home = Home(root).create()
        (self.home.artifacts / f"{DIGEST}.zip").touch()
        self.does_not_start = ""
        self.sessions: set[str] = set()
        self.commands: list[str] = []
        self.faults = Faults()
        self.clock = Clock()
        self.plane: ControlPlane
        self.lifecycle: RecordingLifecycle
        self._serving = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        config = uvicorn.Config(
            self._answer, "127.0.0.1", 0, ws="none", lifespan="off", interface="asgi3", log_level="warning"
        )
        self._server = uvicorn.Server(config)

    def __enter__(self) -> ControlServer:
        self._thread.start()
        self._serving.wait()
        return self

    def __exit__(self, *failure: object) -> None:
        self._in_loop(self.lifecycle.open.set)
        self._server.should_exit = True
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def client(self, region: str = REGION) -> Any:
        return boto3_client("bedrock-agentcore-control", self.url, region_name=region)

    def tag_as_aws(self, runtime_id: str, tags: Mapping[str, str]) -> None:
        """Put tags on a runtime that no caller may put on: CloudFormation's, for one."""
        self._in_loop(lambda: Tags(Tables(self._store)).put(runtime_id, "", tags))

    def hold(self) -> None:
        """From now on the work behind the statuses waits."""
        self._in_loop(self.lifecycle.open.clear)

    def release(self) -> None:
        self._in_loop(self.lifecycle.open.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.lifecycle = RecordingLifecycle()
        store = self._store = Database(self.home.database)
        memories = self.memories = LocalMemory(self.home.root)
        artifacts = self.home.artifacts
        self.plane = ControlPlane(
            store, self.clock, self.faults, self.lifecycle, REGION, artifacts=artifacts, metadata=self._metadata
        )
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.001)
        self._serving.set()
        await serving
        await self.plane.close()
        memories.close()
        store.close()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        segments = split_path(scope["raw_path"])
        if self._settles:
            await self.plane.settled()
        try:
            if segments[0] == "memories" or ":memory/" in segments[-1]:
                region = headers["authorization"].split("/")[2]
                status, answer_headers, content = self._answer_memory(scope["method"], segments, query, body, region)
            elif segments[-1] in ("commands", "stopruntimesession"):
                status, answer_headers, content = self._answer_data_plane(segments[-1], headers, body)
            else:
                region = headers["authorization"].split("/")[2]
                status, answer_headers, content = await self.plane.handle(
                    scope["method"], segments, query, body, region
                )
        except ServiceFault as fault:
            status, answer_headers, content = fault_response(fault, str(uuid.uuid4()))
        encoded = [(name.encode(), value.encode()) for name, value in answer_headers]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": content})

    def _answer_memory(
        self, method: str, segments: list[str], query: dict[str, list[str]], body: bytes, region: str
    ) -> Answer:
        if self.faults.strike("throttle"):
            raise ServiceFault(429, "ThrottledException", "Rate exceeded")
        (answered,) = self.memories.answer([Asked(method, segments, query, body, region, self.clock.now())])
        if fault := answered.fault():
            raise fault
        self.memories.settle()
        return answered.status, answered.headers, answered.body

    def _answer_data_plane(self, operation: str, headers: Mapping[str, str], body: bytes) -> Answer:
        session = headers[HEADER_SESSION.lower()]
        if operation == "stopruntimesession":
            self.sessions.discard(session)
            return 200, [("content-type", "application/json")], b"{}"
        if self.does_not_start:
            raise ServiceFault.runtime_client_error(self.does_not_start)
        self.sessions.add(session)
        self.commands.append(json.loads(body)["command"])
        ended = json.dumps({"contentStop": {"exitCode": 0, "status": "COMPLETED"}}).encode()
        event = encode({":message-type": "event", ":event-type": "chunk"}, ended)
        return 200, [("content-type", "application/vnd.amazon.eventstream")], event

    def _in_loop(self, act: Callable[[], object]) -> None:
        """Do it in the server's thread, and wait until it is done."""
        done = threading.Event()

        def do() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(do)
        done.wait()
