"""Listening sockets of the local runtime."""

import socket

ADDRESS = "127.0.0.1"


def listen(port: int, backlog: int) -> socket.socket:
    """Listen on loopback, on a free port if it is 0. Raises OSError.

    The protocol is named so that an event loop knows it for TCP and sets TCP_NODELAY; without, each answer in two
    pieces waits 40 ms for an acknowledgement.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((ADDRESS, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener
