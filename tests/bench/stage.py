"""What is measured: two agents deployed to a local runtime of their own, and the same agents run by plain Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.addresses import free_port
from tests.bench.http_caller import Address, Caller, Refused
from tests.command_line import CommandLine
from tests.fakes.bedrock import ScriptedBedrock
from tests.local_runtime import UNSIGNED, signed

AGENTS = Path(__file__).parents[1] / "agents"
REQUIREMENTS = "bedrock-agentcore\nstrands-agents\nstrands-agents-tools\n"
JSON = {"Content-Type": "application/json"}
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
POLL_SECONDS = 0.002
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class BenchedAgent:
    """An agent in a folder, deployed. `module` is its file's name without `.py`, `payload` what it is asked."""

    module: str
    payload: bytes
    command: CommandLine
    arn: str
    client_environment: dict[str, str]
    interpreter: Path

    def local(self, session: str, operation: str = "invocations") -> Address:
        """Where the local runtime takes calls for `session`, for the next five minutes."""
        server = urlsplit(self.client_environment["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"])
        path = f"/runtimes/{quote(self.arn, safe='')}/{operation}?qualifier=DEFAULT"
        key = (self.client_environment["AWS_ACCESS_KEY_ID"], self.client_environment["AWS_SECRET_ACCESS_KEY"])
        headers = signed(f"{server.geturl()}{path}", "POST", {**JSON, **UNSIGNED, SESSION_HEADER: session}, key=key)
        return Address(server.hostname or "", server.port or 0, path, headers)

    def stop(self, session: str) -> None:
        """End `session` in the local runtime."""
        with Caller(self.local(session, "stopruntimesession")) as caller:
            caller.post(json.dumps({"clientToken": str(uuid.uuid4())}).encode())

    @contextmanager
    def plain(self) -> Iterator[Address]:
        """The same agent run by its own Python, as its author would without any runtime, on a free TCP port."""
        port = free_port()
        process = subprocess.Popen(
            [self.interpreter, "-c", f"import {self.module} as agent; agent.app.run(port={port})"],
            cwd=self.command.folder,
            env=self.command.whole_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Address("127.0.0.1", port, "/invocations", JSON)
        finally:
            process.terminate()
            process.wait()


def first_answer(address: Address, payload: bytes) -> bytes:
    """Ask until somebody listens; gives the answer. Raises TimeoutError after a minute."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with Caller(address) as caller:
                return caller.post(payload)
        except (ConnectionError, Refused):
            time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{address.url}: no answer in {START_SECONDS} s")


@dataclass(frozen=True, slots=True)
class Stage:
    """`counter` imports Strands and answers by itself; `tutorial` is an agent of AWS's tutorials that asks a model."""

    counter: BenchedAgent
    tutorial: BenchedAgent


@contextmanager
def stage() -> Iterator[Stage]:
    """Both agents deployed to a local runtime in a temporary folder; all of it is gone at the end."""
    root = Path(tempfile.mkdtemp(prefix="agentcore-"))
    try:
        with ScriptedBedrock() as bedrock:
            environment = {**bedrock.environment, "AGENTCORE_HOME": str(root / "home")}
            counter = _deploy(root / "counter", "strands_counter", b'{"prompt": "hi"}', environment)
            question = b'{"prompt": "How is the weather?", "user_id": "1"}'
            tutorial = _deploy(root / "tutorial", "seed_strands_claude_context", question, environment)
            yield Stage(counter, tutorial)
            for agent in (counter, tutorial):
                agent.command.run("destroy", "--local", "--yes")
    finally:
        CommandLine(root, {"AGENTCORE_HOME": str(root / "home")}).run("local", "stop")
        shutil.rmtree(root)


def _deploy(folder: Path, module: str, payload: bytes, environment: dict[str, str]) -> BenchedAgent:
    folder.mkdir()
    shutil.copy(AGENTS / f"{module}.py", folder)
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    command = CommandLine(folder, environment)
    command.run("configure", "--entrypoint", f"{module}.py")
    arn = command.json("deploy", "--local")["arn"]
    client_environment = command.json("local", "env")["environment"]
    # Both agents ask for the same packages, so there is one environment, addressed by their hash.
    (interpreter,) = Path(environment["AGENTCORE_HOME"], "environments").glob("*/bin/python")
    return BenchedAgent(module, payload, command, arn, client_environment, interpreter)
