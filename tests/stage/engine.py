"""Docker Engine with ARM64 emulation: the one that answers already, else one that we start."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final

import docker
import docker.errors

from tests.stage import processes

SOCKET: Final = Path("/var/run/docker.sock")
TRUST: Final = Path("/etc/docker/certs.d")
_BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
_NAME: Final = "dockerd"
_PROGRAMS: Final = {
    "dockerd": "docker.io",
    "docker-registry": "docker-registry",
    "qemu-aarch64-static": "qemu-user-static",
    "update-binfmts": "binfmt-support",
    "iptables": "iptables",
    "apt-get": "a Debian system",
}


def missing() -> str | None:
    """What this machine lacks for the stage, as one line that says how to get it; None when nothing."""
    if os.geteuid() != 0:
        return "root is needed: port 443, /etc/hosts and the engine are the machine's"
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    packages = [package for program, package in _PROGRAMS.items() if not shutil.which(program, path=search)]
    return f"not installed: apt-get install {' '.join(packages)}" if packages else None


def start(folder: Path) -> None:
    """Return when an engine answers that runs arm64 images. Raises RuntimeError with the reason when none will."""
    _emulate()
    if not answers():
        processes.start(_NAME, ["dockerd"], folder, answers)


def stop(folder: Path) -> None:
    """End the engine that we started, if we did."""
    processes.stop(_NAME, folder)


def answers() -> bool:
    connection = http.client.HTTPConnection("docker", timeout=5)
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(5)
        connection.sock.connect(str(SOCKET))
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def forget_images(prefixes: tuple[str, ...]) -> None:
    """Take the names that begin so away, and with the last name of an image the image."""
    client = docker.from_env()
    try:
        for image in client.images.list():
            for name in (*image.tags, *image.attrs.get("RepoDigests", ())):
                if name.startswith(prefixes):
                    with contextlib.suppress(docker.errors.APIError):  # in use, or gone with another of its names
                        client.images.remove(name)
    finally:
        client.close()


def _emulate() -> None:
    """Let the kernel run arm64 programs; the interpreter is kept open (flag F), so that containers need none inside."""
    if os.uname().machine in ("aarch64", "arm64"):
        return
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", _BINFMT], check=True)
    entry = _BINFMT / "qemu-aarch64"
    if not entry.exists():
        subprocess.run(["update-binfmts", "--enable", "qemu-aarch64"], check=True)
    flags = next((line for line in entry.read_text().splitlines() if line.startswith("flags:")), "")
    if "F" not in flags.removeprefix("flags:"):
        raise RuntimeError(f"{entry}: {flags}: without F no container can be emulated; use qemu-user-static")
