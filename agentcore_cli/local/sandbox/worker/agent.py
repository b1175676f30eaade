"""The process that becomes the agent: the user's program, run as the interpreter itself would run it.

It takes on what is the session's own (environment, folder, output, limits), loses what was the parent's, and executes
the program as `__main__`. Where a fork of a parent with imports is not to be had (`fresh`), and where the program
executes an interpreter itself (launchers do), a new interpreter goes on in `receive`.
"""

import io
import json
import os
import socket
import sys
import tempfile
from typing import Any, NamedTuple, NoReturn

from . import descendants, differences, guards, imports, limits, loops, pages, ports, program
from .channel import Channel, Message

Settings = dict[str, Any]

_WORKER = os.path.dirname(os.path.abspath(__file__))
_execve = os.execve


def receive(descriptor: int, preloaded: "frozenset[str]") -> "Agent":
    """In a new interpreter: the agent that the process before us was to become."""
    with open(descriptor, "rb") as file:
        handed = json.load(file)
    agent = Agent(handed["settings"], handed["request"], handed["listener"])
    imports.forget_shadowed(imports.Project(agent.script_folder, *agent.path), preloaded)
    return agent


class Entrance(NamedTuple):
    """What the process needs on its way out of its parent; there is none in a new interpreter."""

    output: int
    """Where stdout and stderr go."""
    cgroups: list[int]
    """Control groups to be joined by the agent itself, see `Group.open`; none where the init can do that for it."""
    gate: int
    """The socket by which the server says who the session is; until then nothing of the program runs."""
    pages: bytes
    """The memory that the program will write to anyway, see `pages.touch`."""


class Agent:
    """What one session runs. `settings` are the program's, `request` is the session's."""

    def __init__(self, settings: Settings, request: Message, listener: int, entrance: "Entrance | None" = None) -> None:
        self._settings = settings
        self._request = request
        self._listener = listener
        self._entrance = entrance

    @property
    def script_folder(self) -> str:
        """What the interpreter puts first on `sys.path`."""
        start = self._settings["start"]
        return os.path.join(self._request["app"], "" if start[0] == "-m" else os.path.dirname(start[0])).rstrip("/")

    @property
    def path(self) -> "list[str]":
        """The folders after it: PYTHONPATH's, in the session's own copy of the code."""
        return [os.path.join(self._request["app"], folder) for folder in self._settings["path"]]

    def run(self) -> NoReturn:
        """Become the program. Ends as its interpreter would: exit status, one traceback, exit handlers."""
        if self._entrance is not None:
            self._enter(self._entrance)
        self._furnish()
        if self._entrance is not None:
            pages.touch(self._entrance.pages)
            guards.guard_process(self._settings)
            self._pass_gate(self._entrance.gate)
        program.run(self._settings["start"], ours=_WORKER)

    def execute_interpreter(self, path: str, start: "list[str]", environment: "dict[str, str]") -> NoReturn:
        """Execute a new interpreter, to run argv `start` with the session's port; `receive` goes on there."""
        handed = {
            "settings": {**self._settings, "start": start},
            "request": {**self._request, "app": os.getcwd()},
            "listener": self._listener,
        }
        descriptor = _in_memory(json.dumps(handed).encode())
        os.set_inheritable(descriptor, True)
        _execve(path, [path, _WORKER, "agent", str(descriptor)], environment)

    def _enter(self, entrance: Entrance) -> None:
        """Leave the parent's surroundings for the session's."""
        os.setsid()
        os.umask(0o022)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in ((0, nothing), (1, entrance.output), (2, entrance.output)):
            os.dup2(descriptor, number)
        os.close(nothing)
        os.close(entrance.output)
        limits.accept(self._settings["namespaces"], self._request["data_limit"], entrance.cgroups)
        os.environ.update(self._request["environment"])
        sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE")) or sys.dont_write_bytecode
        os.chdir(self._request["app"])
        if not self._settings["fresh"]:
            forget_parent()

    def _furnish(self) -> None:
        """Make of this process what the program takes for its interpreter and its port."""
        if not getattr(sys.flags, "safe_path", False):
            sys.path.insert(0, self.script_folder)
        if not sys.flags.ignore_environment:
            sys.path[1:1] = [folder for folder in self.path if folder not in sys.path]
        ports.install(self._settings["port"], self._listener)
        loops.lead_uvloop(self._settings["port"], self._listener)
        descendants.expect(self._settings["port"], self._listener)
        program.follow_executions(self.execute_interpreter)
        differences.watch_programs()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True, write_through=False)

    def _pass_gate(self, gate: int) -> None:
        """Wait to be told who the session is, say so, and be it. There is nothing to be if the server lets go."""
        channel = Channel(socket.socket(fileno=gate))
        session = channel.receive()
        if session is None:
            os._exit(0)
        channel.send({"running": True})
        os.environ.update(session["environment"])
        if self._settings["fresh"]:
            self.execute_interpreter(sys.executable, self._settings["start"], dict(os.environ))
        if session["learn"]:
            imports.report_when_asked(channel.detach(), self._request["app"])
        else:
            channel.close()


def forget_parent() -> None:
    """What two children of one parent must not share. (The `random` module sees to itself at a fork.)"""
    tempfile.tempdir = None
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    if process := sys.modules.get("multiprocessing.process"):
        process.current_process().authkey = os.urandom(32)


def _in_memory(data: bytes) -> int:
    """A descriptor to read `data` from; it never has a name."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("agent")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    with open(descriptor, "wb", closefd=False) as memory:
        memory.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
