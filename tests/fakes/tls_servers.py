"""Two servers on loopback that speak TLS with a certificate of a private authority: a host, and a proxy to it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.stage.certificates import Authority

Serve = Callable[[socket.socket], None]


class PrivateAuthority:
    """`bundle` is what a client has to trust."""

    def __init__(self, folder: Path) -> None:
        authority = Authority()
        self.bundle = folder / "authority.pem"
        authority.write_certificate(self.bundle)
        certificate, key = folder / "server.pem", folder / "server.key"
        authority.issue(["localhost", "127.0.0.1"], certificate, key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)

    @contextlib.contextmanager
    def serving(self, serve: Serve) -> Iterator[int]:
        """Answers one connection at a time on the port that it gives."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._accept, args=(listener, serve), daemon=True)
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _accept(self, listener: socket.socket, serve: Serve) -> None:
        with contextlib.suppress(OSError):  # of `shutdown`
            while True:
                peer, _ = listener.accept()
                with peer, contextlib.suppress(OSError), self._context.wrap_socket(peer, server_side=True) as secured:
                    serve(secured)


def answering(body: bytes) -> Serve:
    """A host that answers a request with JSON."""

    def serve(peer: socket.socket) -> None:
        with peer.makefile("rb") as request:
            headers = [line.lower() for line in iter(request.readline, b"\r\n")]
            request.read(sum(int(line.split(b":")[1]) for line in headers if line.startswith(b"content-length:")))
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        peer.sendall(body)

    return serve


def tunnelling(told: list[bytes]) -> Serve:
    """A proxy that connects to where it is asked to; `told` gets what it was asked."""

    def serve(peer: socket.socket) -> None:
        request = peer.recv(65536)
        told.append(request)
        host, _, port = request.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as beyond:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(beyond, peer))
            back.start()
            _copy(peer, beyond)
            back.join()

    return serve


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
