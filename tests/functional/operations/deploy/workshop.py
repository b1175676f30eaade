"""A project with one small agent, deployed by the operations, and an account that is looked at by boto3 alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentcore_cli.events import Listener
from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from agentcore_cli.operations.deploy.deploy import DeployRequest, DeployResult, deploy
from agentcore_cli.operations.deploy.destroy import DestroyRequest, DestroyResult, destroy
from agentcore_cli.operations.deploy.plan import PlanResult, plan
from agentcore_cli.operations.deploy.status import StatusResult, status
from agentcore_cli.operations.selection import Options, Selected, select
from agentcore_cli.resources.deployment import Overrides
from tests.fakes.things import Heard
from tests.stand_ins import boto3_client

HANDLER = """\
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"status": "Healthy"})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(dict(os.environ))

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""
CONFIG = """\
version: 1
project: workshop-1a2b3c
agents:
  bot:
    entrypoint: handler.py
    python: "3.11"
"""


@dataclass
class Workshop:
    """`root` is the project's folder; `heard` is everything that the operations told."""

    root: Path
    heard: Heard = field(default_factory=Heard)
    region: str | None = None

    @classmethod
    def open(cls, root: Path) -> Workshop:
        root.mkdir(parents=True, exist_ok=True)
        (root / "handler.py").write_text(HANDLER)
        (root / ".agentcore.yaml").write_text(CONFIG)
        return cls(root)

    def configure(self, **settings: str) -> None:
        """Set keys of the agent, as YAML texts."""
        lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
        (self.root / ".agentcore.yaml").write_text(CONFIG + lines)

    @property
    def selected(self) -> Selected:
        return select(Options(config=self.root / ".agentcore.yaml", target="local", region=self.region))

    def deploy(self, listener: Listener | None = None, **environment: str) -> DeployResult:
        """`environment` are the variables of `--env`."""
        request = DeployRequest(Overrides(environment), caller={"AWS_ACCESS_KEY_ID": "of-the-caller", "HOME": "/"})
        return deploy(request, self.selected, listener or self.heard)

    def deploy_without_smoke(self) -> DeployResult:
        return deploy(DeployRequest(smoke=False), self.selected, self.heard)

    def plan(self, **environment: str) -> PlanResult:
        return plan(Overrides(environment), self.selected, self.heard)

    def status(self) -> StatusResult:
        return status(self.selected, self.heard)

    def destroy(self, *, dry_run: bool = False) -> DestroyResult:
        return destroy(DestroyRequest(lambda changes: True, dry_run), self.selected, self.heard)


@contextmanager
def control_plane(home: Home) -> Iterator[Any]:
    """Plain boto3 on the local runtime's control plane."""
    server = daemon.ensure_running(home)
    client = boto3_client("bedrock-agentcore-control", server.url, *server.key)
    try:
        yield client
    finally:
        client.close()


def inventory(home: Home) -> dict[str, tuple[str, int, str]]:
    """Every runtime in the account: its name -> status, number of versions, version that DEFAULT answers with."""
    with control_plane(home) as client:
        found = {}
        for item in client.list_agent_runtimes()["agentRuntimes"]:
            identity = {"agentRuntimeId": item["agentRuntimeId"]}
            versions = client.list_agent_runtime_versions(**identity)["agentRuntimes"]
            endpoint = client.get_agent_runtime_endpoint(**identity, endpointName="DEFAULT")
            found[item["agentRuntimeName"]] = (item["status"], len(versions), endpoint["liveVersion"])
        return found


def stored(home: Home) -> tuple[int, int]:
    """How many bundles and environments lie in the store; environments outlive their agents."""
    return len(list(home.artifacts.glob("*.zip"))), len(list(home.environments.glob("[!.]*")))
