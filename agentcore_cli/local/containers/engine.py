"""The Docker Engine's API over its socket, on the server's own event loop.

The Docker SDK is not used here: it blocks, so that each session would cost threads for its output and for its end,
and importing it would make the idle server twice as large. What is needed of the API is the same since Engine 20.10,
and Podman's socket serves it too. Paths carry no API version: each engine then speaks its newest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from agentcore_cli.docker_context import engine_address
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.http.pool import connect
from agentcore_cli.local.http.upstream import AgentConnection, UpstreamLost

ANSWER_SECONDS: Final = 60.0  # for everything that does not wait for a container
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class EngineError(AgentcoreError):
    """The engine refused, with its own words and the HTTP `status`; or it is not there, and `status` is 0."""

    code = "ContainerEngineFailed"

    def __init__(self, message: str, *, status: int = 0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


@dataclass(frozen=True, slots=True)
class Engine:
    """`address` is a Unix socket's path, or `host:port` on loopback."""

    address: str

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Engine:
        """The engine that the docker command would use.

        Raises EngineError for one on another machine: the ports of its containers are not reachable from here.
        """
        host = engine_address(environment).host
        scheme, _, address = host.partition("://")
        if scheme == "unix" and address.startswith("/"):
            return cls(address)
        if scheme in ("tcp", "http") and address.rpartition(":")[0] in _LOOPBACK:
            return cls(address.rstrip("/").replace("localhost", _LOOPBACK[0]))
        raise EngineError(
            f"{host}: containers of local sessions need an engine on this machine",
            hint="set DOCKER_HOST to a unix:// socket",
        )

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        *,
        seconds: float | None = ANSWER_SECONDS,
    ) -> Any:
        """One request; the JSON of the answer, or None. `seconds` None waits for ever. Raises EngineError."""
        try:
            async with asyncio.timeout(seconds), self.open(method, path, query, body) as connection:
                answer = await _read(connection)
        except TimeoutError as error:
            raise EngineError(f"the container engine did not answer {method} {path} within {seconds} s") from error
        except UpstreamLost as error:
            raise EngineError(f"the container engine hung up on {method} {path}") from error
        return msgspec.json.decode(answer) if answer.strip() else None

    @contextlib.asynccontextmanager
    async def open(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: object = None
    ) -> AsyncIterator[AgentConnection]:
        """The same, with the body of the answer still to be read; every request has a connection of its own.

        Raises EngineError for a refusal, UpstreamLost when the engine hangs up.
        """
        try:
            connection = await connect(self.address)
        except OSError as error:
            raise EngineError(
                f"no container engine answers at {self.address}: {error.strerror or error}",
                hint="start Docker, or set DOCKER_HOST to the socket of another engine",
            ) from error
        try:
            connection.begin(_request(method, path, query, body))
            head = await connection.head()
            if head.status >= 300 and head.status != 304:  # 304: it was so already
                raise EngineError(_message(await _read(connection), head.status), status=head.status)
            yield connection
        finally:
            connection.close()


def _request(method: str, path: str, query: Mapping[str, Any] | None, body: object) -> bytes:
    target = quote(path, safe="/:@") + (f"?{urlencode(query)}" if query else "")
    payload = b"" if body is None else msgspec.json.encode(body)
    head = f"{method} {target} HTTP/1.1\r\nhost: docker\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(payload)}\r\n\r\n".encode() + payload


async def _read(connection: AgentConnection) -> bytes:
    answer = bytearray()
    while data := await connection.chunk():
        answer += data
    return bytes(answer)


def _message(body: bytes, status: int) -> str:
    """What the engine says; a proxy in front of it may say it in its own way."""
    try:
        return str(msgspec.json.decode(body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return body.decode(errors="replace").strip() or f"the container engine answered {status}"
