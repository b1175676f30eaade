"""Which headers go through the data plane: from the caller to the agent, and from the agent back.

Everything is bytes with lower-case names, as the HTTP parsers give it. Sources: runtime-service-contract,
runtime-header-allowlist, runtime-sessions, and botocore's model of InvokeAgentRuntime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from agentcore_cli.contract import (
    HEADER_CUSTOM_PREFIX,
    HEADER_REQUEST,
    HEADER_REQUEST_ID,
    HEADER_SESSION,
    HEADER_VALUE_MAX,
)
from agentcore_cli.local.http.wire import ServiceFault

HeaderList = list[tuple[bytes, bytes]]

SESSION: Final = HEADER_SESSION.lower().encode()
REQUEST: Final = HEADER_REQUEST.lower().encode()
REQUEST_ID: Final = HEADER_REQUEST_ID.lower().encode()
MCP_SESSION: Final = b"mcp-session-id"

_TRACE: Final = (b"x-amzn-trace-id", b"traceparent", b"tracestate", b"baggage")
_CUSTOM_PREFIX: Final = HEADER_CUSTOM_PREFIX.lower().encode()
_TO_AGENT: Final = frozenset((b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name", *_TRACE))
_FROM_AGENT: Final = frozenset((b"content-type", b"mcp-protocol-version", *_TRACE))


def forwardable(allowlist: Iterable[str], *, jwt: bool) -> frozenset[bytes]:
    """The custom headers that a valid allowlist lets through; Authorization only on a runtime with a JWT authorizer."""
    names = {name.lower().encode() for name in allowlist}
    return frozenset(names if jwt else names - {b"authorization"})


def check_lengths(headers: HeaderList, custom: frozenset[bytes]) -> None:
    """Raise ServiceFault (400) if the value of an allowlisted header is longer than the service takes."""
    for name, value in headers:
        if name in custom and len(value) > HEADER_VALUE_MAX:
            message = f"The value of header {name.decode()} is longer than {HEADER_VALUE_MAX} bytes"
            raise ServiceFault.validation(message)


def request_head(path: str, port: int, headers: HeaderList, length: int | None, *, method: bytes = b"POST") -> bytes:
    """The first bytes of the request to the agent; without a length the body is chunked."""
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    lines = [b"%b %b HTTP/1.1" % (method, path.encode()), b"host: localhost:%d" % port]
    lines += [b"%b: %b" % header for header in headers]
    lines += [framing, b"", b""]
    return b"\r\n".join(lines)


def to_agent(received: HeaderList, custom: frozenset[bytes], session: HeaderList, request_id: str) -> HeaderList:
    """What the agent gets of the caller's headers, with the session's own and the request id."""
    headers = [(name, value) for name, value in received if name in _TO_AGENT or name in custom]
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/json"))
    headers += session
    headers.append((REQUEST, request_id.encode()))
    return headers


def to_websocket(received: HeaderList, custom: frozenset[bytes], session: HeaderList, request_id: str) -> HeaderList:
    """The same for the handshake of a WebSocket."""
    headers = [(name, value) for name, value in received if name in _TRACE or name in custom]
    return [*headers, *session, (REQUEST, request_id.encode())]


def in_query(query: Mapping[str, list[str]]) -> HeaderList:
    """The headers that a WebSocket's address may hold, for browsers can set none (runtime-get-started-websocket)."""
    named = [(name.lower().encode(), values[0].encode()) for name, values in query.items()]
    return [(name, value) for name, value in named if name == SESSION or name.startswith(_CUSTOM_PREFIX)]


def from_agent(answered: HeaderList, length: int | None, session: HeaderList, request_id: str) -> HeaderList:
    """What the caller gets of the agent's headers. Without a length the answer is chunked."""
    headers = [(name, value) for name, value in answered if name in _FROM_AGENT]
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/octet-stream"))
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    headers += session
    headers.append((REQUEST_ID, request_id.encode()))
    return headers
