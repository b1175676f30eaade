"""A request as the planes see it, made once from ASGI's scope."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec

from agentcore_cli.contract import DEFAULT_ENDPOINT, USER_AGENT, Protocol
from agentcore_cli.local.http.headers import HeaderList
from agentcore_cli.local.http.held_body import HeldBody
from agentcore_cli.local.http.proxy import CallerGone, Receive, RequestBody, Send
from agentcore_cli.local.http.recorded_turn import RecordedTurn
from agentcore_cli.local.http.session_tokens import PREFIX, TokenGrant
from agentcore_cli.local.http.wire import ServiceFault, split_path
from agentcore_cli.signature import hash_of


class Request:
    """`id` is what the answer carries as x-amzn-RequestId; `headers` are by lower-case name, of two alike the last.

    `protocol` is that of the agent, once it is known that the request is an invocation of one; `rpc_id` is the id of
    the JSON-RPC request in its body, once that is known: a refusal is written as the protocol wants it. `grant` is
    that of the session that calls, once it is known to. `known` is to be called when its caller has proven that it may
    call, with that grant, if any: its connection is no stranger's from then on; `hurry` when its answer ends before its
    end: a caller that does not take what is left is hung up on.
    `path` and `query_string` are as they were sent. `session_token` stood before the path whose `segments` these are.
    `turn` remembers what is said, where somebody wants to see it.
    """

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.id = str(uuid.uuid4())
        self.method: str = scope.get("method", "GET")  # the handshake of a WebSocket has no other
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query_string: str = scope["query_string"].decode("latin-1")
        self.session_token, self.segments = _parts(_segments(scope["raw_path"]))
        self.query = _query(scope["query_string"])
        self.header_list: HeaderList = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self.header_list)
        self.receive = receive
        self.send = send
        state: dict[str, Callable[..., None]] = scope.get("state", {})
        self.known: Callable[[TokenGrant | None], None] = state.get("known", _nothing)
        self.hurry: Callable[[], None] = state.get("hurry", _nothing)
        self.grant: TokenGrant | None = None
        self.protocol: Protocol = "HTTP"
        self.rpc_id: msgspec.Raw | None = None
        self.turn: RecordedTurn | None = None
        self._held: HeldBody | None = None
        self._has_body = "method" in scope

    @property
    def qualifier(self) -> str:
        """The endpoint that a data plane request is for."""
        return self.query.get("qualifier", [DEFAULT_ENDPOINT])[0]

    @property
    def is_of_a_command(self) -> bool:
        """Whether it says that it comes from `agentcore` itself, which makes sure that the server runs, each time."""
        return USER_AGENT in self.values_of("user-agent")

    @property
    def length(self) -> int | None:
        """The body's announced length in bytes."""
        announced = self.headers.get(b"content-length", b"")
        return int(announced) if announced.isdigit() else None

    def values_of(self, name: str) -> str:
        """The values of a header as a signature takes them: joined by commas; "" where there is none."""
        wanted = name.encode("latin-1", "replace")
        return ",".join(" ".join(value.decode("latin-1").split()) for key, value in self.header_list if key == wanted)

    async def hold_body(self, limit: int, folder: str) -> str:
        """Read the whole body before anybody acts on it: its SHA-256 in hex digits; `body` gives it then.

        What is large lies in a file in `folder`, which has no name. Raises ServiceFault 400 for more than `limit`
        bytes, and CallerGone.
        """
        if not self._has_body:
            return hash_of(b"")
        if (self.length or 0) > limit:
            raise too_large(limit)
        self._held = HeldBody(self.receive)
        read = await self._held.read(limit, folder)
        if read is None:
            raise CallerGone
        length, digest = read
        if length > limit:
            raise too_large(limit)
        self.receive = self._held.receive
        return digest

    def close(self) -> None:
        """Let go of what was held of it."""
        if self._held is not None:
            self._held.close()

    def body(self, limit: int) -> RequestBody:
        """The body, to be read once. Raises ServiceFault 400 when it announces more than `limit` bytes."""
        if (self.length or 0) > limit:
            raise too_large(limit)
        return RequestBody(self.receive, limit)


def _nothing(*_: object) -> None:
    """What is to be done where nobody looks after connections."""


@lru_cache(maxsize=256)
def _segments(raw_path: bytes) -> list[str]:
    """Remembered, because a session's calls all have the same; nobody changes the list."""
    return split_path(raw_path)


def _parts(segments: list[str]) -> tuple[str | None, list[str]]:
    """A session's token, if the path begins with one, and the segments behind it."""
    if segments[0] != PREFIX:
        return None, segments
    return (segments[1] if len(segments) > 1 else ""), segments[2:] or [""]


@lru_cache(maxsize=256)
def _query(query_string: bytes) -> dict[str, list[str]]:
    return parse_qs(query_string.decode("latin-1"), keep_blank_values=True)


def too_large(limit: int) -> ServiceFault:
    return ServiceFault.validation(f"The request's body is larger than {limit} bytes")
