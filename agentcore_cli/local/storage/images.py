"""File systems in files: ext4, sparse, with room for 1 GB of a session's own and an empty root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from agentcore_cli.local.sandbox import SandboxError
from agentcore_cli.local.sandbox.attachment import SYSTEM_PATH

_BYTES: Final = 1100 * 1024**2  # with what the file system needs for itself, 1 GiB is left
FILES_MAX: Final = 200_000  # as bedrock-agentcore-limits has it
_SECONDS: Final = 60.0
RELEASE_SECONDS: Final = 30.0  # how long the kernel may take to let go of an image after its session
_LOOK_SECONDS: Final = 0.005
_DEVICES: Final = Path("/sys/block")


def make(path: Path, owner: int | None, *, is_anybodys: bool = False) -> None:
    """Write a new image, whole or not at all; its root is `owner`'s (None: root's). Raises SandboxError, OSError."""
    unfinished = path.with_suffix(".new")
    with unfinished.open("wb") as file:
        file.truncate(_BYTES)
    whose = owner or 0
    extended = f"lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner={whose}:{whose}"
    layout = ["-b", "4096", "-N", str(FILES_MAX), "-m", "0", "-J", "size=8", "-O", "^resize_inode", "-E", extended]
    _run("mkfs.ext4", "-q", "-F", *layout, str(unfinished))
    mode = "\nset_inode_field / mode 040777" if is_anybodys else ""
    _run("debugfs", "-w", "-f", "-", str(unfinished), said=f"rmdir lost+found{mode}\n")
    unfinished.rename(path)


def released(path: Path) -> bool:
    """Wait until no loop device has the image any more; whether it came to that. Blocking.

    Two file systems over one image would destroy it, and the kernel lets go some time after the last process of a
    session has ended.
    """
    deadline = time.monotonic() + RELEASE_SECONDS
    while _is_in_use(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _is_in_use(path: Path) -> bool:
    return any(backing == str(path) for backing in _backing_files())


def _backing_files() -> list[str]:
    found = []
    for device in _DEVICES.glob("loop*"):
        with contextlib.suppress(OSError):
            found.append(os.fsdecode((device / "loop" / "backing_file").read_bytes().rstrip(b"\n")))
    return found


def _run(tool: str, *arguments: str, said: str = "") -> None:
    command = shutil.which(tool, path=SYSTEM_PATH)
    if command is None:
        raise SandboxError(f"session storage can't be made: {tool} is not installed (package e2fsprogs)")
    try:
        done = subprocess.run(
            [command, *arguments], input=said, capture_output=True, text=True, timeout=_SECONDS, env={}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"session storage can't be made: {tool}: {error}") from error
    if done.returncode:
        raise SandboxError(f"session storage can't be made: {tool}: {done.stderr.strip() or done.returncode}")
