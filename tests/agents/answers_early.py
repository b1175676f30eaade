"""An agent that answers when it has read the head of a request, and leaves the body unread on an open connection."""

import socket
import threading

ANSWER = b'{"status": "Healthy"}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
kept = []


def serve(connection: socket.socket) -> None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return
        head += byte
    connection.sendall(HEAD + ANSWER)
    if head.startswith(b"GET"):
        connection.close()
    else:
        kept.append(connection)


listener = socket.create_server(("0.0.0.0", 8080))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
