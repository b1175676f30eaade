"""The first process of a session: makes the session's surroundings, starts the agent, and outlasts whatever it does.

Where there are namespaces this is pid 1 of its own: nothing inside can kill it, every orphan comes to it, and its end
is the end of everything inside. It sleeps until one of three things happens: output of the agent (stamped and
written to the log), the end of a child, or a message from the server. The server's end is the closing of that socket.

From the server: the request, answered by `{"started": pid}` or `{"failed": reason}`; then `{"log": true}` with the open
file, answered by `{"logs": true}`, upon which the server opens the agent's gate and the program begins; then what
`commands` is for, perhaps `{"forward": port, "host": where it listens, if
on loopback alone}` (`forwarding`), and at last `{"stop": grace in seconds}`.
To the server: `{"warning": text}` for what goes well here alone (`differences`), and last of all
`{"exited": {"code": …, "signal": …}}`.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NoReturn

from . import children, differences, guards, limits
from .agent import Agent, Entrance
from .channel import Channel, Message
from .commands import Commands
from .descriptors import close_others, silence
from .log import MARK, Log

if sys.platform == "linux":
    from . import disk, kernel, mounts, network

Settings = dict[str, Any]

WARNINGS_MAX = 16
WARNING_MAX = 300  # characters
_READ = 65536
_TEMPORARY = "/tmp"  # noqa: S108 (the session's own, on the file system of all its rooms)
_UNLIMITED = 50.0  # milliseconds after which the agent is put under its limits, if its program has not begun before


class Init:
    """Made in the process that the parent has just forked, from the descriptors that came with the request."""

    def __init__(self, settings: Settings, pages: bytes, descriptors: "list[int]") -> None:
        control, self._listener, self._gate, *self._groups = descriptors
        close_others(descriptors)
        self._settings = settings
        self._pages = pages
        self._channel = Channel(socket.socket(fileno=control))
        self._commands = Commands(settings, self._channel)
        self._log: Log | None = None
        self._poll = select.poll()
        self._output = -1
        self._agent_pid = -1
        self._deadline: float | None = None
        self._told_of_disk = False
        self._warnings_left = WARNINGS_MAX

    def supervise(self) -> Agent:
        """Run the session to its end. Returns only in the agent's process."""
        request = self._channel.receive()
        if request is None:
            os._exit(0)
        if self._settings["path"]:
            folders = [os.path.join(request["app"], folder) for folder in self._settings["path"]]
            os.environ["PYTHONPATH"] = os.pathsep.join(folders)  # for the agent, and for commands beside it
        try:
            if request["network"] != "shared":
                network.enter(self._channel)
            if self._settings["namespaces"]:
                mounts.enter_session(self._settings, request["key"], request["code"])
            elif sys.platform == "linux":
                kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
            guards.guard_session(self._settings)
            agent = self._fork_agent(request)
        except OSError as error:
            self._channel.send({"failed": str(error)})
            os._exit(1)
        return agent or self._watch()

    def _fork_agent(self, request: Message) -> "Agent | None":
        """Start the agent; returns it in its own process, None in this one."""
        agents: list[int] = []
        if not self._settings["namespaces"]:
            agents, self._groups = self._groups, []
        self._output, output = os.pipe()
        agent = Agent(self._settings, request, self._listener, Entrance(output, agents, self._gate, self._pages))
        self._agent_pid = os.fork()
        if self._agent_pid == 0:
            self._leave_to_agent()
            return agent
        for descriptor in (output, self._gate, *agents):
            os.close(descriptor)
        silence()
        if sys.platform == "linux":
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # no ptrace, no reading of our memory from inside
        self._channel.send({"started": self._agent_pid})
        return None

    def _leave_to_agent(self) -> None:
        """In the agent's process: close what is the init's."""
        self._channel.close()
        for descriptor in (self._output, *self._groups):
            os.close(descriptor)

    def _watch(self) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which pid 1 never gets, as all that it does not handle
        watch = children.Watch()
        for source in (self._channel, watch):
            self._poll.register(source, select.POLLIN)
        self._reap(watch)  # an agent that ended before we watched
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll(self._milliseconds_left())}
            if self._channel.fileno() in ready:
                self._obey(self._channel.read())
            if self._output in ready and not self._pump():
                self._poll.unregister(self._output)
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._deadline = None
                children.kill(self._agent_pid, signal.SIGKILL)
            if watch.fileno() in ready:
                self._reap(watch)
            if self._groups and (self._log is not None or not ready):
                limits.move_everyone(self._groups)
                self._groups = []

    def _reap(self, watch: children.Watch) -> None:
        ended = watch.reap()
        self._commands.ended(ended)
        if self._agent_pid in ended:
            self._end(ended[self._agent_pid])

    def _obey(self, messages: "list[Message] | None") -> None:
        if messages is None:  # the server has ended
            self._end_all()
            os._exit(0)
        for message in messages:
            if "log" in message:
                self._log = Log(self._channel.take_descriptors(1)[0], warn=self._warn)
                self._poll.register(self._output, select.POLLIN)
                self._channel.send({"logs": True})
            elif "forward" in message:
                self._forward(message["forward"], message["host"])
            elif "stop" in message:
                self._deadline = time.monotonic() + message["stop"]
                children.kill(self._agent_pid, signal.SIGTERM)
            else:
                self._commands.obey(message)

    def _forward(self, port: int, host: str) -> None:
        if host and self._log is not None:
            self._log.write(MARK + differences.on_loopback(host, port).encode() + b"\n")
        if os.fork() == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                close_others([self._listener])
                guards.guard_process(self._settings)
                from .forwarding import forward  # asyncio: more than a session is to load for nothing

                forward(self._listener, port)
            finally:
                os._exit(1)

    def _warn(self, text: str) -> None:
        """Pass a warning on, a few of them and of a sentence's length: the agent may write what it likes."""
        if self._warnings_left > 0:
            self._warnings_left -= 1
            self._channel.send({"warning": text[:WARNING_MAX]})

    def _milliseconds_left(self) -> "float | None":
        if self._deadline is None:
            return _UNLIMITED if self._groups else None
        return max(0.0, self._deadline - time.monotonic()) * 1000 + 1

    def _pump(self) -> bool:
        """Carry output to the log; false when nobody is left to write, or there is no log yet and so nothing said."""
        if self._log is None:
            return False
        data = os.read(self._output, _READ)
        self._log.write(data)
        if not self._told_of_disk and guards.DISK in self._settings["guards"] and disk.is_full(_TEMPORARY):
            self._told_of_disk = True
            self._log.write(disk.FULL)
        return bool(data)

    def _end(self, status: int) -> NoReturn:
        """The agent is gone: so is all it has left behind. Its last words are written before the server hears of it."""
        self._end_all()
        os.set_blocking(self._output, False)
        with contextlib.suppress(BlockingIOError):  # somebody outside holds the other end
            while self._pump():
                pass
        if self._log is not None:
            self._log.close()
        code = os.waitstatus_to_exitcode(status)
        self._channel.send({"exited": {"code": code if code >= 0 else None, "signal": -code if code < 0 else None}})
        os._exit(0)

    def _end_all(self) -> None:
        """Kill every process of the session but this one, and wait until none is left."""
        if self._settings["namespaces"]:
            children.kill(-1, signal.SIGKILL)
        else:
            self._end_descendants()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()

    def _end_descendants(self) -> None:
        """Without a pid namespace: as the subreaper, kill direct children until no orphan follows."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._agent_pid, signal.SIGKILL)
        while pids := children.living():
            for pid in pids:
                children.kill(pid, signal.SIGKILL)
            children.reap()
