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
import threading
from typing import Any

from . import children, imports, init, memory
from .channel import Channel

if sys.platform == "linux":
    from . import kernel, mounts

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
    def __init__(self, channel: Channel, settings: Settings) -> None:
        self._channel = channel
        self._settings = settings
        self._visible: list[str] = []

    def prepare(self, preloaded: "frozenset[str]") -> None:
        """Enter the base file system, import, and tell the server what stands against forking, if anything."""
        if sys.platform == "linux":
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        if self._settings["namespaces"]:
            interpreter = [os.path.dirname(os.path.abspath(__file__)), sys.prefix, sys.base_prefix, *sys.path]
            self._visible = mounts.outermost([*interpreter, *self._settings["visible"], self._settings["code"]])
            mounts.enter_base(self._settings, self._visible)
        os.chdir(self._settings["app"])
        if not self._settings["fresh"]:
            self._import(preloaded)
        memory.settle()
        self._channel.send({"ready": True, "unsafe": unsafe_to_fork()})

    def fork_sessions(self) -> "init.Init":
        """Answer each request of the server with a new process; returns in that process."""
        watch = children.Watch()
        sessions: set[int] = set()
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(watch, select.POLLIN)
        listening = True
        while listening or sessions:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if watch.fileno() in ready:
                sessions -= watch.reap().keys()
                end_strangers(sessions)
            if self._channel.fileno() in ready:
                messages = self._channel.read()
                if messages is None:
                    listening = False
                    poll.unregister(self._channel)
                for _ in messages or ():
                    descriptors = self._channel.take_descriptors()
                    pid = self._fork()
                    if pid == 0:
                        watch.close()
                        return self._become_init(descriptors)
                    for descriptor in descriptors:
                        os.close(descriptor)
                    if pid > 0:
                        sessions.add(pid)
        os._exit(0)

    def _import(self, preloaded: "frozenset[str]") -> None:
        start = self._settings["start"]
        script = "" if start[0] == "-m" else os.path.dirname(start[0])
        project = imports.Project(os.path.join(self._settings["code"], script))
        imports.load(project, imports.read_start(project, start))
        imports.load(project, self._settings["learned"])
        imports.forget_shadowed(project, preloaded)

    def _fork(self) -> int:
        """Fork, into a new pid namespace where there are some. Answers the server; returns -1 when refused."""
        reason = unsafe_to_fork()
        if reason is not None:
            self._channel.send({"refused": reason})
            return -1
        try:
            pid = _FORKS[self._settings["namespaces"]]()
        except OSError as error:
            self._channel.send({"refused": str(error)})
            return -1
        if pid > 0:
            self._channel.send({"forked": pid})
        return pid

    def _become_init(self, descriptors: "list[int]") -> "init.Init":
        self._channel.close()
        return init.Init(self._settings, self._visible, descriptors)


def fork_as_root() -> int:
    """Fork into a new pid namespace, and come back from it."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    pid = -1
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        pid = os.fork()
    finally:
        if pid != 0:
            kernel.setns(own, kernel.CLONE_NEWPID)
        os.close(own)
    return pid


def fork_as_user() -> int:
    """Let a child go into a new pid namespace and fork: from a user namespace there is no coming back.

    The child ends at once, so its child comes to us, the subreaper.
    """
    read, write = os.pipe()
    middle = os.fork()
    if middle != 0:
        os.close(write)
        with open(read) as answer:
            pid = answer.read()
        os.waitpid(middle, 0)
        if not pid:
            raise OSError("no new pid namespace is to be had")
        return int(pid)
    os.close(read)
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        pid_here = os.fork()
    except OSError:
        os._exit(1)
    if pid_here != 0:
        os.write(write, str(pid_here).encode())
        os._exit(0)
    os.close(write)
    return 0


_FORKS = {"root": fork_as_root, "user": fork_as_user, None: os.fork}


def unsafe_to_fork() -> "str | None":
    """Why a fork would lose something, or None.

    Python threads do not survive a fork. Native ones don't either, and only some libraries make theirs anew; those end
    them before the fork by a handler (OpenBLAS does). So a fork is tried once: what is still there afterwards would
    be missing in the child.
    """
    running = len(sys._current_frames())
    if running > 1:
        names = ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        return f"its imports leave {running - 1} Python threads running ({names})"
    if _native_threads() > 1:
        _try_fork()
        left = _native_threads() - 1
        if left > 0:
            return f"its imports leave {left} native threads running"
    return None


def _native_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except FileNotFoundError:
        return 1


def _try_fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def end_strangers(sessions: "set[int]") -> None:
    """Kill what came here as an orphan: the processes of a session whose init was killed (only without namespaces)."""
    for pid in children.living():
        if pid not in sessions:
            children.kill(pid, signal.SIGKILL)
