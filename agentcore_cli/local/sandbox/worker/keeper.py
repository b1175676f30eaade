"""The first process of a program's own namespaces: makes the walls, starts the parent in them, and outlasts it.

The server runs this with its own interpreter and nothing of the program's (`-I -S`). Out here it opens what the program
may see and, where it is root, becomes the account; then it enters namespaces of files, processes, users, network and
more, where its child is pid 1. That child starts the agent's interpreter as the parent, without a way back out.
A parent that dies leaves its sessions to pid 1; with the last of them the namespaces end.

From the server: the settings of `root.base` and `account`, answered by `{"built": true, "kept": [...]}` or
`{"failed": reason}`; the socket is the parent's from then on.
"""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

from . import account, interpreter, kernel, places, root
from .channel import Channel
from .descriptors import close_others

Settings = dict[str, Any]

NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS

_WORKER = os.path.dirname(os.path.abspath(__file__))
_CONTROL = 3  # the first descriptor after the standard streams


def keep(channel: Channel) -> NoReturn:
    """Do all of it; ends with the last process inside."""
    settings = channel.receive()
    if settings is None:
        os._exit(0)
    with _told_failure(channel):
        kept = build(settings)
        first = os.fork()
        if first == 0:
            _be_first(channel, settings, kept)
    _only_wait(channel)
    os.waitpid(first, 0)
    os._exit(0)


def build(settings: Settings) -> "list[str]":
    """Put the root together and enter the namespaces; the next fork is pid 1 there, and has to `settle`.

    Gives the folders below the temporary ones that sessions must keep.
    """
    os.umask(0o022)
    if settings["user_namespace"] is not None:
        kernel.setns(settings["user_namespace"], kernel.CLONE_NEWUSER)
        os.close(settings["user_namespace"])
        kernel.unshare(kernel.CLONE_NEWNS)
    elif settings["namespaces"] == "user":
        account.enter_own(kernel.CLONE_NEWNS)
    else:
        kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("", "/", flags=kernel.MS_PRIVATE | kernel.MS_REC)
    shown = interpreter.places(settings["interpreter"], settings["kept_out"])
    kept = root.base(settings, shown, _WORKER).assemble()
    root.furnish_devices()
    if settings["namespaces"] == "root":
        account.become(settings["account"])
    account.enter(NAMESPACES | (0 if settings["network"] == "shared" else kernel.CLONE_NEWNET))
    return kept


def settle() -> None:
    """In pid 1: live in the root that was built, and end with the process that forked us."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    root.change_root()


def _be_first(channel: Channel, settings: Settings, kept: "list[str]") -> NoReturn:
    with _told_failure(channel):
        settle()
        parent = os.fork()
        if parent == 0:
            _become_parent(channel, settings, kept)
    _only_wait(channel)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def _become_parent(channel: Channel, settings: Settings, kept: "list[str]") -> NoReturn:
    """Execute the agent's interpreter with the rights of a parent, and nothing of ours but the socket."""
    control = os.dup2(channel.fileno(), _CONTROL, inheritable=True)
    close_others([control])
    channel = Channel(socket.socket(fileno=control))
    with _told_failure(channel):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.limit_capabilities(account.PARENT_CAPABILITIES)
        kernel.keep_capabilities_on_execution(account.PARENT_CAPABILITIES)
        os.chdir(places.APP)
        if not os.access(settings["interpreter"], os.X_OK):
            raise PermissionError(f"the account of its sessions may not execute {settings['interpreter']}")
        channel.send({"built": True, "kept": kept})
        command = [settings["interpreter"], places.WORKER, "parent", str(control)]
        os.set_inheritable(control, True)  # a socket object takes it back
        os.execve(command[0], command, settings["environment"])
    raise AssertionError("what follows an execve is another program")


@contextlib.contextmanager
def _told_failure(channel: Channel) -> "Iterator[None]":
    """The end of this process, of which the server hears the reason, if the machine refuses something."""
    try:
        yield
    except OSError as error:
        channel.send({"failed": str(error)})
        os._exit(1)


def _only_wait(channel: Channel) -> None:
    """Let go of the server and of every right."""
    channel.close()
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    sys.stdout.flush()
