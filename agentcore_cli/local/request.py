"""A request as the planes see it, made once from ASGI's scope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.local.headers import HeaderList
from agentcore_cli.local.proxy import Receive, RequestBody, Send
from agentcore_cli.local.wire import ServiceFault, split_path


@dataclass
class Request:
    """`id` is what the answer carries as x-amzn-RequestId."""

    id: str
    scope: dict[str, Any]
    receive: Receive
    send: Send

    @cached_property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @cached_property
    def segments(self) -> list[str]:
        return split_path(self.scope["raw_path"])

    @cached_property
    def query(self) -> dict[str, list[str]]:
        text = self.scope["query_string"].decode("latin-1")
        return parse_qs(text, keep_blank_values=True) if text else {}

    @property
    def qualifier(self) -> str:
        """The endpoint that a data plane request is for."""
        return self.query.get("qualifier", [DEFAULT_ENDPOINT])[0]

    @cached_property
    def header_list(self) -> HeaderList:
        headers: HeaderList = self.scope["headers"]
        return headers

    @cached_property
    def headers(self) -> dict[bytes, bytes]:
        """By lower-case name; of a header that came twice, the last."""
        return dict(self.header_list)

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


def too_large(limit: int) -> ServiceFault:
    return ServiceFault.validation(f"The request's body is larger than {limit} bytes")
