"""System calls of the Linux kernel that Python lacks: mounts, namespaces, process attributes, capabilities.

Every function raises OSError with the call's name. Constants are those of <sys/mount.h>, <sched.h>, <linux/prctl.h>.
"""

import ctypes
import os

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_READ, PR_CAPBSET_DROP = 1, 4, 23, 24
PR_SET_SECUREBITS, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 28, 36, 38, 47
CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SETPCAP, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 1, 3, 8, 19, 21
MADV_POPULATE_READ, MADV_POPULATE_WRITE = 22, 23

_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000

_AMBIENT_RAISE, _AMBIENT_CLEAR_ALL = 2, 4
# SECBIT_NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE, each locked, and KEEP_CAPS locked at no.
_NO_WAY_TO_CAPABILITIES = 0xEF
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
_KEYCTL_JOIN_SESSION_KEYRING = 1

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace")]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilitySets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


_OF_THIS_PROCESS = _CapabilityHeader(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3: two words for each set


def _check(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: object) -> int:
    """A system call that libc has no function for; integers are passed as longs."""
    passed = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    _libc.syscall.restype = ctypes.c_long
    return _check(_libc.syscall(ctypes.c_long(number), *passed), name)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). An empty string stands for a null pointer where the kernel wants one."""
    result = _libc.mount(
        source.encode() or None, target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {kind or 'bind'} on {target}")


def detach(target: str) -> None:
    """Take the topmost mount off `target` at once; who still uses it keeps it."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def pivot_root() -> None:
    """Make the current folder, which must be a mount, the root; the old one lies on top of it until `detach`."""
    _check(_libc.pivot_root(b".", b"."), "pivot_root")


def set_attributes(target: str, flags: int) -> None:
    """Add MS_RDONLY, MS_NOSUID, MS_NODEV or MS_NOEXEC to the mount `target` and all below it (Linux 5.12)."""
    attributes = _MountAttributes(set=flags)  # these four have the same values as MOUNT_ATTR_*
    arguments = (target.encode(), _AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))
    syscall(f"mount_setattr {target}", _SYS_MOUNT_SETATTR, _AT_FDCWD, *arguments)


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    _check(_libc.setns(descriptor, kind), "setns")


def prctl(option: int, value: int = 0, second: int = 0) -> int:
    arguments = [ctypes.c_ulong(number) for number in (value, second, 0, 0)]
    return _check(_libc.prctl(option, *arguments), f"prctl {option}")


def advise(start: int, length: int, advice: int) -> None:
    """madvise(2) on memory of this process; nothing comes of it when it is refused."""
    _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), advice)


def join_session_keyring() -> None:
    """Have a new, empty session keyring, that no other process has."""
    syscall("keyctl", _SYS_KEYCTL[os.uname().machine], _KEYCTL_JOIN_SESSION_KEYRING, None)


def drop_capabilities() -> None:
    """Have none, in any set, and no way to come by one: not as root either, not by a program that has some."""
    if _capabilities()[0].effective & 1 << CAP_SETPCAP:  # who has it not has nothing to drop, and can't
        prctl(PR_SET_SECUREBITS, _NO_WAY_TO_CAPABILITIES)
        _limit_bounding_set(frozenset())
    prctl(PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    _check(_libc.capset(ctypes.byref(_OF_THIS_PROCESS), (_CapabilitySets * 2)()), "capset")


def limit_capabilities(left: "frozenset[int]") -> None:
    """Drop every capability outside `left`, for this process and all it will ever execute."""
    _limit_bounding_set(left)
    sets = _capabilities()
    for word, capabilities in enumerate(sets):
        mask = sum(1 << number % 32 for number in left if number // 32 == word)
        capabilities.permitted &= mask
        capabilities.effective = capabilities.inheritable = capabilities.permitted
    _check(_libc.capset(ctypes.byref(_OF_THIS_PROCESS), sets), "capset")


def _capabilities() -> "ctypes.Array[_CapabilitySets]":
    sets = (_CapabilitySets * 2)()
    _check(_libc.capget(ctypes.byref(_OF_THIS_PROCESS), sets), "capget")
    return sets


def _limit_bounding_set(left: "frozenset[int]") -> None:
    number = 0
    while _libc.prctl(PR_CAPBSET_READ, ctypes.c_ulong(number), 0, 0, 0) >= 0:
        if number not in left:
            prctl(PR_CAPBSET_DROP, number)
        number += 1


def keep_capabilities_on_execution(kept: "frozenset[int]") -> None:
    """Let a program that is executed have `kept`, which this process has and may inherit, though it is not root."""
    for number in sorted(kept):
        prctl(PR_CAP_AMBIENT, _AMBIENT_RAISE, number)
