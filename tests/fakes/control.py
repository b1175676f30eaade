"""A control plane with a `RecordingLifecycle` behind it, called in the process: no server, no sockets."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from agentcore_cli.contract import LOCAL_BUCKET, LOCAL_ROLE
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ControlPlane
from agentcore_cli.local.control.plane import MMDSV2
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.wire import split_path
from agentcore_cli.local.store import Database
from tests.fakes.lifecycle import RecordingLifecycle

REGION = "us-west-2"
DIGEST = "0123456789abcdef" * 4
CODE = {
    "codeConfiguration": {
        "code": {"s3": {"bucket": LOCAL_BUCKET, "prefix": f"{DIGEST}.zip"}},
        "runtime": "PYTHON_3_13",
        "entryPoint": ["main.py"],
    }
}
PARTNER = {"AWS": "arn:aws:iam::210987654321:root"}
SETTINGS: dict[str, Any] = {"agentRuntimeArtifact": CODE, "roleArn": LOCAL_ROLE}


def policy_of(arn: str, **members: Any) -> str:
    """A resource policy of one statement, with `members` of it set otherwise."""
    statement = {"Effect": "Allow", "Principal": PARTNER, "Action": "bedrock-agentcore:InvokeAgentRuntime"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Resource": arn} | members]})


class LocalControl:
    """Its methods run the event loop until the answer is there; work in the background goes on in the next call."""

    def __init__(self, root: Path, runner: asyncio.Runner, *, metadata: Mapping[str, Any] | None = MMDSV2) -> None:
        self.home = Home(root).create()
        (self.home.artifacts / f"{DIGEST}.zip").touch()
        self._runner = runner
        self._metadata = metadata
        self.faults = Faults()
        self.clock = Clock()
        self.open()

    def open(self) -> None:
        """Start as after a crash: a new process on the same database."""
        self.lifecycle = RecordingLifecycle()
        self.store = Database(self.home.database)
        self.plane = ControlPlane(
            self.store,
            self.clock,
            self.faults,
            self.lifecycle,
            REGION,
            artifacts=self.home.artifacts,
            metadata=self._metadata,
        )

    def close(self) -> None:
        self._runner.run(self.plane.close())
        self.store.close()

    def call(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        region: str = REGION,
        must_start: str = "",
    ) -> tuple[int, Any]:
        """One request; the path is given as on the wire, percent-encoded. The JSON of the answer, or None."""
        path, _, query = url.partition("?")
        payload = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        answer = self.plane.handle(
            method,
            split_path(path.encode()),
            parse_qs(query, keep_blank_values=True),
            payload,
            region,
            must_start=must_start,
        )
        status, _, content = self._runner.run(answer)
        return status, json.loads(content) if content else None

    def create(self, name: str = "agent", **members: Any) -> Any:
        """A runtime, still CREATING."""
        return self.call("PUT", "/runtimes/", {"agentRuntimeName": name, **SETTINGS, **members})[1]

    def ready(self, name: str = "agent", **members: Any) -> Any:
        """A runtime that is READY (or failed, if it was made to)."""
        made = self.create(name, **members)
        self.settle()
        return made

    def update(self, runtime_id: str, **members: Any) -> Any:
        return self.call("PUT", f"/runtimes/{runtime_id}/", {**SETTINGS, **members})[1]

    def get(self, runtime_id: str, **query: str) -> Any:
        return self.call("GET", f"/runtimes/{runtime_id}/?{urlencode(query)}")[1]

    def delete(self, runtime_id: str, **query: str) -> Any:
        return self.call("DELETE", f"/runtimes/{runtime_id}/?{urlencode(query)}")[1]

    def endpoint(self, method: str, runtime_id: str, name: str, **members: Any) -> Any:
        """GET, PUT (update) or DELETE of an endpoint."""
        body = members if method == "PUT" else None
        return self.call(method, f"/runtimes/{runtime_id}/runtime-endpoints/{name}/", body)[1]

    def create_endpoint(self, runtime_id: str, name: str, **members: Any) -> Any:
        return self.call("PUT", f"/runtimes/{runtime_id}/runtime-endpoints/", {"name": name, **members})[1]

    def tags(self, arn: str, region: str = REGION) -> Any:
        return self.call("GET", f"/tags/{quote(arn, safe='')}", region=region)[1]["tags"]

    def put_policy(self, arn: str, policy: str) -> Any:
        return self.call("PUT", f"/resourcepolicy/{quote(arn, safe='')}", {"policy": policy})[1]["policy"]

    def settle(self) -> None:
        """Let every work under way end."""
        self._runner.run(self.plane.settled())

    def spend(self, seconds: float) -> None:
        """Let the event loop run for a while."""
        self._runner.run(asyncio.sleep(seconds))

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._runner.get_loop()

    def recover(self) -> None:
        self._runner.run(self.plane.recover())

    def dump(self) -> str:
        """Every row of the database, as another process sees it."""
        with closing(sqlite3.connect(self.home.database)) as connection:
            return "\n".join(connection.iterdump())
