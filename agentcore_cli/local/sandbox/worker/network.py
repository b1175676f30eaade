"""A session's own network, made while it still may: an empty one, which the server has furnished by the `gateway`."""

import os

from . import kernel
from .channel import Channel


def enter(channel: Channel) -> None:
    """Enter it, and tell the server `{"network": true}` with a descriptor of it; as yet nothing works there."""
    kernel.unshare(kernel.CLONE_NEWNET)
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    channel.send({"network": True}, [own])
    os.close(own)
