"""A local runtime for tests: a real server process of its own home, and clients that know nothing of our code."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import json
import os
import time
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local import daemon
from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.home import Home
from agentcore_cli.local.protocol import SessionRecord
from tests.stand_ins import boto3_client

REGION = "us-west-2"
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
DEPLOY_SECONDS = 60
UNSIGNED = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
TO_BE_SIGNED = "(to be signed)"
ONE_ATTEMPT = Config(read_timeout=120, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class RunningServer:
    """A server that runs, and everything a test asks of it. `patience` is for one answer by http.client, in seconds."""

    def __init__(self, home: Home, patience: float = 60) -> None:
        self.home = home
        self.patience = patience
        self.info = daemon.ensure_running(home)
        self.local = AdminClient(self.info)
        self.control = self._boto3("bedrock-agentcore-control")
        self.data = self._boto3("bedrock-agentcore")

    def _boto3(self, service: str) -> Any:
        return boto3_client(service, self.info.url, *self.info.key, config=ONE_ATTEMPT)

    def close(self) -> None:
        """Close the clients; the server goes on."""
        self.control.close()
        self.data.close()

    def deploy(
        self,
        agent: str | Path,
        *,
        name: str = "agent",
        interpreter: Path | None = None,
        environment: Path | None = None,
        python: str = "3.11",
        **settings: Any,
    ) -> str:
        """Put an agent (its source, or its file) into the store and create a runtime of it; gives the ARN.

        `interpreter` and `environment` go into the sidecar; without, the plain Python of that version is used.
        """
        created = self.control.create_agent_runtime(
            agentRuntimeName=name,
            agentRuntimeArtifact=self.put(agent, interpreter=interpreter, environment=environment, python=python),
            roleArn="arn:aws:iam::000000000000:role/AmazonBedrockAgentCoreLocal",
            networkConfiguration={"networkMode": "PUBLIC"},
            **settings,
        )
        self.wait_ready(created["agentRuntimeId"])
        return str(created["agentRuntimeArn"])

    def update(self, arn: str, agent: str | Path, *, python: str = "3.11", **settings: Any) -> None:
        """A new version of a runtime."""
        self.control.update_agent_runtime(
            agentRuntimeId=runtime_id(arn),
            agentRuntimeArtifact=self.put(agent, python=python),
            roleArn="arn:aws:iam::000000000000:role/AmazonBedrockAgentCoreLocal",
            networkConfiguration={"networkMode": "PUBLIC"},
            **settings,
        )
        self.wait_ready(runtime_id(arn))

    def put(
        self,
        agent: str | Path,
        *,
        interpreter: Path | None = None,
        environment: Path | None = None,
        python: str = "3.11",
    ) -> dict[str, Any]:
        """Put a zip, and a sidecar, into the content store; gives the `agentRuntimeArtifact` that names it."""
        source = agent.read_text() if isinstance(agent, Path) else agent
        data = zipped({"main.py": source})
        digest = hashlib.sha256(data).hexdigest()
        (self.home.artifacts / f"{digest}.zip").write_bytes(data)
        if interpreter is not None:
            sidecar = {"interpreter": str(interpreter), "python": python}
            if environment is not None:
                sidecar["environment"] = str(environment)
            (self.home.artifacts / f"{digest}.json").write_text(json.dumps(sidecar))
        return {
            "codeConfiguration": {
                "code": {"s3": {"bucket": "agentcore-local", "prefix": f"{digest}.zip"}},
                "runtime": f"PYTHON_{python.replace('.', '_')}",
                "entryPoint": ["main.py"],
            }
        }

    def wait_ready(self, agent_runtime_id: str) -> None:
        """Return when a runtime is READY; fails the test when it comes to anything else."""
        shown = eventually(
            lambda: self._unless_under_way(agent_runtime_id), f"{agent_runtime_id} is READY", DEPLOY_SECONDS
        )
        assert shown["status"] == "READY", shown.get("failureReason")

    def _unless_under_way(self, agent_runtime_id: str) -> Any:
        shown = self.control.get_agent_runtime(agentRuntimeId=agent_runtime_id)
        return None if shown["status"] in ("CREATING", "UPDATING") else shown

    def headers(self, session_id: str | None = None, **others: str) -> dict[str, str]:
        """Headers of a request that `open` and `ask` sign with this server's key; `signed` does it before."""
        return {"Authorization": TO_BE_SIGNED} | ({SESSION_HEADER: session_id} if session_id else {}) | others

    def signed(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> dict[str, str]:
        """The headers, signed with this server's key for just this request."""
        return signed(f"{self.info.url}{path}", method, headers, body, key=self.info.key)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """A request by http.client; the answer can be read as it comes. A body in pieces is not signed itself."""
        connection = http.client.HTTPConnection(self.info.host, self.info.port, timeout=self.patience)
        sent = dict(self.headers() if headers is None else headers)
        if sent.get("Authorization") == TO_BE_SIGNED:
            known = body if isinstance(body, bytes) else None
            sent |= {} if known is body else UNSIGNED
            sent = self.signed(method, path, sent, known)
        try:
            connection.request(method, path, body, sent)
            yield connection.getresponse()
        finally:
            connection.close()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request by http.client and its whole answer."""
        with self.open(method, path, body, headers) as response:
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())

    def invoke(self, arn: str, body: bytes | Iterable[bytes], session_id: str | None = None, **headers: str) -> Answer:
        """InvokeAgentRuntime by http.client, once."""
        return self.ask("POST", invocations(arn), body, self.headers(session_id, **headers))

    def sessions(self, arn: str) -> list[SessionRecord]:
        """The sessions of a runtime, ended ones included."""
        return list(self.local.sessions(arn).sessions)

    def files_with(self, text: str) -> Iterator[Path]:
        """The files of the home in which `text` stands; what goes while they are read is left out."""
        for folder, _, names in os.walk(self.home.root):
            for path in (Path(folder) / name for name in names):
                with contextlib.suppress(OSError):
                    if path.is_file() and text.encode() in path.read_bytes():
                        yield path

    def living(self, arn: str) -> list[SessionRecord]:
        return [record for record in self.sessions(arn) if record.ended_at is None]


def signed(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    key: tuple[str, str],
    service: str = "bedrock-agentcore",
    region: str = REGION,
) -> dict[str, str]:
    """The headers of a request, signed by botocore with an id and its secret."""
    sent = {name: value for name, value in headers.items() if name.lower() not in ("authorization", "host")}
    request = AWSRequest(method, url, sent, body)
    SigV4Auth(Credentials(*key), service, region).add_auth(request)
    return dict(request.headers.items())


def invocations(arn: str) -> str:
    return f"/runtimes/{quote(arn, safe='')}/invocations?qualifier=DEFAULT"


def runtime_id(arn: str) -> str:
    return arn.rpartition("/")[2]


def new_session() -> str:
    return str(uuid.uuid4())


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip of these files, the same bytes for the same files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return data.getvalue()


def eventually(check: Any, what: str, seconds: float = 60.0) -> Any:
    """What `check` gives as soon as it is true. Fails the test when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found


def nothing_is_served(home: Path) -> None:
    """Return when the local runtime in `home` has neither a runtime nor a session, its server is stopped, which would
    have ended by itself some seconds later (see the tests of the daemon), and nothing of it runs any more.
    """
    eventually(lambda: _serves_nothing(Home(home)), "the last agent is gone")
    daemon.stop(Home(home))
    eventually(lambda: not processes_of(home), "nothing runs after the last agent is gone")


def _serves_nothing(home: Home) -> bool:
    server = daemon.running(home)
    if server is None:
        return True
    try:
        health = AdminClient(server).health()
    except AgentcoreError:  # it has just ended
        return False
    return not (health.runtimes or health.sessions)


def processes_of(home: Path) -> dict[int, str]:
    """The processes, other than this one, that a home has left: by command line, folder, or open files."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):  # it has ended while we looked
                command = _command(entry)
                if str(home) in command or _has_open(entry, str(home)):
                    found[int(entry.name)] = command
    return found


def _has_open(process: Path, home: str) -> bool:
    links = [os.readlink(link) for link in (process / "cwd", *(process / "fd").iterdir())]
    return any(link.startswith(home) for link in links)


def _command(process: Path) -> str:
    return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
