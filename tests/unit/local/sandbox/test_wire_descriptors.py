"""What a worker hands over is the server's alone: no process that is started later may have it."""

from __future__ import annotations

import asyncio
import os
import socket

from agentcore_cli.local.sandbox.wire import Message, Wire


async def test_a_descriptor_that_came_is_not_inherited() -> None:
    heard: asyncio.Queue[Message] = asyncio.Queue()
    ours, theirs = socket.socketpair()
    wire = Wire(ours, heard.put_nowait, lambda: None, descriptors_max=1)
    with theirs, open(os.devnull) as nothing:
        socket.send_fds(theirs, [b'{"forked": 1}\n'], [nothing.fileno()])
        assert await asyncio.wait_for(heard.get(), 60) == {"forked": 1}
        (descriptor,) = wire.take_descriptors()
        assert os.get_inheritable(descriptor) is False
        os.close(descriptor)
        wire.close()
