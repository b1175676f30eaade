"""Which of the kernel's means of isolation this machine lets us use, found out by using them once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.program import Level

WORKER = Path(__file__).parent / "worker"
PROBE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Isolation:
    """The means in use, and why they are not better.

    `namespaces`: as root, inside a user namespace, or none. `overlay`: the session's folder is a layer, not a copy.
    `forks`: a process that has imported may fork without executing anew (macOS's own libraries forbid it).
    """

    namespaces: Literal["root", "user"] | None
    overlay: bool
    reason: str = ""
    forks: bool = True

    @property
    def level(self) -> Level:
        return Level("namespaces" if self.namespaces else "process", self.reason)


@dataclass(frozen=True, slots=True)
class Places:
    """The paths that sessions know; with namespaces the same for all of them."""

    app: str
    home: str
    temporary: str

    @classmethod
    def shared(cls, home: Home) -> Places:
        return cls(str(home.root / "sandbox" / "app"), str(home.root / "sandbox" / "home"), "/tmp")  # noqa: S108

    @classmethod
    def inside(cls, folder: Path) -> Places:
        return cls(str(folder / "app"), str(folder / "home"), str(folder / "tmp"))


def mount_settings(home: Home, isolation: Isolation, code: Path, visible: tuple[Path, ...]) -> dict[str, object]:
    """What the worker's `mounts` needs to know."""
    places = Places.shared(home)
    return {
        "namespaces": isolation.namespaces,
        "overlay": isolation.overlay,
        "home": str(home.root),
        "sessions": str(home.sessions),
        "app": places.app if isolation.namespaces else str(code),
        "session_home": places.home,
        "code": str(code),
        "visible": [str(path) for path in visible],
    }


def detect(home: Home) -> Isolation:
    """Try the strongest isolation first. Takes some 50 ms; the reason of the first refusal is kept."""
    if sys.platform != "linux":
        return Isolation(None, overlay=False, reason=f"{sys.platform} has no namespaces", forks=False)
    kinds: tuple[Literal["root", "user"], ...] = ("root", "user") if os.geteuid() == 0 else ("user",)
    refusals = []
    for kind in kinds:
        layered = Isolation(kind, overlay=True)
        refusal = _try(home, layered)
        if refusal is None:
            return layered
        copied = Isolation(kind, overlay=False, reason=f"folders are copied: {refusal}")
        if _try(home, copied) is None:
            return copied
        refusals.append(refusal)
    return Isolation(None, overlay=False, reason=refusals[0])


def _try(home: Home, isolation: Isolation) -> str | None:
    """What the kernel refused, or None."""
    folder = home.sessions / f"probe-{os.getpid()}"
    for name in ("code", "app", "work", "home", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    try:
        return _probe(mount_settings(home, isolation, folder / "code", ()) | {"folder": str(folder)})
    finally:
        if (work := folder / "work" / "work").is_dir():
            work.chmod(0o700)  # overlayfs leaves it without any permission
        shutil.rmtree(folder)


def _probe(settings: dict[str, object]) -> str | None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-I", "-S", str(WORKER), "probe", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()
        ours.settimeout(PROBE_SECONDS)
        ours.sendall(json.dumps(settings).encode() + b"\n")
        try:
            answer = ours.makefile().readline()
        except TimeoutError:
            process.kill()
            answer = ""
        process.wait()
    if not answer:
        return "the attempt ended without an answer"
    error: str | None = json.loads(answer)["error"]
    return error
