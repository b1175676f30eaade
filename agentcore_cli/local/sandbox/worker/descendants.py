"""The Python processes that an agent starts: workers, reloaders, servers in a subprocess. They serve its port, too.

A fork has all that its parent has. A new interpreter finds `startup/sitecustomize.py` by PYTHONPATH, and the agent's
Unix socket by a variable that names its descriptor, which every child inherits. Whoever is started without these
variables, or with `python -I` or `-E`, opens the port by TCP, as servers do that are not Python (`forwarding`).
"""

import _posixsubprocess
import os
import stat
import subprocess
from typing import Any

from . import loops, ports

VARIABLE = "_AGENTCORE_PORT"
"""`PORT:DESCRIPTOR:INODE` of the Unix socket that takes the port's place."""
STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "startup")


def expect(port: int, listener: int) -> None:
    """In the agent's process: let whatever Python it starts serve `port` by the Unix socket `listener`."""
    os.environ[VARIABLE] = f"{port}:{listener}:{os.fstat(listener).st_ino}"
    others = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != STARTUP]
    os.environ["PYTHONPATH"] = os.pathsep.join([STARTUP, *others])
    _hand_on(listener)


def join() -> None:
    """In an interpreter that the agent, or a descendant, has started: serve the port as the agent would."""
    try:
        port, listener, inode = (int(part) for part in os.environ[VARIABLE].split(":"))
        found = os.fstat(listener)
    except (KeyError, ValueError, OSError):  # not the agent's any more
        return
    if stat.S_ISSOCK(found.st_mode) and found.st_ino == inode:
        ports.install(port, listener)
        loops.lead_uvloop(port, listener)
        _hand_on(listener)


def _hand_on(listener: int) -> None:
    """Let children inherit the listener, even those that are started with all else closed."""
    os.set_inheritable(listener, True)
    _keep(_posixsubprocess, "fork_exec", 3, listener)  # multiprocessing's way
    _keep(subprocess.Popen, "_execute_child", 5, listener)


def _keep(owner: Any, name: str, position: int, listener: int) -> None:
    """Add the listener to the argument that tells a function which descriptors a child keeps."""
    original = getattr(owner, name)

    def replacement(*arguments: Any) -> Any:
        kept = tuple(sorted({*arguments[position], listener}))
        return original(*arguments[:position], kept, *arguments[position + 1 :])

    setattr(owner, name, replacement)
