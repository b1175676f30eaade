"""Removes a server's containers when the server was killed: a small process beside it, started with the first session.

Run by itself, `python reaper.py ENGINE LABEL`, and on the standard library alone. Its stdin is a pipe that the server
holds; the pipe's end is the server's. A server that ends in good order has removed its containers and says so first,
with a byte. What this process does not live to remove, the next server does.
"""

import socket
import sys

SECONDS = 60.0


def main() -> None:
    """Wait for the end of stdin, then act on it."""
    address, label = sys.argv[1:]
    if not sys.stdin.buffer.read(1):
        remove_all(address, label)


def remove_all(address: str, label: str) -> None:
    """Remove every container with the label, again if need be: one may just have been on its way to be made."""
    import json  # these modules are for the end: until then the process is as small as it can be
    from urllib.parse import quote

    for _ in range(2):
        filters = quote(json.dumps({"label": [label]}))
        for container in json.loads(ask(address, "GET", f"/containers/json?all=1&filters={filters}") or "[]"):
            ask(address, "DELETE", f"/containers/{container['Id']}?force=1&v=1")


def ask(address: str, method: str, path: str) -> bytes:
    """One request to the engine at a Unix socket's path or `host:port`; the answer's body."""
    import http.client

    connection = http.client.HTTPConnection("docker", timeout=SECONDS)
    connection.sock = connect(address)
    try:
        connection.request(method, path)
        return connection.getresponse().read()
    finally:
        connection.close()


def connect(address: str) -> socket.socket:
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        return socket.create_connection((host, int(port)), SECONDS)
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(SECONDS)
    made.connect(address)
    return made


if __name__ == "__main__":
    main()
