"""Shell commands inside a running session, beside its agent: each a shell of its own, started by the session's init.

From the server: `{"run": number, "descriptors": how many}` with the descriptors of the order's socket, of stdout and
stderr, and of the control groups to join (see `Group.open`); later perhaps `{"kill": number}`.
To the server: `{"command": number, "code": …, "signal": …}` when the shell has ended, or `{"command": number,
"failed": reason}`. What a shell leaves running in the background goes on: it ends with the session.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import traceback
from typing import Any, NoReturn

from . import children, guards, limits
from .channel import Channel, Message
from .descriptors import close_others

if sys.platform == "linux":
    from . import kernel

Settings = dict[str, Any]

_SHELLS = ("/bin/bash", "/usr/bin/bash", "/bin/sh")
_NOT_EXECUTED = 126  # as shells say it
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")


class Commands:
    """The commands that run in one session, in the process of its init."""

    def __init__(self, settings: Settings, channel: Channel) -> None:
        self._settings = settings
        self._channel = channel
        self._numbers: dict[int, int] = {}

    def obey(self, message: Message) -> None:
        """Start or kill a command, if that is what the message is about."""
        if "run" in message:
            self._run(message["run"], self._channel.take_descriptors(message["descriptors"]))
        elif "kill" in message:
            for pid in [pid for pid, number in self._numbers.items() if number == message["kill"]]:
                kill_group(pid)

    def ended(self, statuses: "dict[int, int]") -> None:
        """Tell the server which of the children that have ended were commands."""
        for pid in self._numbers.keys() & statuses.keys():
            code = os.waitstatus_to_exitcode(statuses[pid])
            ended = {"code": code if code >= 0 else None, "signal": -code if code < 0 else None}
            self._channel.send({"command": self._numbers.pop(pid), **ended})

    def _run(self, number: int, descriptors: "list[int]") -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._channel.send({"command": number, "failed": str(error)})
            pid = -1
        if pid == 0:
            become(self._settings, descriptors)
        if pid > 0:
            self._numbers[pid] = number
        for descriptor in descriptors:
            os.close(descriptor)


def kill_group(leader: int) -> None:
    """Kill a process group that may have ended, or that its leader is just about to make."""
    children.kill(leader, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def become(settings: Settings, descriptors: "list[int]") -> NoReturn:
    """In the child: turn into the shell that the order asks for."""
    try:
        order, output, errors, *groups = descriptors
        os.setsid()
        os.umask(0o022)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, output, errors)):
            os.dup2(descriptor, number)
        _behave_like_a_program()
        told = _read(order)
        limits.accept(settings["namespaces"], told["data_limit"], groups)
        close_others([])
        os.chdir(told["folder"])
        guards.guard_process(settings)
        shell = next((path for path in _SHELLS if os.access(path, os.X_OK)), _SHELLS[-1])
        command = [os.path.basename(shell), "-c", told["command"]]
        os.execve(shell, command, {**os.environ, **told["environment"]})
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(_NOT_EXECUTED)


def _behave_like_a_program() -> None:
    """Undo what Python and the init changed for themselves and what the shell would inherit."""
    signal.set_wakeup_fd(-1)
    for name in (*_IGNORED_BY_PYTHON, "SIGCHLD"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else the files of this process in /proc are not its own


def _read(order: int) -> "dict[str, Any]":
    with socket.socket(fileno=order) as connection, connection.makefile("rb") as file:
        told: dict[str, Any] = json.load(file)
    return told
