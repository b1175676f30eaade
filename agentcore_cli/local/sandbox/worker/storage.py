"""The process that mounts a session's storage, once its agent serves: it begins outside, and enters the session's
mount namespace with a mount in its hand.

From the server: `source` (an image, or a folder), `place` and `namespace` (a descriptor), answered by
`{"attached": true}` with a descriptor of the mount, or `{"failed": reason}`.
"""

import fcntl
import os
import socket
from typing import Any, NoReturn

from . import detached, kernel
from .channel import Channel

Settings = dict[str, Any]

_GET_USER_NAMESPACE = 0xB701  # <linux/nsfs.h>: NS_GET_USERNS


def attach(channel: Channel) -> NoReturn:
    """Do it, and end."""
    settings = channel.receive()
    if settings is None:
        os._exit(0)
    try:
        mount = _made(settings)
        _enter(settings["namespace"], as_owner=settings["namespaces"] == "user")
        detached.put(mount, settings["place"])
        channel.send({"attached": True}, [mount])
    except OSError as error:
        channel.send({"failed": str(error)})
    os._exit(0)


def _made(settings: Settings) -> int:
    if settings["is_image"]:
        return detached.image(settings["source"])
    if settings["namespaces"] == "root":
        return detached.folder(settings["source"])
    return _made_by_nobody(settings["source"])


def _made_by_nobody(source: str) -> int:
    """An ordinary user may mount in a user namespace of its own, from which no way leads to the session's: so a
    process of its own makes the mount there, and hands it over.
    """
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        try:
            kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
            socket.send_fds(theirs, [b"+"], [detached.folder(source)])
        except OSError as error:
            theirs.send(str(error).encode())
        os._exit(0)
    theirs.close()
    told, descriptors, _, _ = socket.recv_fds(ours, 1024, 1)
    ours.close()
    os.wait()
    if not descriptors:
        raise OSError(told.decode() or "the mount was not made")
    return descriptors[0]


def _enter(namespace: int, *, as_owner: bool) -> None:
    if as_owner:
        owning = fcntl.ioctl(namespace, _GET_USER_NAMESPACE)
        kernel.setns(owning, kernel.CLONE_NEWUSER)
    kernel.setns(namespace, kernel.CLONE_NEWNS)
