"""The root that a program's processes live in: empty, and then what they need is added, read-only.

`/usr` and what leads to it, a short list of /etc, the interpreter, the packages, the code, a minimal /dev. All of it
lies at the paths that it has outside, because environments and compiled files hold paths; nothing around it is there.
The root is put together in /tmp of a mount namespace of our own, from descriptors that were opened before: no path is
looked up twice. What is copied instead of bound (small files of /etc) is as it was when the parent started.
"""

import os
import stat
from typing import Any, NamedTuple

from . import account, kernel, paths
from .places import APP, CODE, HOME, SESSIONS, SYSTEM, TEMPORARY, WORKER

STAGING = "/tmp"  # noqa: S108 (covered by a mount of our own)
READ_ONLY = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV
WRITABLE = kernel.MS_NOSUID | kernel.MS_NODEV
TREE = kernel.MS_BIND | kernel.MS_REC

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
PROCESSORS = "/sys/devices/system/cpu"  # numerical libraries count processors there
SETTINGS = (  # of /etc: files and folders without secrets that libraries read
    *("alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version"),
    *("fonts", "gai.conf", "host.conf", "hosts", "inputrc", "ld-musl-aarch64.path", "ld-musl-x86_64.path"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "lsb-release", "magic", "mime.types", "networks"),
    *("nsswitch.conf", "os-release", "pki/ca-trust/extracted", "pki/tls/cert.pem", "pki/tls/certs", "profile"),
    *("pki/tls/openssl.cnf", "protocols", "resolv.conf", "services", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf"),
    *("terminfo", "timezone"),
)
PASSWD = f"""root:x:0:0:root:/root:/usr/sbin/nologin
{account.NAME}:x:{account.AGENT}:{account.AGENT}:{account.NAME}:{HOME}:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUP = f"""root:x:0:
{account.NAME}:x:{account.AGENT}:
nogroup:x:65534:
"""

_PLACES = ("/proc", "/sys", "/dev", "/run", "/var", *TEMPORARY, HOME, APP, WORKER, CODE, SESSIONS)  # always there
_COPIED_MAX = 1024**2  # bytes of a file in /etc
_PARENT_TMP_OPTIONS = "mode=1777,size=64m"

Settings = dict[str, Any]


class Shown(NamedTuple):
    """Something that will be bound: from `descriptor` to the path `place`."""

    place: str
    descriptor: int
    is_folder: bool
    flags: int


class Root:
    """A root in the making: first everything is opened (`show`, `copy`), then it is put together (`assemble`)."""

    def __init__(self) -> None:
        self._links: dict[str, str] = {}
        self._files: dict[str, bytes] = {}
        self._shown: dict[str, Shown] = {}
        self._folders: list[str] = []

    def show(self, path: str, flags: int = READ_ONLY, place: "str | None" = None) -> None:
        """Let `path` be seen, with the links that lead to it; as `place` if it is named. What is not there is not."""
        traced = paths.trace(path)
        if traced is None:
            return
        self._links.update(traced.links if place is None else ())
        where = place or traced.place
        if where in self._shown:
            os.close(self._shown.pop(where).descriptor)
        self._shown[where] = Shown(where, traced.descriptor, traced.is_folder, flags)

    def copy(self, path: str) -> None:
        """Let a file be seen as it is now, and a folder as it will be."""
        traced = paths.trace(path)
        if traced is None:
            return
        if traced.is_folder:
            os.close(traced.descriptor)
            self.show(path)
            return
        if paths.is_in(traced.place, "/usr"):  # the name of a time zone is that of the link's target
            self._links.update(traced.links)
            os.close(traced.descriptor)
            return
        try:
            if stat.S_ISREG(os.fstat(traced.descriptor).st_mode):
                with open(by_descriptor(traced.descriptor), "rb") as file:
                    self._files[path] = file.read(_COPIED_MAX)
        except PermissionError:
            return
        finally:
            os.close(traced.descriptor)

    def write(self, path: str, content: str) -> None:
        self._files[path] = content.encode()

    def make(self, folder: str) -> None:
        """Let an empty folder be there, for what will be mounted on it later."""
        self._folders.append(folder)

    def assemble(self) -> "list[str]":
        """Make it in STAGING; the descriptors are closed. Gives what was bound below the temporary folders."""
        _mount_tmpfs(STAGING, "mode=0755,size=8m")
        for folder in (*_PLACES, *self._folders):
            os.makedirs(_inside(folder), exist_ok=True)
        for folder in TEMPORARY:
            _mount_tmpfs(_inside(folder), _PARENT_TMP_OPTIONS)
        bound: dict[str, int] = {}
        for shown in sorted(self._shown.values()):
            around = [place for place in bound if paths.is_below(shown.place, place)]
            if not (around and shown.flags == READ_ONLY == bound[max(around, key=len)]):
                _bind(shown)
                bound[shown.place] = shown.flags
            os.close(shown.descriptor)
        for path, target in sorted(self._links.items()):
            if not any(paths.is_in(path, other) for other in bound):
                _link(target, _inside(path))
        for path, content in self._files.items():
            _write(_inside(path), content)
        return [place for place in bound if any(paths.is_below(place, folder) for folder in TEMPORARY)]


def base(settings: Settings, interpreter: "list[str]", worker: str) -> Root:
    """What every session of a program sees, opened. `settings` are those of `keeper`."""
    root = Root()
    for path in (*SYSTEM, PROCESSORS, *interpreter, *settings["visible"]):
        root.show(path)
    for name in SETTINGS:
        root.copy(f"/etc/{name}")
    if settings["storage"] is not None:
        root.make(settings["storage"])
    for mount in settings["mounts"]:
        root.show(mount["path"], WRITABLE if mount["writable"] else READ_ONLY)
    root.show(worker, place=WORKER)
    root.show(settings["code"], place=APP)
    root.show(os.path.dirname(settings["code"]), place=CODE)
    root.show(settings["sessions"], WRITABLE if settings["rooms_on_disk"] else READ_ONLY, place=SESSIONS)
    for name in DEVICES:
        root.show(f"/dev/{name}", kernel.MS_NOSUID | kernel.MS_NOEXEC)
    if settings["resolv_conf"] is not None:
        root.write("/etc/resolv.conf", settings["resolv_conf"])
    root.write("/etc/passwd", PASSWD)
    root.write("/etc/group", GROUP)
    return root


def furnish_devices() -> None:
    """The rest of /dev: links, and where the session's own file systems go."""
    for name in ("shm", "pts"):
        os.mkdir(_inside(f"/dev/{name}"))
    for name, target in (
        *(("fd", "/proc/self/fd"), ("ptmx", "pts/ptmx")),
        *(("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")),
    ):
        os.symlink(target, _inside(f"/dev/{name}"))
    for name in ("run", "lock"):
        _link("/run", _inside(f"/var/{name}"))
    kernel.mount("", STAGING, flags=kernel.MS_REMOUNT | kernel.MS_BIND | READ_ONLY)


def change_root() -> None:
    """Make of STAGING the root, with a /proc of this pid namespace; the machine's own tree goes out of reach."""
    kernel.mount(STAGING, STAGING, flags=TREE)
    kernel.mount("proc", _inside("/proc"), "proc", WRITABLE | kernel.MS_NOEXEC)
    os.chdir(STAGING)
    kernel.pivot_root()
    kernel.detach(".")
    os.chdir("/")


def set_attributes(target: str, flags: int) -> None:
    """Add flags to a mount and all below it, in one call where the kernel has it (5.12), else one by one."""
    try:
        kernel.set_attributes(target, flags)
    except OSError:
        remount(target, flags)


def remount(target: str, flags: int) -> None:
    """Add flags to a mount and all below it, the old way."""
    for place, kept in mounted().items():
        if paths.is_in(place, target):
            kernel.mount("", place, flags=kernel.MS_REMOUNT | kernel.MS_BIND | kept | flags)


def mounted() -> "dict[str, int]":
    """Where something is mounted, and the flags that a remount must name again to keep."""
    named = {"ro": kernel.MS_RDONLY, "nosuid": kernel.MS_NOSUID, "nodev": kernel.MS_NODEV, "noexec": kernel.MS_NOEXEC}
    found = {}
    with open("/proc/self/mountinfo") as file:
        for line in file:
            target, options = line.split()[4:6]
            flags = sum(flag for name, flag in named.items() if name in options.split(","))
            found[target.encode().decode("unicode_escape")] = flags
    return found


def by_descriptor(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _inside(path: str) -> str:
    return STAGING + path


def _mount_tmpfs(target: str, options: str) -> None:
    kernel.mount("tmpfs", target, "tmpfs", WRITABLE, options)


def _bind(shown: Shown) -> None:
    target = _inside(shown.place)
    if shown.is_folder:
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        _write(target, b"")
    kernel.mount(by_descriptor(shown.descriptor), target, flags=TREE)
    set_attributes(target, shown.flags)


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with open(descriptor, "wb") as file:
        file.write(content)


def _link(target: str, path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(target, path)
