"""The sandbox: runs each session of an agent in a process tree of its own, within milliseconds.

How a session starts. Each runtime version (`Program`) has a warm parent (`parent`, `family`): a process of the agent's
own interpreter that has imported what the agent imports and has run none of the agent's code. For a session the
server makes the surroundings (`surroundings`: folder, Unix socket, log file, control group) and sends their
descriptors to the warm parent, which forks. The child is the session's init: it takes the request from its own
socket to the server, enters namespaces where the session's folder lies over the code, and forks the agent. The agent
runs the entry point as `__main__`; its server "binds" its port and gets the Unix socket. One that opened the
port by TCP all the same has its callers carried there by a process of the session (`worker/forwarding.py`).

What its walls are (`walls`, `account`). What a session sees was added, not left over: a root in which only the system's
programs, the interpreter, the packages and the code are bound, each at its own path. A keeper (`worker/keeper.py`), run
by the server's interpreter, makes it before any stranger's code runs, and is pid 1 of the program's namespaces. The
parent is inside, too: it imports packages of strangers. Inside, everybody is the account `agent` (1000); outside that
is the server's user, or, if that is root, an account of the home's own.

Who watches whom. The init reports to the server (`session`) over its socket, and ends with the server, whose death
closes that socket. The parent can die without its sessions: they come to the keeper. Numbers of processes mean nothing
across namespaces, so the parent sends a handle (pidfd) on each. Whatever an agent does to its parent, its process group
or its own orphans stays inside its pid namespace.

What is not known here: HTTP, session ids, timeouts, and who is allowed to do what.
"""

from agentcore_cli.local.sandbox.commands import STREAMS, Command, Stream
from agentcore_cli.local.sandbox.network import Serve
from agentcore_cli.local.sandbox.program import (
    BindMount,
    Exit,
    Level,
    Program,
    Protection,
    SandboxError,
    SessionSpec,
    Storage,
    StorageMeans,
)
from agentcore_cli.local.sandbox.sandbox import Sandbox
from agentcore_cli.local.sandbox.session import SessionProcess

__all__ = [
    "STREAMS",
    "BindMount",
    "Command",
    "Exit",
    "Level",
    "Program",
    "Protection",
    "Sandbox",
    "SandboxError",
    "Serve",
    "SessionProcess",
    "SessionSpec",
    "Storage",
    "StorageMeans",
    "Stream",
]
