"""A session's own network, made while it still may: an empty one, which the server has furnished by the `gateway`."""

import os

from . import kernel
from .channel import Channel

RESOLV_CONF = "/etc/resolv.conf"


def replace_resolv_conf(content: str) -> None:
    """Let `content` say who answers for names, in the mount namespace that this process is in."""
    target = os.path.realpath(RESOLV_CONF)
    if os.path.isfile(target):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV)  # noqa: S108
        with open("/dev/shm/resolv.conf", "w") as file:  # noqa: S108
            file.write(content)
        kernel.mount("/dev/shm/resolv.conf", target, flags=kernel.MS_BIND)  # noqa: S108
        kernel.detach("/dev/shm")  # noqa: S108


def enter(channel: Channel) -> None:
    """Enter it, and tell the server `{"network": true}` with a descriptor of it; as yet nothing works there."""
    kernel.unshare(kernel.CLONE_NEWNET)
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    channel.send_descriptors({"network": True}, [own])
    os.close(own)
