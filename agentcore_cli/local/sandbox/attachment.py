"""Session storage, put where a session that runs sees it: by a process of its own (`worker/storage.py`)."""

from __future__ import annotations

import array
import json
import os
import shutil
import socket
import sys
from typing import Final

from agentcore_cli.contract import LOCAL_STORAGE_PROTECTION
from agentcore_cli.local.sandbox.isolation import Isolation
from agentcore_cli.local.sandbox.program import Protection, SandboxError, Storage, StorageMeans
from agentcore_cli.local.sandbox.walls import keeper

SYSTEM_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
_TOOLS: Final = ("mkfs.ext4", "debugfs")
_LOOP_CONTROL: Final = "/dev/loop-control"
_SECONDS: Final = 20.0
_ANSWER_MAX: Final = 4096


def means(isolation: Isolation, owner: int | None) -> StorageMeans:
    """How this machine can keep the storage of sessions that are process trees."""
    reason = image_refusal() if isolation.namespaces == "root" else "file systems in files need root"
    if isolation.namespaces is None:
        return StorageMeans(reason=isolation.reason or reason, is_image=False, mounted="never", owner=None)
    return StorageMeans(reason=reason, is_image=not reason, mounted="serving", owner=owner)


def image_refusal() -> str:
    """Why root can't have a file system in a file here, or nothing."""
    if sys.platform != "linux":
        return f"{sys.platform} has no loop devices"
    if os.geteuid() != 0:
        return "file systems in files need root"
    if missing := [tool for tool in _TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]:
        return f"{missing[0]} is not installed (package e2fsprogs)"
    return "" if os.path.exists(_LOOP_CONTROL) else f"there is no {_LOOP_CONTROL}"


def protection(means: StorageMeans) -> Protection:
    """The 1 GB of session storage, as they are listed among the walls."""
    if means.is_image:
        return Protection(LOCAL_STORAGE_PROTECTION, active=True)
    return Protection(
        LOCAL_STORAGE_PROTECTION,
        active=False,
        reason=f"a session is ended when it is seen to keep more than 1 GB, up to seconds later: {means.reason}",
    )


def attach(namespace: int, storage: Storage, namespaces: str) -> int:
    """Mount a storage in a mount namespace, a descriptor of which this is. Gives a descriptor of the mount.

    `namespaces` says whose right it is: "root"'s, or an ordinary "user"'s. Blocking, some 40 ms. Raises SandboxError.
    """
    settings = {
        "namespace": namespace,
        "namespaces": namespaces,
        "source": str(storage.source),
        "is_image": storage.is_image,
        "place": storage.place,
    }
    try:
        with keeper("storage", settings, _SECONDS, namespace) as connection:
            told, descriptors = _received(connection)
    except OSError as error:
        raise SandboxError(f"its session storage could not be mounted: {error}") from error
    if descriptors:
        return descriptors[0]
    failed = json.loads(told)["failed"] if told else "the process that mounts it has ended"
    raise SandboxError(f"its session storage could not be mounted: {failed}")


def _received(ours: socket.socket) -> tuple[bytes, array.array[int]]:
    """What was said, and the descriptors that came along; no process that the server starts meanwhile has them."""
    descriptors = array.array("i")
    room = socket.CMSG_LEN(descriptors.itemsize)
    told, ancillary, _, _ = ours.recvmsg(_ANSWER_MAX, room, socket.MSG_CMSG_CLOEXEC)  # recv_fds loses flags
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data)
    return told, descriptors
