"""What a session sees of the file system on top of its parent's (`root`): what it may write to, and its processes.

Its own folder over the code (overlayfs, or a copy), its own HOME, /tmp, /var/tmp, /dev/shm, terminals and /proc. All
sessions have them at the same paths, so what the parent computed from `sys.path` or HOME holds in every child.

Whatever must stay visible under a folder that gets covered is opened first and bound back through its descriptor.
"""

import os
from collections.abc import Iterable
from typing import Any

from . import account, disk, kernel, paths, places, root

# As container engines have it: what tells of the whole machine, or would change it.
MASKED_PROC = (
    *("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/key-users"),
    *("/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats"),
)
PROTECTED_PROC = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
SHARED_MEMORY_OPTIONS = "mode=1777,size=512m,nr_inodes=65536"

_REMOUNT = kernel.MS_REMOUNT | kernel.MS_BIND
_EMPTY_OPTIONS = "mode=0555,size=4k,nr_inodes=1"

Settings = dict[str, Any]


def cover(target: str, source: str, kept: "Iterable[str]") -> None:
    """Bind `source` on `target`, then bring back what lies below it of `kept`."""
    held = [(os.open(path, os.O_PATH), path) for path in kept if paths.is_below(path, target)]
    kernel.mount(source, target, flags=kernel.MS_BIND)
    for descriptor, path in held:
        _make_place(path, os.path.isdir(root.by_descriptor(descriptor)))
        kernel.mount(root.by_descriptor(descriptor), path, flags=root.TREE)
        os.close(descriptor)


def enter_session(settings: Settings, key: str, code: str) -> None:
    """Enter the file system of the session `key` over the snapshot `code`, and leave every right behind.

    Runs as pid 1 of its namespace.
    """
    folder = os.path.join(places.SESSIONS, key)
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
    if settings["overlay"]:
        disk.take(folder)
    _mount_app(settings, folder, code)
    kernel.mount(f"{folder}/home", places.HOME, flags=kernel.MS_BIND)
    kernel.mount("tmpfs", "/dev/shm", "tmpfs", root.WRITABLE, SHARED_MEMORY_OPTIONS)  # noqa: S108
    kernel.mount("devpts", "/dev/pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, "ptmxmode=0666,mode=0620")
    for target in places.TEMPORARY:
        cover(target, os.path.join(folder, "tmp"), settings["kept"])
    kernel.mount("proc", "/proc", "proc", root.WRITABLE | kernel.MS_NOEXEC)
    sysctls = os.open("/proc/sys/user", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    _mask_proc()
    _hide(places.SESSIONS)
    _hide(places.CODE)
    account.confine(sysctls)
    os.close(sysctls)


def _mount_app(settings: Settings, folder: str, code: str) -> None:
    if not settings["overlay"]:
        kernel.mount(f"{folder}/app", places.APP, flags=kernel.MS_BIND)
        return
    layers = {"lowerdir": os.path.join(places.CODE, code), "upperdir": f"{folder}/app", "workdir": f"{folder}/work"}
    options = ",".join(f"{name}={path}" for name, path in layers.items())  # no comma or colon in our paths
    kernel.mount("overlay", places.APP, "overlay", root.WRITABLE, f"{options},userxattr")


def _mask_proc() -> None:
    for path in MASKED_PROC:
        if os.path.isdir(path):
            _hide(path)
        elif os.path.exists(path):
            kernel.mount("/dev/null", path, flags=kernel.MS_BIND)
    for path in PROTECTED_PROC:
        if os.path.exists(path):
            kernel.mount(path, path, flags=kernel.MS_BIND)
            kernel.mount("", path, flags=_REMOUNT | root.READ_ONLY | kernel.MS_NOEXEC)


def _hide(folder: str) -> None:
    kernel.mount("tmpfs", folder, "tmpfs", root.READ_ONLY | kernel.MS_NOEXEC, _EMPTY_OPTIONS)


def _make_place(path: str, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o644))
