"""What a session's first process is given by the server: the sockets by which the two will speak, and its place."""

from __future__ import annotations

import os
import socket

from agentcore_cli.local.sandbox.fork_server import Forked
from agentcore_cli.local.sandbox.fork_servers import ForkServers
from agentcore_cli.local.sandbox.program import Program, SandboxError
from agentcore_cli.local.sandbox.session_resources import SessionResources
from agentcore_cli.local.sandbox.start_barrier import StartBarrier

HandedOver = tuple[Forked, socket.socket, StartBarrier]


async def hand_over(family: ForkServers, program: Program, surroundings: SessionResources) -> HandedOver:
    """A new process, the socket to it, and its gate. Raises SandboxError when its parent has ended twice.

    Once is nothing: that a parent was killed since its last session shows only now.
    """
    with surroundings.listener:
        try:
            return await _fork(family, program, surroundings)
        except SandboxError:
            return await _fork(family, program, surroundings)


async def _fork(family: ForkServers, program: Program, surroundings: SessionResources) -> HandedOver:
    """A process that was forked although this raises finds its socket closed, and ends."""
    gate = StartBarrier()
    control, theirs = socket.socketpair()
    cgroups = surroundings.group.open()
    try:
        with theirs, gate.theirs:
            handed = (theirs.fileno(), surroundings.listener.fileno(), gate.theirs.fileno(), *cgroups)
            return await family.fork(program, handed), control, gate
    except SandboxError:
        control.close()
        gate.close()
        raise
    finally:
        for descriptor in cgroups:
            os.close(descriptor)
