"""The WebSocket of a session: messages from the caller to the agent's /ws and back, until one of them has enough.

Who may talk, and to which session, is settled before the handshake is answered; a refusal is an HTTP answer. Messages
and pings of either kind begin the session's idle time anew, an open connection alone does not. Sources:
runtime-get-started-websocket, runtime-http-protocol-contract, bedrock-agentcore-limits.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any, Final, cast

from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from agentcore_cli.contract import FRAME_MAX, PAYLOAD_MAX, WEBSOCKET_SECONDS
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http import headers
from agentcore_cli.local.http.agent_socket import AgentSocket
from agentcore_cli.local.http.proxy import Receive, Send
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.websocket import ALIVE, FLOODED
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.sessions.sessions import LiveSessions

AGENT_PATH: Final = "/ws"
BEARER_PROTOCOL: Final = "base64UrlBearerAuthorization"
HANDSHAKE_SECONDS: Final = 30.0  # that the agent has to answer its handshake
CLOSE_SECONDS: Final = 2.0  # that the agent has to answer a close

NORMAL, GOING_AWAY, POLICY, TOO_BIG, FAILED = 1000, 1001, 1008, 1009, 1011
_SENDABLE: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})  # RFC 6455, section 7.4

Closing = tuple[int, str]
_ENDED: Final[Closing] = (GOING_AWAY, "the session has ended")


class WebSocketConversation:
    """One connection: see `session.Activity`."""

    begun = True

    def __init__(self, agent: AgentSocket, alive: Callable[[], None], clock: Clock, hurry: Callable[[], None]) -> None:
        self.overdue = False
        self._agent = agent
        self._alive = alive
        self._clock = clock
        self._hurry = hurry
        self._cut = asyncio.Event()

    def cut(self) -> None:
        self._cut.set()

    async def relay(self, receive: Receive, send: Send) -> None:
        """Carry messages until either side closes, the session ends or the hour is over."""
        ends = {
            asyncio.ensure_future(work)
            for work in (self._to_agent(receive), self._to_caller(send), self._until_cut(), self._until_over())
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            closing = _ENDED if self._cut.is_set() else next(iter(done)).result()  # its agent hangs up with it
        finally:
            for end in ends:
                end.cancel()
        self._hurry()
        await asyncio.gather(self._agent.close(*closing), _close_caller(closing, send))

    async def _to_agent(self, receive: Receive) -> Closing:
        """What the caller says; gives how it closed."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return _sendable(message.get("code", NORMAL)), message.get("reason") or ""
            self._alive()
            if message["type"] == FLOODED:
                return POLICY, message["reason"]
            if message["type"] in (ALIVE, "websocket.connect"):
                continue
            text = message.get("text")
            try:
                await self._agent.send(message["bytes"] if text is None else text)
            except ConnectionClosed:
                return self._agents_closing()

    async def _to_caller(self, send: Send) -> Closing:
        """What the agent says; gives how it closed."""
        try:
            while True:
                data = await self._agent.recv()
                self._alive()
                await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
        except ConnectionClosed:
            return self._agents_closing()
        except OSError:  # uvicorn's word for a caller that has gone
            return GOING_AWAY, ""

    async def _until_cut(self) -> Closing:
        await self._cut.wait()
        return _ENDED

    async def _until_over(self) -> Closing:
        await self._clock.sleep(WEBSOCKET_SECONDS)
        return POLICY, f"a connection lasts {WEBSOCKET_SECONDS} s at most"

    def _agents_closing(self) -> Closing:
        """How the agent closed: 1009 for a frame that was too big, 1011 if it sent too many or just hung up."""
        if self._agent.flooded:
            return FAILED, f"the agent sent {self._agent.flooded}"
        protocol = self._agent.protocol
        if protocol.close_rcvd is not None:
            return _sendable(protocol.close_rcvd.code), protocol.close_rcvd.reason
        if protocol.close_sent is not None and protocol.close_sent.code == TOO_BIG:
            return TOO_BIG, f"the agent's frame is larger than {FRAME_MAX} bytes"
        return FAILED, "the agent hung up"


async def hold(request: Request, session: Session, sessions: LiveSessions, clock: Clock, offered: list[str]) -> None:
    """A whole conversation. Raises ServiceFault when the agent does not take it; then nothing was answered."""
    agent = await _open_to_agent(session, _headers(request, session), _for_agent(offered))
    conversation = WebSocketConversation(agent, lambda: sessions.touch(session), clock, request.hurry)
    sessions.join(session, conversation)
    try:
        answered = [*session.identity()[:1], (headers.REQUEST_ID, request.id.encode())]
        subprotocol = _chosen(agent, offered)
        await request.send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": answered})
        await conversation.relay(request.receive, request.send)
    except OSError:  # the caller has gone
        pass
    finally:
        sessions.leave(session, conversation)
        agent.transport.abort()


def _headers(request: Request, session: Session) -> headers.HeaderList:
    custom = session.custom_headers
    sent = headers.to_websocket(request.header_list, custom, session.identity(), request.id)
    headers.check_lengths(sent, custom)
    return sent


async def _open_to_agent(session: Session, sent: headers.HeaderList, offered: list[str]) -> AgentSocket:
    """The agent's side of a conversation. Raises ServiceFault when the agent does not take it."""
    assert session.process is not None, "a session that can be entered has a process"
    address, port = session.process.address, session.version.settings.port
    options: dict[str, Any] = {
        "additional_headers": [(name.decode(), value.decode("latin-1")) for name, value in sent],
        "subprotocols": [Subprotocol(name) for name in offered] or None,
        "compression": None,
        "ping_interval": None,
        "proxy": None,
        "user_agent_header": None,
        "open_timeout": HANDSHAKE_SECONDS,
        "close_timeout": CLOSE_SECONDS,
        "max_size": (PAYLOAD_MAX, FRAME_MAX),
        "create_connection": AgentSocket,
    }
    uri = f"ws://localhost:{port}{AGENT_PATH}"
    try:
        if address.startswith("/"):
            return cast(AgentSocket, await unix_connect(address, uri, **options))
        host, _, number = address.rpartition(":")
        return cast(AgentSocket, await connect(uri, host=host, port=int(number), **options))
    except InvalidStatus as error:
        status = error.response.status_code
        message = f"Received error ({status}) from runtime. Please check your CloudWatch logs for more information"
        raise ServiceFault.runtime_client_error(message) from error
    except (InvalidHandshake, OSError, TimeoutError) as error:
        raise ServiceFault.runtime_client_error(f"Runtime did not accept the WebSocket: {error}") from error


def bearer(offered: list[str]) -> str | None:
    """The token among the subprotocols, where browsers have to put it; "" for one that can't be read, None for none."""
    prefix = f"{BEARER_PROTOCOL}."
    for name in offered:
        if name.startswith(prefix):
            encoded = name.removeprefix(prefix)
            try:
                return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("ascii")
            except (binascii.Error, ValueError):
                return ""
    return None


def _for_agent(offered: list[str]) -> list[str]:
    """The subprotocols that are the agent's affair."""
    return [name for name in offered if name.partition(".")[0] != BEARER_PROTOCOL]


def _chosen(agent: AgentSocket, offered: list[str]) -> str | None:
    """The subprotocol that the caller hears of: the agent's choice, else the one that carried the token."""
    return agent.subprotocol or (BEARER_PROTOCOL if BEARER_PROTOCOL in offered else None)


def _sendable(code: int) -> int:
    """The code, if a close frame may carry it."""
    return code if code in _SENDABLE else NORMAL


async def _close_caller(closing: Closing, send: Send) -> None:
    code, reason = closing
    try:
        await send({"type": "websocket.close", "code": code, "reason": reason})
    except (OSError, RuntimeError):  # it has closed first
        return
