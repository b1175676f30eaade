"""The parent of a program's sessions: imports once, then forks the first process of each session.

It runs no code of the agent's project and keeps nothing of a session: the descriptors that the server sends along with
a request are handed to the child and closed, and the request itself (which holds the session's credentials) is read
by the child. A fork is refused, with the reason, while anything in here could make it unsafe.
"""

import os
import select
import signal
import socket
import sys
from typing import Any

from . import children, forks, guards, imports, init, memory, study
from .channel import Channel, Message

if sys.platform == "linux":
    from . import kernel

Settings = dict[str, Any]


def serve(connection: socket.socket, preloaded: "frozenset[str]") -> "init.Init":
    """Be the parent until the server lets go and the last session has ended. Returns only in a session's init."""
    channel = Channel(connection)
    settings = channel.receive()
    if settings is None:
        os._exit(0)
    parent = Parent(channel, settings)
    parent.prepare(preloaded)
    return parent.fork_sessions()


class Parent:
    """One process; `prepare` it, then let it `fork_sessions`."""

    def __init__(self, channel: Channel, settings: Settings) -> None:
        self._channel = channel
        self._settings = settings
        self._pages = b""
        self._sessions: set[int] = set()
        self._listening = True
        self._refused: set[str] = set()
        self._preloaded: frozenset[str] = frozenset()

    def prepare(self, preloaded: "frozenset[str]") -> None:
        """Import, and tell the server what stands against forking, if anything."""
        if sys.platform == "linux" and not self._settings["namespaces"]:
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        guards.guard_parent(self._settings)
        os.chdir(self._settings["app"])
        self._preloaded = preloaded
        if not self._settings["fresh"]:
            self._import()
        memory.settle()
        self._channel.send({"ready": True, "unsafe": forks.unsafe_to_fork()})

    def fork_sessions(self) -> "init.Init":
        """Answer each request of the server with a new process; returns in that process."""
        watch = children.Watch()
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(watch, select.POLLIN)
        while self._listening or self._sessions:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if watch.fileno() in ready:
                self._sessions -= watch.reap().keys()
                end_strangers(self._sessions)
            if self._channel.fileno() in ready:
                request = self._take_request()
                if request is None:
                    poll.unregister(self._channel)
                elif "study" in request:
                    self._study(request["study"])
                elif "code" in request:
                    self._channel.send({"against": self._against(request["code"])})
                elif self._answer(descriptors := self._channel.take_descriptors()):
                    watch.close()
                    self._channel.close()
                    return init.Init(self._settings, self._pages, descriptors)
        os._exit(0)

    def _import(self) -> None:
        project = self._project(self._settings["app"])
        self._refused |= imports.load(project, imports.read_start(project, self._settings["start"]))
        self._refused |= imports.load(project, self._settings["learned"])
        imports.forget_shadowed(project, self._preloaded)

    def _project(self, code: str) -> imports.Project:
        """The agent's code as it lies in the folder `code`."""
        start = self._settings["start"]
        script = "" if start[0] == "-m" else os.path.dirname(start[0])
        return imports.Project(*(os.path.join(code, folder) for folder in (script, *self._settings["path"])))

    def _against(self, code: str) -> "str | None":
        """Why sessions of the snapshot `code` must not come from here, or None."""
        project = self._project(os.path.join(self._settings["snapshots"], code))
        return imports.against(project, self._refused, self._preloaded)

    def _take_request(self) -> "Message | None":
        """What the server wants; None when it has let go. It sends one request at a time, and waits for the answer."""
        request = self._channel.receive()
        self._listening = request is not None
        return request

    def _study(self, pid: int) -> None:
        """Look at the memory of a session that has served, for those to come: its init is our child `pid`."""
        agents = children.of(pid)
        self._pages = study.look_at(agents[0]) if agents else b""
        self._channel.send({"studied": True})

    def _answer(self, descriptors: "list[int]") -> bool:
        """Fork and tell the server, or tell it why not. True in the new process."""
        refusal = forks.unsafe_to_fork()
        if refusal is None:
            try:
                pid = forks.fork(self._settings["namespaces"])
            except OSError as error:
                refusal = str(error)
            else:
                if pid == 0:
                    return True
                self._sessions.add(pid)
        for descriptor in descriptors:
            os.close(descriptor)
        if refusal is None:
            self._tell_of(pid)
        else:
            self._channel.send({"refused": refusal})
        return False

    def _tell_of(self, pid: int) -> None:
        """Tell of a new child; out of a pid namespace its number says nothing, so a handle on it goes along."""
        if not self._settings["namespaces"]:
            self._channel.send({"forked": pid})
            return
        handle = os.pidfd_open(pid)
        self._channel.send({"forked": pid}, (handle,))
        os.close(handle)


def end_strangers(sessions: "set[int]") -> None:
    """Kill what came here as an orphan: the processes of a session whose init was killed (only without namespaces)."""
    for pid in children.living():
        if pid not in sessions:
            children.kill(pid, signal.SIGKILL)
