"""The agent's port, without a port: servers bind `8080` as ever and get a Unix socket instead.

Every Python server comes by `socket.socket`: its methods that name an address are replaced so that a bind to the
agent's port puts a listening Unix socket (made by the server of the local runtime, inherited) in the place of the TCP
socket, by `dup2` on its descriptor. The socket object keeps its family; addresses are answered as TCP ones, options of
TCP and IP are accepted and do nothing. uvloop binds in C: see `loops`.

Servers that bind in C, Rust or Go on their own are reached otherwise (`forwarding`). Nothing else is changed: other
ports, clients, UDP.
"""

import errno
import os
import socket
import weakref
from collections.abc import Callable
from typing import Any

from . import differences

LOOPBACK = "127.0.0.1"

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOPROTOOPT, errno.EINVAL)
_CLIENT_PORTS = 49152  # the first of the dynamic ports, from which peers seem to come

_original_accept = socket.socket.accept
_original_bind = socket.socket.bind
_original_getsockname = socket.socket.getsockname
_original_getpeername = socket.socket.getpeername
_original_setsockopt = socket.socket.setsockopt
_original_getsockopt = socket.socket.getsockopt


def install(port: int, listener: int) -> None:
    """Lead every server that this process, or a fork of it, binds to `port` to the Unix socket `listener`."""
    shim = Shim(port, listener)
    for name in ("bind", "accept", "getsockname", "getpeername", "setsockopt", "getsockopt"):
        setattr(socket.socket, name, _method(getattr(shim, name)))


def _method(function: "Callable[..., Any]") -> "Callable[..., Any]":
    def method(self: socket.socket, *arguments: Any) -> Any:
        return function(self, *arguments)

    method.__name__ = function.__name__
    return method


class Shim:
    """The replaced methods; each takes the socket first."""

    def __init__(self, port: int, listener: int) -> None:
        self._port = port
        self._listener = listener
        self._bound: weakref.WeakKeyDictionary[socket.socket, tuple[Any, ...]] = weakref.WeakKeyDictionary()

    def bind(self, sock: socket.socket, address: Any) -> None:
        if not self._is_agents(sock, address):
            _original_bind(sock, address)
            return
        differences.look_at_address(address[0], self._port)
        timeout = sock.gettimeout()
        os.dup2(self._listener, sock.fileno(), inheritable=sock.get_inheritable())
        sock.settimeout(timeout)
        self._bound[sock] = tuple(address)

    def accept(self, sock: socket.socket) -> "tuple[socket.socket, Any]":
        connection, address = _original_accept(sock)
        if isinstance(address, str) and sock.family in _INTERNET:
            address = _peer_address(connection)
        return connection, address

    def getsockname(self, sock: socket.socket) -> Any:
        name = _original_getsockname(sock)
        if isinstance(name, str) and sock.family in _INTERNET:
            return self._bound.get(sock) or _internet_address(sock, self._port)
        return name

    def getpeername(self, sock: socket.socket) -> Any:
        name = _original_getpeername(sock)
        return _peer_address(sock) if isinstance(name, str) and sock.family in _INTERNET else name

    def setsockopt(self, sock: socket.socket, *arguments: Any) -> None:
        try:
            _original_setsockopt(sock, *arguments)
        except OSError as error:
            if error.errno not in _UNSUPPORTED or not is_disguised(sock):
                raise

    def getsockopt(self, sock: socket.socket, level: int, option: int, *length: int) -> Any:
        try:
            return _original_getsockopt(sock, level, option, *length)
        except OSError as error:
            if error.errno not in _UNSUPPORTED or not is_disguised(sock):
                raise
            return bytes(length[0]) if length else 0

    def _is_agents(self, sock: socket.socket, address: Any) -> bool:
        return (
            sock.family in _INTERNET
            and sock.type == socket.SOCK_STREAM
            and isinstance(address, tuple)
            and len(address) >= 2
            and address[1] == self._port
        )


def is_disguised(sock: Any) -> bool:
    """Whether a Unix socket sits in the place of this TCP socket."""
    in_family = isinstance(sock, socket.socket) and sock.family in _INTERNET
    return in_family and isinstance(_original_getsockname(sock), str)


def client_port(descriptor: int) -> int:
    """The port that a peer seems to come from: the same for as long as the connection lives."""
    return _CLIENT_PORTS + descriptor % (65536 - _CLIENT_PORTS)


def _internet_address(sock: socket.socket, port: int) -> "tuple[Any, ...]":
    return ("::1", port, 0, 0) if sock.family == socket.AF_INET6 else (LOOPBACK, port)


def _peer_address(sock: socket.socket) -> "tuple[Any, ...]":
    return _internet_address(sock, client_port(sock.fileno()))
