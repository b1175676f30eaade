"""A client of the server's own extension, `/_local/…`; the service's operations have clients elsewhere."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, TypedDict
from urllib.parse import quote

from agentcore_cli.contract import HEADER_REQUEST_ID, LOCAL_REGION, SERVICE
from agentcore_cli.errors import AgentcoreError, CredentialsError, InputError, NotFoundError, ServiceError
from agentcore_cli.local.daemon import Server
from agentcore_cli.signature import proof

TIMEOUT: Final = 60.0  # seconds
_ERRORS: Final[Mapping[int, type[AgentcoreError]]] = {
    400: InputError,
    401: CredentialsError,
    403: CredentialsError,
    404: NotFoundError,
}


class ProtectionRecord(TypedDict):
    """One wall around the sessions: whether it stands, and why not, or what is less about it."""

    name: str
    active: bool
    reason: str


class MountRecord(TypedDict):
    """A folder or file of this machine that sessions see at its own path."""

    path: str
    writable: bool


@dataclass(frozen=True, slots=True)
class Health:
    """`level` is how sessions are kept apart, `level_reason` why not better, "" if best; `time` is the server's."""

    version: str
    level: str
    level_reason: str
    runtimes: int
    sessions: int
    time: float
    faults: dict[str, int]
    protections: tuple[ProtectionRecord, ...] = ()  # servers of older versions tell of none
    mounts: tuple[MountRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session, alive or ended. Times are seconds since the epoch on the server's clock."""

    session_id: str
    runtime_id: str
    runtime_arn: str
    endpoint: str
    version: str
    state: str
    started_at: float
    last_used_at: float
    invocations: int
    pid: int | None
    warm: bool
    cold_reason: str
    sandbox: str
    log: str
    ended_at: float | None
    end_reason: str | None
    sandbox_reason: str = ""  # what kind of one, or why no better; ledgers of older versions have neither
    warnings: tuple[str, ...] = ()  # what goes well here and not on AWS
    storage_bytes: int | None = None  # what its storage holds, as far as is known; None without one


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Living sessions, then ended ones, newest first; `now` is the server's clock."""

    sessions: tuple[SessionRecord, ...]
    now: float


class StartRecord(TypedDict):
    """A session whose agent does not serve yet: for how many seconds, and what it does instead, "" if not known."""

    session_id: str
    seconds: float
    seen: str


class LocalRuntime:
    """Every method raises an AgentcoreError with the request's id when the server refuses or does not answer."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def health(self) -> Health:
        health = self._call("GET", "health")
        return Health(**{**health, "protections": tuple(health.get("protections", ()))})

    def sessions(self, runtime_arn: str | None = None) -> SessionPage:
        """The sessions of one runtime, or of all."""
        query = f"?runtime_arn={quote(runtime_arn, safe='')}" if runtime_arn else ""
        page = self._call("GET", f"sessions{query}")
        names = [field.name for field in fields(SessionRecord)]
        return SessionPage(
            tuple(
                SessionRecord(**{name: record[name] for name in names if name in record}) for record in page["sessions"]
            ),
            page["now"],
        )

    def starts(self, runtime_arn: str) -> list[StartRecord]:
        """The sessions that start, that of a deploy's trial too; of the ARN the end may be missing."""
        starts: list[StartRecord] = self._call("GET", f"starts?runtime_arn={quote(runtime_arn, safe='')}")["starts"]
        return starts

    def artifacts(self) -> set[str]:
        """The digests of the bundles that the versions of all runtimes, in all regions, are made from."""
        return {key.removesuffix(".zip") for key in self._call("GET", "artifacts")["code_keys"]}

    def advance_clock(self, seconds: float) -> float:
        """Move the server's clock forward; gives its new time."""
        now: float = self._call("POST", "clock", {"seconds": seconds})["time"]
        return now

    def arm_fault(self, name: str, count: int) -> None:
        """Let the next `count` occasions of a fault (`faults.FAULTS`) fail."""
        self._call("POST", "faults", {"fault": name, "count": count})

    def put_credentials(
        self,
        runtime_arn: str,
        environment: Mapping[str, str],
        source: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """Give the runtime's sessions these AWS_* variables, what `source` (`brokers.Source`) leads to, and secrets.

        The server keeps them in memory only. The ARN may lack the end that AgentCore gives to an id (`…:runtime/name`):
        they are there before the runtime is.
        """
        asked = {"runtime_arn": runtime_arn, "environment": dict(environment), "source": source}
        asked |= {"secrets": dict(secrets or {})}
        self._call("PUT", "credentials", asked)

    def shutdown(self) -> None:
        """Ask the server to end; `daemon.stop` also waits for it."""
        self._call("POST", "shutdown")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._server.host, self._server.port, timeout=TIMEOUT)
        payload = json.dumps(body).encode() if body is not None else b""
        target = f"/_local/{path}"
        try:
            connection.request(method, target, payload or None, self._signed(method, target, payload))
            response = connection.getresponse()
            return _answer(response.status, response.headers.get(HEADER_REQUEST_ID), response.read())
        except (http.client.HTTPException, OSError) as error:
            raise ServiceError(
                f"the local runtime at {self._server.url} does not answer: {error}", hint="agentcore local start"
            ) from error
        finally:
            connection.close()

    def _signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The headers that prove that the request is of somebody who may read the server's file."""
        where, _, query = path.partition("?")
        host = {"Host": f"{self._server.host}:{self._server.port}"}
        return host | proof(self._server.key, LOCAL_REGION, SERVICE, time.time(), (method, where, query), host, body)


def _answer(status: int, request_id: str | None, body: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body)
    if status != 200:
        kind = _ERRORS.get(status, ServiceError)
        raise kind(answer.get("message", f"HTTP {status}"), request_id=request_id)
    return answer
