"""Containers: runs each session of a version whose artifact is an image in a container of its own.

How a session starts. When a version is prepared, `images` finds what its containerUri names in the Docker Engine of
this machine; from then on the image's id counts (`program`). For a session, `containers` makes a container by its
`specification`, joins its output (`frames`) to the session's log, starts it and looks where its port was published;
`container` then waits for its end. All of it goes over the engine's own API (`engine`), nothing over its command line.

Who cleans up. A session that ends removes its container. A server that ends removes all of its home's, which carry
its label. When it was killed, a small process that it had beside it (`reaper`) removes its containers at once, and the
next server whatever is left, before anything else. `relays` lead the other way, from containers to this machine.

What is not known here: HTTP to the agent, session ids, timeouts, and who is allowed to do what.
"""

from agentcore_cli.local.containers.commands import ContainerCommand
from agentcore_cli.local.containers.container import Container
from agentcore_cli.local.containers.containers import Containers
from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.program import ImageProgram

__all__ = ["Container", "ContainerCommand", "Containers", "Engine", "EngineError", "ImageProgram"]
