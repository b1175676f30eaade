"""A stand-in for the internet: a web server at an address that is nobody's, in a network linked to this machine's."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADDRESS = "198.51.100.9"  # TEST-NET-2: nobody's
_NAMESPACE = "agentcore-public"
_LINK = "public"
_SERVER = f"""
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(("seen " + self.client_address[0]).encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("{ADDRESS}", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def is_possible() -> bool:
    """Whether this user may make it: root, with iproute2."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("ip") is not None


@contextmanager
def public_server() -> Iterator[int]:
    """Its port at ADDRESS, which answers a GET with the caller's address. There is one on a machine: others wait."""
    with (Path(tempfile.gettempdir()) / f"{_NAMESPACE}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for left in (["link", "delete", _LINK], ["netns", "delete", _NAMESPACE]):  # by one that was killed
            subprocess.run(["ip", *left], check=False, capture_output=True)
        with _served() as port:
            yield port


@contextmanager
def _served() -> Iterator[int]:
    for command in (
        f"netns add {_NAMESPACE}",
        f"link add {_LINK} type veth peer name eth0 netns {_NAMESPACE}",
        f"addr add 198.51.100.1/24 dev {_LINK}",
        f"link set {_LINK} up",
        f"-n {_NAMESPACE} addr add {ADDRESS}/24 dev eth0",
        f"-n {_NAMESPACE} link set eth0 up",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    command = ["ip", "netns", "exec", _NAMESPACE, sys.executable, "-c", _SERVER]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.communicate()
        subprocess.run(["ip", "link", "delete", _LINK], check=True)
        subprocess.run(["ip", "netns", "delete", _NAMESPACE], check=True)
