"""What a session sees of the file system, where namespaces are to be had.

Two steps. `enter_base`, once per parent: the machine read-only, the rooms of the local runtime hidden except for what
this program needs. `enter_session`, once per session, in a copy of that: the session's own folder over the code
(overlayfs), its own HOME, /tmp, /var/tmp, /dev/shm and /proc. All sessions have them at the same paths, so what the
parent computed from `sys.path` or HOME holds in every child.

Whatever must stay visible under a folder that gets covered is opened first and bound back through its descriptor.
"""

import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

from . import guards, kernel
from .channel import Channel

COVERED_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 (the paths themselves are meant)
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
PROTECTED_PROC = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")
SHARED_MEMORY_OPTIONS = "mode=1777,size=512m"

_HARMLESS = kernel.MS_NOSUID | kernel.MS_NODEV
_REMOUNT = kernel.MS_REMOUNT | kernel.MS_BIND
_TREE = kernel.MS_BIND | kernel.MS_REC

Settings = dict[str, Any]


def is_below(path: str, folder: str) -> bool:
    """Whether `path` lies inside `folder` (and is not `folder` itself)."""
    return path != folder and os.path.commonpath([path, folder]) == folder


def outermost(paths: "Iterable[str]") -> "list[str]":
    """The existing folders among `paths` that lie in no other of them."""
    found = sorted({os.path.realpath(path) for path in paths if os.path.isdir(path)})
    return [path for path in found if not any(is_below(path, other) for other in found)]


def cover(target: str, put: "Callable[[], None]", kept: "list[str]") -> None:
    """Let `put` mount something on `target`, then bring back the folders of `kept` (see `outermost`) that it hides."""
    held = [(os.open(path, os.O_PATH), path) for path in kept if is_below(path, target)]
    put()
    for descriptor, path in held:
        os.makedirs(path, exist_ok=True)
        kernel.mount(_by_descriptor(descriptor), path, flags=_TREE)
        os.close(descriptor)


def enter_base(settings: Settings, visible: "list[str]") -> None:
    """Enter a mount namespace (for `user`, also a user namespace) where the machine is read-only and `home` hidden."""
    if settings["namespaces"] == "user":
        _enter_user_namespace()
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("", "/", flags=kernel.MS_PRIVATE | kernel.MS_REC)
    home, sessions, code = settings["home"], settings["sessions"], settings["code"]
    cover(home, lambda: _small_tmpfs(home), [*visible, sessions])
    for folder in (settings["app"], settings["session_home"]):
        os.makedirs(folder)
    kernel.mount(code, settings["app"], flags=_TREE)
    _replace_devices()
    make_read_only()
    _make_writable(sessions)


def enter_session(settings: Settings, folder: str, visible: "list[str]") -> None:
    """Enter the file system of the session whose writable layers are in `folder`. Runs as pid 1 of its namespace."""
    home = settings["home"]
    kept = [home, *(path for path in visible if not is_below(path, home))]
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
    _mount_app(settings, folder)
    kernel.mount(f"{folder}/home", settings["session_home"], flags=kernel.MS_BIND)
    kernel.mount("tmpfs", "/dev/shm", "tmpfs", _HARMLESS, SHARED_MEMORY_OPTIONS)  # noqa: S108
    for target in outermost(COVERED_TEMPORARY):
        _cover_temporary(target, os.path.join(folder, "tmp"), kept)
    _mount_proc()
    kernel.detach(settings["sessions"])


def _by_descriptor(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _enter_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


def _small_tmpfs(target: str) -> None:
    kernel.mount("tmpfs", target, "tmpfs", _HARMLESS, "mode=0755,size=1m")


def _replace_devices() -> None:
    """Leave in /dev what every program expects, and no disk."""
    held = [(os.open(f"/dev/{name}", os.O_PATH), name) for name in DEVICES if os.path.exists(f"/dev/{name}")]
    terminals = os.open("/dev/pts", os.O_PATH) if os.path.isdir("/dev/pts") else None
    kernel.mount("tmpfs", "/dev", "tmpfs", kernel.MS_NOSUID, "mode=0755,size=1m")
    for descriptor, name in held:
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_RDONLY))
        kernel.mount(_by_descriptor(descriptor), f"/dev/{name}", flags=kernel.MS_BIND)
        os.close(descriptor)
    os.mkdir("/dev/shm")  # noqa: S108
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"/dev/{name}")
    if terminals is not None:
        os.mkdir("/dev/pts")
        kernel.mount(_by_descriptor(terminals), "/dev/pts", flags=kernel.MS_BIND)
        os.symlink("pts/ptmx", "/dev/ptmx")
        os.close(terminals)


def make_read_only() -> None:
    """Every mount of this namespace, in one call where the kernel has it (5.12), else one by one."""
    try:
        kernel.set_read_only()
    except OSError:
        remount_read_only()


def remount_read_only() -> None:
    """Every mount of this namespace, the old way."""
    for target, flags in mounted().items():
        kernel.mount("", target, flags=_REMOUNT | flags | kernel.MS_RDONLY)


def mounted() -> "dict[str, int]":
    """Where something is mounted, and the flags that a remount must name again to keep."""
    named = {"nosuid": kernel.MS_NOSUID, "nodev": kernel.MS_NODEV, "noexec": kernel.MS_NOEXEC}
    found = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            target, options = line.split()[4:6]
            flags = sum(flag for name, flag in named.items() if name in options.split(","))
            found[target.encode().decode("unicode_escape")] = flags
    return found


def _make_writable(target: str) -> None:
    kernel.mount("", target, flags=_REMOUNT | mounted()[target])


def _mount_app(settings: Settings, folder: str) -> None:
    if not settings["overlay"]:
        kernel.mount(f"{folder}/app", settings["app"], flags=kernel.MS_BIND)
        return
    layers = {"lowerdir": settings["code"], "upperdir": f"{folder}/app", "workdir": f"{folder}/work"}
    held = {name: os.open(path, os.O_PATH) for name, path in layers.items()}  # no comma or colon in their names
    options = [f"{name}={_by_descriptor(descriptor)}" for name, descriptor in held.items()]
    if settings["namespaces"] == "user":
        options.append("userxattr")
    kernel.mount("overlay", settings["app"], "overlay", _HARMLESS, ",".join(options))
    for descriptor in held.values():
        os.close(descriptor)


def _cover_temporary(target: str, source: str, kept: "list[str]") -> None:
    cover(target, lambda: kernel.mount(source, target, flags=kernel.MS_BIND), kept)


def _mount_proc() -> None:
    kernel.mount("proc", "/proc", "proc", _HARMLESS | kernel.MS_NOEXEC)
    if os.geteuid() != 0:
        return
    for path in PROTECTED_PROC:  # a root without capabilities may still write there
        if os.path.exists(path):
            kernel.mount(path, path, flags=kernel.MS_BIND)
            kernel.mount("", path, flags=_REMOUNT | kernel.MS_RDONLY | _HARMLESS | kernel.MS_NOEXEC)


def probe(connection: socket.socket) -> None:
    """Do all of it once, in the folders that the server names: `{"error": null}` or what was refused, and `guards`."""
    channel = Channel(connection)
    settings = channel.receive()
    assert settings is not None
    error: str | None = None
    try:
        enter_base(settings, [settings["code"]])
        kernel.unshare(kernel.CLONE_NEWPID)
        child = os.fork()
        if child == 0:
            _probe_session(settings, channel)
        os.waitpid(child, 0)
    except OSError as refused:
        error = str(refused)
        channel.send({"error": error})


def _probe_session(settings: Settings, channel: Channel) -> None:
    error: str | None = None
    try:
        enter_session(settings, settings["folder"], [])
        with open(f"{settings['app']}/probe", "w") as file:
            file.write("written")
    except OSError as refused:
        error = str(refused)
    channel.send({"error": error, "guards": guards.try_all(settings)})
    os._exit(0)
