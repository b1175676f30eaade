"""A real Redis on loopback, Debian's redis-server. Where it is not installed its tests are skipped, and fail in CI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.addresses import free_port
from tests.local_runtime import eventually


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """One that keeps nothing on disk; gives its URL."""
    program = shutil.which("redis-server")
    if program is None:
        wanted = os.environ.get("AGENTCORE_E2E", "required" if os.environ.get("CI") else "")
        (pytest.fail if wanted == "required" else pytest.skip)("redis-server is missing: apt-get install redis-server")
    port = free_port()
    said = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = subprocess.Popen([program, *said], stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(port), "redis-server answers")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def time_to_live(url: str, prefix: str) -> int:
    """For how many seconds any key that begins so is still kept."""
    key = _ask(url, "--scan", "--pattern", f"{prefix}*").split()[0]
    return int(_ask(url, "ttl", key))


def _ask(url: str, *command: str) -> str:
    port = str(urlsplit(url).port)
    return subprocess.run(["redis-cli", "-p", port, *command], check=True, capture_output=True, text=True).stdout


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
