"""A request as the planes see it, made once from ASGI's scope."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec

from agentcore_cli.contract import DEFAULT_ENDPOINT, Protocol
from agentcore_cli.local.headers import HeaderList
from agentcore_cli.local.proxy import Receive, RequestBody, Send
from agentcore_cli.local.wire import ServiceFault, split_path


class Request:
    """`id` is what the answer carries as x-amzn-RequestId; `headers` are by lower-case name, of two alike the last.

    `protocol` is that of the agent, once it is known that the request is an invocation of one; `rpc_id` is the id of
    the JSON-RPC request in its body, once that is known: a refusal is written as the protocol wants it. `known` is to
    be called when its caller has proven that it may call: its connection is no stranger's from then on.
    """

    __slots__ = (
        "header_list",
        "headers",
        "id",
        "known",
        "method",
        "protocol",
        "query",
        "receive",
        "rpc_id",
        "segments",
        "send",
    )

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.id = str(uuid.uuid4())
        self.method: str = scope.get("method", "GET")  # the handshake of a WebSocket has no other
        self.segments = _segments(scope["raw_path"])
        self.query = _query(scope["query_string"])
        self.header_list: HeaderList = scope["headers"]
        self.headers = dict(self.header_list)
        self.receive = receive
        self.send = send
        self.known: Callable[[], None] = scope["state"]["known"]
        self.protocol: Protocol = "HTTP"
        self.rpc_id: msgspec.Raw | None = None

    @property
    def qualifier(self) -> str:
        """The endpoint that a data plane request is for."""
        return self.query.get("qualifier", [DEFAULT_ENDPOINT])[0]

    @property
    def length(self) -> int | None:
        """The body's announced length in bytes."""
        announced = self.headers.get(b"content-length", b"")
        return int(announced) if announced.isdigit() else None

    def body(self, limit: int) -> RequestBody:
        """The body, to be read once. Raises ServiceFault 400 when it announces more than `limit` bytes."""
        if (self.length or 0) > limit:
            raise too_large(limit)
        return RequestBody(self.receive, limit)


@lru_cache(maxsize=256)
def _segments(raw_path: bytes) -> list[str]:
    """Remembered, because a session's calls all have the same; nobody changes the list."""
    return split_path(raw_path)


@lru_cache(maxsize=256)
def _query(query_string: bytes) -> dict[str, list[str]]:
    return parse_qs(query_string.decode("latin-1"), keep_blank_values=True)


def too_large(limit: int) -> ServiceFault:
    return ServiceFault.validation(f"The request's body is larger than {limit} bytes")
