"""A client of the server's own extension, `/_local/…`; the service's operations have clients elsewhere."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from agentcore_cli.contract import HEADER_REQUEST_ID, LOCAL_REGION, SERVICE, MustStart
from agentcore_cli.errors import AgentcoreError, CredentialsError, InputError, NotFoundError, ServiceError
from agentcore_cli.local.protocol import (
    AdvanceClock,
    ArmedFaults,
    ArmFault,
    Artifacts,
    ClockTime,
    CredentialSource,
    Done,
    ForeseeVersion,
    Health,
    PageInvitation,
    PutCredentials,
    ServerFile,
    SessionPage,
    StartRecord,
    Starts,
    TracePage,
)
from agentcore_cli.signature import proof

if TYPE_CHECKING:
    from agentcore_cli.formats.otlp import WholeTrace

TIMEOUT: Final = 60.0  # seconds
_ERRORS: Final[Mapping[int, type[AgentcoreError]]] = {
    400: InputError,
    401: CredentialsError,
    403: CredentialsError,
    404: NotFoundError,
}


T = TypeVar("T")


class AdminClient:
    """Every method raises an AgentcoreError with the request's id when the server refuses or does not answer."""

    def __init__(self, server: ServerFile) -> None:
        self.server = server

    def health(self) -> Health:
        return self._call("GET", "health", Health)

    def sessions(self, runtime_arn: str | None = None) -> SessionPage:
        """The sessions of one runtime, or of all."""
        query = f"?runtime_arn={quote(runtime_arn, safe='')}" if runtime_arn else ""
        return self._call("GET", f"sessions{query}", SessionPage)

    def starts(self, runtime_arn: str) -> tuple[StartRecord, ...]:
        """The sessions that start, that of a deploy's trial too; of the ARN the end may be missing."""
        return self._call("GET", f"starts?runtime_arn={quote(runtime_arn, safe='')}", Starts).starts

    def artifacts(self) -> set[str]:
        """The digests of the bundles that the versions of all runtimes, in all regions, are made from."""
        return {key.removesuffix(".zip") for key in self._call("GET", "artifacts", Artifacts).code_keys}

    def traces(self, **query: str | int | float) -> TracePage:
        """The traces of a query, whose members are those of `local.traces.frames.TraceQuery`."""
        return self._call("GET", f"traces?{urlencode(query)}", TracePage)

    def trace(self, **query: str | int | float) -> WholeTrace:
        """One trace with all its spans. Raises NotFoundError."""
        from agentcore_cli.formats.otlp import WholeTrace

        return self._call("GET", f"trace?{urlencode(query)}", WholeTrace)

    def invite(self) -> PageInvitation:
        """An address that lets a browser in, once."""
        return self._call("POST", "page", PageInvitation)

    def advance_clock(self, seconds: float) -> float:
        """Move the server's clock forward; gives its new time."""
        return self._call("POST", "clock", ClockTime, AdvanceClock(seconds)).time

    def arm_fault(self, name: str, count: int) -> None:
        """Let the next `count` occasions of a fault (`faults.FAULTS`) fail."""
        self._call("POST", "faults", ArmedFaults, ArmFault(name, count))  # type: ignore[arg-type]  # the server checks

    def put_credentials(
        self,
        runtime_arn: str,
        environment: Mapping[str, str],
        source: CredentialSource | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """See `PutCredentials`. The server keeps them in memory only."""
        given = PutCredentials(runtime_arn, dict(environment), source, dict(secrets or {}))
        self._call("PUT", "credentials", Done, given)

    def foresee(self, runtime_id: str, request: Mapping[str, Any], must_start: MustStart) -> None:
        """Say that UpdateAgentRuntime is about to be called with `request`: what it makes is tried out from now on."""
        self._call("POST", "foreseen", Done, ForeseeVersion(runtime_id, msgspec.Raw(json.dumps(request)), must_start))

    def shutdown(self) -> None:
        """Ask the server to end; `daemon.stop` also waits for it."""
        self._call("POST", "shutdown", Done)

    def _call(self, method: str, path: str, answer: type[T], body: msgspec.Struct | None = None) -> T:
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=TIMEOUT)
        payload = msgspec.json.encode(body) if body is not None else b""
        target = f"/_local/{path}"
        try:
            connection.request(method, target, payload or None, self._signed(method, target, payload))
            response = connection.getresponse()
            return _answer(response.status, response.headers.get(HEADER_REQUEST_ID), response.read(), answer)
        except (http.client.HTTPException, OSError) as error:
            raise ServiceError(
                f"the local runtime at {self.server.url} (process {self.server.pid}) does not answer: {error}",
                hint="agentcore local stop, then again: that starts it anew",
            ) from error
        finally:
            connection.close()

    def _signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The headers that prove that the request is of somebody who may read the server's file."""
        where, _, query = path.partition("?")
        host = {"Host": f"{self.server.host}:{self.server.port}"}
        return host | proof(self.server.key, LOCAL_REGION, SERVICE, time.time(), (method, where, query), host, body)


def _answer(status: int, request_id: str | None, body: bytes, shape: type[T]) -> T:
    if status == 200:
        return msgspec.json.decode(body, type=shape)
    message = msgspec.json.decode(body).get("message", f"HTTP {status}")
    raise _ERRORS.get(status, ServiceError)(message, request_id=request_id)
