"""The process that becomes the agent: the user's program, run as the interpreter itself would run it.

It takes on what is the session's own (environment, folder, output, limits), loses what was the parent's, and executes
the program as `__main__`. Where a fork of a parent with imports is not to be had (`fresh`), it executes a new
interpreter first and goes on there (`receive`).
"""

import builtins
import io
import os
import resource
import runpy
import signal
import socket
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType
from typing import Any, NamedTuple, NoReturn

from . import imports, ports
from .channel import Channel, Message

if sys.platform == "linux":
    from . import kernel

Settings = dict[str, Any]

_OOM_SCORE = "500"  # when the whole machine runs out of memory, sessions go first
_WORKER = os.path.dirname(os.path.abspath(__file__))


def receive(connection: socket.socket, preloaded: "frozenset[str]") -> "Agent":
    """In a new interpreter: the agent that the process before us was to become."""
    handed = Channel(connection).receive()
    assert handed is not None
    agent = Agent(handed["settings"], handed["request"], handed["listener"], handed["learning"])
    imports.forget_shadowed(imports.Project(agent.script_folder), preloaded)
    return agent


class Entrance(NamedTuple):
    """What the process needs on its way out of its parent; there is none in a new interpreter."""

    output: int
    """Where stdout and stderr go."""
    cgroups: list[int]
    """Descriptors of cgroup.procs files, to be joined and closed."""
    handover: "socket.socket | None"
    """Set when a new interpreter is to be executed: where it will be told the rest."""


class Agent:
    """What one session runs. `settings` are the program's, `request` is the session's; `learning` may be -1."""

    def __init__(
        self, settings: Settings, request: Message, listener: int, learning: int, entrance: "Entrance | None" = None
    ) -> None:
        self._settings = settings
        self._request = request
        self._listener = listener
        self._learning = learning
        self._entrance = entrance

    @property
    def script_folder(self) -> str:
        """What the interpreter puts first on `sys.path`."""
        start = self._settings["start"]
        return os.path.join(self._request["app"], "" if start[0] == "-m" else os.path.dirname(start[0])).rstrip("/")

    def hand_over(self, connection: socket.socket) -> None:
        """Tell the new interpreter what it is to become."""
        Channel(connection).send(
            {
                "settings": self._settings,
                "request": self._request,
                "listener": self._listener,
                "learning": self._learning,
            }
        )

    def run(self) -> NoReturn:
        """Become the program. Ends as its interpreter would: exit status, one traceback, exit handlers."""
        if self._entrance is not None:
            self._enter(self._entrance)
        os.environ.update(self._request["environment"])
        os.chdir(self._request["app"])
        if not getattr(sys.flags, "safe_path", False):
            sys.path.insert(0, self.script_folder)
        forget_parent()
        if self._learning >= 0:
            imports.report_when_asked(socket.socket(fileno=self._learning), self._request["app"])
        ports.install(self._settings["port"], self._listener)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True, write_through=False)
        try:
            execute(self._settings["start"])
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            print_traceback(error)
            sys.exit(1)
        sys.exit(0)

    def _enter(self, entrance: "Entrance") -> None:
        """Leave the parent's surroundings for the session's: own process group, output, limits and rights."""
        os.setsid()
        os.umask(0o022)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in ((0, nothing), (1, entrance.output), (2, entrance.output)):
            os.dup2(descriptor, number)
        os.close(nothing)
        os.close(entrance.output)
        for descriptor in entrance.cgroups:
            os.write(descriptor, b"0")
            os.close(descriptor)
        limit = self._request["data_limit"]
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        if sys.platform == "linux":
            self._lower_rights()
        if entrance.handover is not None:
            self._execute_interpreter(entrance.handover)

    def _execute_interpreter(self, handover: socket.socket) -> NoReturn:
        """Execute the interpreter anew; `receive` goes on there."""
        for descriptor in (handover.fileno(), self._listener, self._learning):
            if descriptor >= 0:
                os.set_inheritable(descriptor, True)
        environment = {**os.environ, **self._request["environment"]}
        os.execve(sys.executable, [sys.executable, _WORKER, "agent", str(handover.fileno())], environment)

    def _lower_rights(self) -> None:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(_OOM_SCORE)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        if self._settings["namespaces"] == "root":
            kernel.limit_capabilities(kernel.CAPABILITIES_LEFT)
        elif self._settings["namespaces"] == "user":
            kernel.limit_capabilities(frozenset())
        else:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def forget_parent() -> None:
    """What two children of one parent must not share. (The `random` module sees to itself at a fork.)"""
    if tempfile := sys.modules.get("tempfile"):
        tempfile.__dict__["tempdir"] = None
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    if process := sys.modules.get("multiprocessing.process"):
        process.current_process().authkey = os.urandom(32)


def execute(start: "list[str]") -> None:
    """Run argv `start` (after the interpreter) as `__main__`: `["handler.py", …]` or `["-m", "module", …]`."""
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={}, __spec__=None)
    sys.modules["__main__"] = main
    if start[0] == "-m":
        sys.argv = ["-m", *start[2:]]
        runpy._run_module_as_main(start[1])  # type: ignore[attr-defined]
        return
    sys.argv = list(start)
    path = os.path.abspath(start[0])
    main.__dict__.update(
        __file__=path, __cached__=None, __package__=None, __loader__=SourceFileLoader("__main__", path)
    )
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n")
        sys.exit(2)
    exec(compile(source, path, "exec"), main.__dict__)  # noqa: S102 (this is the user's program)


def print_traceback(error: BaseException) -> None:
    """As the interpreter prints it, without the frames that are ours."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_WORKER):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
