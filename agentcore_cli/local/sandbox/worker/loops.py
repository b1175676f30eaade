"""The agent's port on uvloop, which binds in C: `Loop.create_server` is led to `create_unix_server`.

Its connections are then Unix ones in name, too; a server's protocol gets them with the addresses of TCP ones, because
programs take `request.client.host` for granted.
"""

import importlib.abc
import importlib.util
import os
import socket
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import differences, ports

_KEPT = ("backlog", "ssl", "ssl_handshake_timeout", "ssl_shutdown_timeout", "start_serving")


def lead_uvloop(port: int, listener: int) -> None:
    """Lead the servers that uvloop binds to `port`, now or once it gets imported, to the Unix socket `listener`."""

    def patch(uvloop: Any) -> None:
        patch_create_server(uvloop.Loop, port, listener)

    if "uvloop" in sys.modules:
        patch(sys.modules["uvloop"])
    else:
        sys.meta_path.insert(0, AfterImport("uvloop", patch))


def patch_create_server(loop_class: Any, port: int, listener: int) -> None:
    original = loop_class.create_server

    async def create_server(
        loop: Any, protocol_factory: "Callable[[], Any]", host: Any = None, bind_to: Any = None, **options: Any
    ) -> Any:
        bind_to = options.pop("port", bind_to)
        sock = options.get("sock")
        if sock is not None and ports.is_disguised(sock):
            descriptor = sock.fileno()
        elif sock is None and bind_to == port:
            descriptor = listener
            differences.look_at_address(host, port)
        else:
            return await original(loop, protocol_factory, host, bind_to, **options)
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=os.dup(descriptor))
        kept = {name: options[name] for name in _KEPT if name in options}
        return await loop.create_unix_server(lambda: with_addresses(protocol_factory(), port), sock=unix, **kept)

    loop_class.create_server = create_server


def with_addresses(protocol: Any, port: int) -> Any:
    """Let the protocol see a `Connection`. One that takes no new attributes sees the bare transport."""
    connection_made = protocol.connection_made

    def replacement(transport: Any) -> None:
        connection_made(Connection(transport, port))

    try:
        protocol.connection_made = replacement
    except AttributeError:
        return protocol
    return protocol


class Disguised:
    """Something of uvloop's that passes everything on, except what a subclass answers itself."""

    def __init__(self, original: Any, port: int) -> None:
        self._original = original
        self._port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class Connection(Disguised):
    """A transport that says where TCP peers would be."""

    def __init__(self, transport: Any, port: int) -> None:
        super().__init__(transport, port)
        self.write = transport.write  # on the path of every answer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        value = self._original.get_extra_info(name, default)
        if name == "socket" and value is not None:
            return Socket(value, self._port)
        if name in ("peername", "sockname"):
            sock = Socket(self._original.get_extra_info("socket"), self._port)
            return sock.getpeername() if name == "peername" else sock.getsockname()
        return value


class Socket(Disguised):
    """A transport's socket, likewise. Its family stays Unix: nobody then sets options of TCP."""

    def getpeername(self) -> "tuple[str, int]":
        return ports.LOOPBACK, ports.client_port(self._original.fileno())

    def getsockname(self) -> "tuple[str, int]":
        return ports.LOOPBACK, self._port


class AfterImport(importlib.abc.MetaPathFinder):
    """Calls `then` with a module when it has been imported for the first time."""

    def __init__(self, name: str, then: "Callable[[ModuleType], None]") -> None:
        self._name = name
        self._then = then

    def find_spec(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._then(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
