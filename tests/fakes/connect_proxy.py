"""A proxy for HTTPS that leads to one server whatever host is asked for, so that names of the real world lead here."""

from __future__ import annotations

import selectors
import socket
from typing import Final

from tests.fakes.threaded import Handler, ThreadedServer

_CHUNK: Final = 64 * 1024


class ConnectProxy(ThreadedServer):
    """Use its `url` as HTTPS_PROXY. `port` is the server's, on loopback; `asked` has the names, in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        super().__init__(_Tunnel)


class _Tunnel(Handler):
    server: ConnectProxy

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        with socket.create_connection(("127.0.0.1", self.server.port)) as there, selectors.DefaultSelector() as both:
            self.send_response(200)
            self.end_headers()
            both.register(self.connection, selectors.EVENT_READ, there)
            both.register(there, selectors.EVENT_READ, self.connection)
            while self._relayed(both):
                pass
        self.close_connection = True

    def _relayed(self, both: selectors.BaseSelector) -> bool:
        """Whether both ends are still there."""
        for key, _ in both.select():
            here, other = key.fileobj, key.data
            assert isinstance(here, socket.socket)
            try:
                data = here.recv(_CHUNK)
                other.sendall(data)
            except OSError:
                return False
            if not data:
                return False
        return True
