"""What guards a session besides what it sees of the file system: walls that a process builds around itself.

They stay for all that the process will start. Some stand around the whole session (`guard_session`, in its init, when
all is mounted), so that its processes are alike to each other; some around each process that is the agent's or a
command's (`guard_process`, as late as can be: what is refused then is needed before). The parent has a filter of its
own (`guard_parent`): it imports packages of strangers, and makes what sessions live in.

What the machine lacks is found out once, by building all of it for real in a process that ends then (`try_all`), and
shown; the rest is required: a session that can't be guarded does not start. `settings["guards"]` names that rest.
"""

import errno
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from .channel import Channel

if sys.platform == "linux":
    from . import disk, kernel, landlock, paths, root, seccomp

Settings = dict[str, Any]

PRIVILEGES = "no new privileges"
KEYRING = "keyring of its own"
LANDLOCK = "landlock"
CAPABILITIES = "no capabilities"
PROCESSES = "process limit"
DISK = "disk limit"
FILTER = "filter of system calls"

PROCESSES_MAX = 4096  # threads among them; as the control groups have it

_NO_CORE = 1  # byte: of 0, Linux would still hand a dump over to a program of the machine's (core(5))
_USABLE = ("/dev", "/proc")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 (the session's own)


def guard_session(settings: Settings) -> None:
    """In the session's init, when it has mounted all. Raises OSError."""
    _build(settings, (PRIVILEGES, KEYRING, LANDLOCK))


def guard_process(settings: Settings) -> None:
    """In a process that is about to run a program of the session. Raises OSError."""
    resource.setrlimit(resource.RLIMIT_CORE, (_NO_CORE, _NO_CORE))
    _build(settings, (PRIVILEGES, PROCESSES, CAPABILITIES, FILTER))


def guard_parent(settings: Settings) -> None:
    """In the parent, before it imports anything. Raises OSError."""
    _build(settings, (PRIVILEGES, KEYRING))
    if FILTER in settings["guards"]:
        seccomp.install("parent")


def try_all(settings: Settings) -> "list[dict[str, str]]":
    """Build all of them around this process: `name`, and as `reason` what was refused, or nothing."""
    return [{"name": name, "reason": _refusal(name, settings)} for name in _BUILDERS]


def probe(channel: Channel) -> None:
    """Where there are no namespaces: answer `{"error": null}` and the `guards` that can be built all the same."""
    settings = channel.receive()
    assert settings is not None
    channel.send({"error": None, "guards": try_all(settings)})


def _build(settings: Settings, names: "Sequence[str]") -> None:
    for name in names:
        if name in settings["guards"]:
            _BUILDERS[name](settings)


def _refusal(name: str, settings: Settings) -> str:
    if sys.platform != "linux":
        return f"{sys.platform} has none"
    try:
        _TRIALS.get(name, _BUILDERS[name])(settings)
    except OSError as refused:
        return str(refused)
    return ""


def _refuse_new_privileges(_settings: Settings) -> None:
    """No program that is executed from here on gives more rights than its caller had (setuid, file capabilities)."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def _join_keyring(_settings: Settings) -> None:
    """Leave the keys of the user's session behind.

    A user who is not root may have some 200 keyrings. Then the one of the parent stays, as empty; it can't be reached
    behind the filter.
    """
    try:
        kernel.join_session_keyring()
    except OSError as refused:
        if refused.errno != errno.EDQUOT:
            raise


def _enter_landlock(settings: Settings) -> None:
    if settings["namespaces"]:
        places = root.mounted().items()
        # what another mount hides, as the room of all sessions, is in the list and can't be reached
        writable = [place for place, flags in places if not flags & kernel.MS_RDONLY and os.path.exists(place)]
        outside = [place for place in writable if not any(paths.is_in(place, folder) for folder in _USABLE)]
        storage = [os.path.dirname(settings["storage"])] if settings["storage"] else []
        landlock.restrict([*outside, _SHARED_MEMORY], _USABLE, storage)
    else:
        landlock.restrict([], [])


def _limit_processes(settings: Settings) -> None:
    """Where the session has a user namespace of its own, in which the kernel counts its processes (Linux 5.14)."""
    if not settings["namespaces"]:
        raise OSError(errno.ENOSYS, "without namespaces all processes of the user are counted")
    _set_process_limit(PROCESSES_MAX)


def _try_process_limit(settings: Settings) -> None:
    """Nobody else is counted, and this process is."""
    _limit_processes(settings)
    for limit, allowed in ((2, True), (1, False)):
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, PROCESSES_MAX))
        if _may_fork() != allowed:
            raise OSError(errno.ENOSYS, "the kernel does not count the processes of a user namespace apart")
    _set_process_limit(PROCESSES_MAX)


def _set_process_limit(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def _may_fork() -> bool:
    try:
        child = os.fork()
    except BlockingIOError:
        return False
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _see_disk_limit(settings: Settings) -> None:
    """It was made with the mounts (`disk`), where that could be."""
    size = os.statvfs(tempfile.gettempdir())
    if not settings["namespaces"] or size.f_blocks * size.f_frsize != disk.BYTES_MAX:
        raise OSError(errno.ENOSYS, "sessions write to the machine's disk")


def _drop_capabilities(_settings: Settings) -> None:
    kernel.drop_capabilities()


def _filter_calls(settings: Settings) -> None:
    seccomp.install("storing" if settings.get("storage") else "session")


_BUILDERS: "dict[str, Callable[[Settings], None]]" = {
    PRIVILEGES: _refuse_new_privileges,
    KEYRING: _join_keyring,
    LANDLOCK: _enter_landlock,
    DISK: _see_disk_limit,
    PROCESSES: _limit_processes,
    CAPABILITIES: _drop_capabilities,
    FILTER: _filter_calls,
}
_TRIALS = {PROCESSES: _try_process_limit}  # where it takes more to see that it holds
