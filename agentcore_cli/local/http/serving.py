"""Uvicorn, but for how connections come in and what may be said on them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from agentcore_cli.local.http.connection import CallerConnection
from agentcore_cli.local.http.strangers import RESERVE, Acceptor, Strangers

BACKLOG: Final = 2048
KEEP_ALIVE_SECONDS: Final = 75
CLOSE_SECONDS: Final = 2  # how long open connections of callers may take to end


class HttpServer(uvicorn.Server):
    """Serves an ASGI application; signals are for its owner to hear."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._strangers = Strangers()
        super().__init__(_config(application, self._strangers))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.servers = [self._accept(listener) for listener in sockets or []]  # type: ignore[misc]
        self.started = True

    async def serve_besides(self, listener: socket.socket) -> contextlib.ExitStack:
        """Answer on a further socket too, until what this gives is closed."""
        ending = contextlib.ExitStack()
        ending.callback(listener.close)
        ending.callback(self._accept(listener, reserve=0).close)
        return ending

    def _accept(self, listener: socket.socket, reserve: int = RESERVE) -> Acceptor:
        make: Any = self.config.http_protocol_class
        protocol = functools.partial(make, config=self.config, server_state=self.server_state, app_state={})
        return Acceptor(listener, protocol, self._strangers, reserve)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """What the application does has to end before connections do."""
        yield


def _config(application: Callable[..., Any], strangers: Strangers) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="none",
        http=functools.partial(CallerConnection, strangers),  # type: ignore[arg-type]  # it is called like a class
        ws=_web_socket,  # type: ignore[arg-type]  # it is called like the class that it stands for
        ws_ping_interval=None,  # a ping begins the session's idle time anew, so only callers send them
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )


def _web_socket(**named: Any) -> asyncio.Protocol:
    """Uvicorn's protocol for the connection of a caller who wants a WebSocket; the library is loaded for the first."""
    from agentcore_cli.local.http.websocket import WebSocket

    return WebSocket(**named)
