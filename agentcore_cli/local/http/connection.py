"""A caller's connection: uvicorn's, with limits to what may be said on it before anybody looks at it.

Heads and addresses are bounded while they arrive, and so is the time that they take. What a stranger says after it was
answered is let run out for a few seconds, as a client that still sends would not read the answer if it were hung up on,
and no longer. An `Upgrade` to anything but a WebSocket, where there is one, is passed over (RFC 9110, section 7.8).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Hashable
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from agentcore_cli.local.http.strangers import Strangers
from agentcore_cli.local.http.wire import ServiceFault, fault_response

HEAD_MAX: Final = 128 * 1024  # bytes: 20 allowlisted headers of 4 kB, a token, and what SDKs add
URL_MAX: Final = 16 * 1024  # bytes
FIELDS_MAX: Final = 200  # headers
PIPELINED_MAX: Final = 16  # requests that wait for the answer to one before
HEAD_SECONDS: Final = 10.0  # that a head may take, from the first byte; a stranger's first from when it came
STRANGER_IDLE_SECONDS: Final = 5  # between an answer to a stranger and its next request
REST_SECONDS: Final = 10.0  # that the rest of a body may take when its request is answered already
LAST_SECONDS: Final = 5.0  # that a caller has to take the rest of an answer that has come to its end
_TOKENS_PASSED_OVER: Final = (b"upgrade", b"http2-settings")
_LISTS: Final = (b"sec-websocket-protocol", b"sec-websocket-extensions")


class CallerConnection(HttpToolsProtocol):
    """See the module. `strangers` holds it until `prove` was called, which every scope has as its state's `known`.

    `hurry` is the state's `hurry`.
    """

    def __init__(self, strangers: Strangers, **named: Any) -> None:
        super().__init__(**named)
        self._strangers = strangers
        self._idle_seconds = self.timeout_keep_alive
        self.timeout_keep_alive = STRANGER_IDLE_SECONDS
        self.app_state = {"known": self.prove, "hurry": self.hurry, "lost": self._lost}
        self._timer: asyncio.TimerHandle | None = None
        self._last_timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._fields = 0
        self._head_size = 0
        self._pending = 0  # bytes since anything of the request was whole
        self._passed_over = False
        self._converses = False

    def prove(self, session: Hashable | None = None) -> None:
        """Whoever calls may do so: its connection is no stranger's any more, but the owner's or a `session`'s."""
        if session is None:
            self._strangers.gone(self)
        else:
            self._strangers.belongs(self, session)
        self.timeout_keep_alive = self._idle_seconds

    def hurry(self) -> None:
        """No more will be said: hang up, soon, on a caller that does not take the rest of it."""
        if self._last_timer is None and not self.transport.is_closing():
            self._last_timer = self.loop.call_later(LAST_SECONDS, self.hang_up)

    @property
    def silent(self) -> bool:
        return not self._converses and (self.cycle is None or self.cycle.response_complete)

    def hang_up(self) -> None:
        self.transport.abort()

    # What the event loop calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._strangers.came(self)
        self._end_in(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._in_head and self._timer is None:
            self._end_in(HEAD_SECONDS)
        self._pending += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(error.__context__)
        else:
            if self._pending > HEAD_MAX:
                self._refuse(_too_large())

    # What the parser calls

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            raise ServiceFault.validation("Too many requests wait on one connection")
        self._in_head, self._fields, self._head_size = True, 0, 0
        self._passed_over = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)
        if len(self.url) > URL_MAX:
            raise ServiceFault(414, "ValidationException", f"The address is longer than {URL_MAX} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        self._fields += 1
        if self._fields > FIELDS_MAX:
            raise ServiceFault(431, "ValidationException", f"There are more than {FIELDS_MAX} headers")
        if self._in_head:  # else a trailer, which nobody is told
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._pending = False, 0
        self._stop_timer()
        if self.parser.should_upgrade() and not self._should_upgrade():
            self._passed_over = True
        else:
            super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._pending = 0

    def on_body(self, body: bytes) -> None:
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._pending = True, 0
        if self._passed_over or (self.parser.should_upgrade() and self._should_upgrade()):
            return
        super().on_message_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._stop_timer()
            self._wait_for_next()

    # What uvicorn calls

    def on_response_complete(self) -> None:
        self._stop_last_timer()
        super().on_response_complete()
        if not self._in_head and self.cycle.response_complete and not self.transport.is_closing():
            self._end_in(REST_SECONDS)

    def timeout_keep_alive_handler(self) -> None:
        """Whoever has not even taken its answer is not waited for."""
        if self.transport.get_write_buffer_size():
            self.hang_up()
        else:
            super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        self._refuse(ServiceFault.validation(msg))

    def _should_upgrade(self) -> bool:
        """Whether it is the handshake of a WebSocket, at an address that has one."""
        tokens = b",".join(value for name, value in self.headers if name == b"upgrade").lower().split(b",")
        path = self.url.partition(b"?")[0].rstrip(b"/")
        is_get = self.scope.get("method") == "GET" or self.parser.get_method() == b"GET"
        return b"websocket" in map(bytes.strip, tokens) and is_get and path.endswith(b"/ws")

    def handle_websocket_upgrade(self) -> None:
        """Of headers that are said twice the first counts: clients say those again that a library had made for them."""
        firsts: dict[bytes, bytes] = {}
        for name, value in self.scope["headers"]:
            if name in _LISTS and name in firsts:
                firsts[name] += b", " + value
            firsts.setdefault(name, value)
        firsts[b"upgrade"] = b"websocket"
        self.scope["headers"] = list(firsts.items())
        super().handle_websocket_upgrade()

    def _upgrade(self, rest: bytes) -> None:
        self._stop_timer()
        if not self._passed_over:
            self._converses = True
            self.handle_websocket_upgrade()
            if rest and not self.transport.is_closing():
                self.transport.get_protocol().data_received(rest)  # type: ignore[attr-defined]  # uvicorn's
            return
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(ServiceFault.unknown_operation())
            return
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version), *self._without_upgrade(), b"", b""]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"\r\n".join(lines) + rest)

    def _without_upgrade(self) -> list[bytes]:
        lines = []
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(token for token in tokens if token.lower() not in _TOKENS_PASSED_OVER)
            if name not in _TOKENS_PASSED_OVER and (value or name != b"connection"):
                lines.append(b"%b: %b" % (name, value))
        return lines

    def _count(self, size: int) -> None:
        self._pending = 0
        self._head_size += size
        if self._head_size > HEAD_MAX:
            raise _too_large()

    def _refuse(self, why: BaseException | None) -> None:
        """Say why, if nothing else is being said, and hang up."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            fault = why if isinstance(why, ServiceFault) else ServiceFault.validation("That is no HTTP request")
            self.transport.write(_answer(fault))
        self.transport.close()

    def _wait_for_next(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _end_in(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self.hang_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_last_timer(self) -> None:
        if self._last_timer is not None:
            self._last_timer.cancel()
            self._last_timer = None

    def _lost(self) -> None:
        self._strangers.gone(self)
        self._stop_timer()
        self._stop_last_timer()


def _too_large() -> ServiceFault:
    return ServiceFault(431, "ValidationException", f"The request's head is larger than {HEAD_MAX} bytes")


def _answer(fault: ServiceFault) -> bytes:
    status, headers, body = fault_response(fault, str(uuid.uuid4()))
    lines = [f"{name}: {value}".encode() for name, value in headers]
    lines += [b"content-length: %d" % len(body), b"connection: close", b"", b""]
    return STATUS_LINE[status] + b"\r\n".join(lines) + body
