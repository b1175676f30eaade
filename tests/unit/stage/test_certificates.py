"""A server with an issued certificate is trusted by whoever trusts the authority, and by nobody else."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from tests.stage.certificates import Authority


def greet(folder: Path, name: str, trusted: str) -> None:
    """A TLS handshake with a server of this certificate, over a socket pair."""
    ours, theirs = socket.socketpair()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.crt", folder / "server.key")

    def serve() -> None:
        with theirs:
            try:
                server.wrap_socket(theirs, server_side=True).close()
            except ssl.SSLError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        ssl.create_default_context(cafile=folder / trusted).wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


def test_trust(tmp_path: Path) -> None:
    Authority().write_certificate(tmp_path / "other.crt")
    authority = Authority()
    authority.write_certificate(tmp_path / "authority.crt")
    authority.issue(["registry.example", "127.0.0.1"], tmp_path / "server.crt", tmp_path / "server.key")
    greet(tmp_path, "registry.example", "authority.crt")
    greet(tmp_path, "127.0.0.1", "authority.crt")
    for name, trusted in (("other.example", "authority.crt"), ("registry.example", "other.crt")):
        with pytest.raises(ssl.SSLCertVerificationError):
            greet(tmp_path, name, trusted)
