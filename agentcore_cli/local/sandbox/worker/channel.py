"""JSON lines over a Unix socket, and the file descriptors that travel with them."""

import contextlib
import json
import socket
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

DESCRIPTORS_MAX = 16


class Channel:
    """One end of a conversation with the server. Blocking; `fileno` makes it fit for `poll`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        return self._connection.fileno()

    def send(self, message: Message, descriptors: "Sequence[int]" = ()) -> None:
        """Say `message` (a short one, if copies of `descriptors` go with it).

        A server that is gone does not hear it; its absence is met at the next `read`.
        """
        data = json.dumps(message).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if descriptors:
                socket.send_fds(self._connection, [data], descriptors)
            else:
                self._connection.sendall(data)

    def read(self) -> "list[Message] | None":
        """Read once: the messages that are whole by now, or None when the other end is closed."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._connection, 65536, DESCRIPTORS_MAX)
        except ConnectionResetError:
            return None
        self._descriptors += descriptors
        if not data:
            return None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def receive(self) -> "Message | None":
        """Wait for one message, or None when the other end is closed. For conversations of one message at a time."""
        while True:
            messages = self.read()
            if messages is None:
                return None
            if messages:
                return messages[0]

    def take_descriptors(self, count: "int | None" = None) -> "list[int]":
        """The first `count` descriptors that came and were not taken yet, or all; the caller closes them."""
        taken, self._descriptors = self._descriptors[:count], self._descriptors[len(self._descriptors[:count]) :]
        return taken

    def detach(self) -> socket.socket:
        """The socket, for another conversation."""
        return self._connection

    def close(self) -> None:
        self._connection.close()
