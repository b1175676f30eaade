"""The doors of the Linux kernel that Python lacks: mounts, namespaces, process attributes, capabilities.

Every function raises OSError with the call's name. Constants are those of <sys/mount.h>, <sched.h>, <linux/prctl.h>.
"""

import ctypes
import os

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_READ, PR_CAPBSET_DROP = 1, 4, 23, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
MADV_POPULATE_READ, MADV_POPULATE_WRITE = 22, 23

_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY = 1
_CAPABILITY_VERSION_3 = 0x20080522

# What a container engine leaves to root: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
# net_bind_service, net_raw, sys_chroot, audit_write, setfcap. Not sys_admin (it could undo our mounts), not mknod.
CAPABILITIES_OF_ROOT = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31})
# In a user namespace they reach the user's own files only: dac_override and fowner, because a snapshot is read-only.
CAPABILITIES_OF_USER = frozenset({1, 3})

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace")]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilitySets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def _check(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). An empty string stands for a null pointer where the kernel wants one."""
    result = _libc.mount(
        source.encode() or None, target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {kind or 'bind'} on {target}")


def detach(target: str) -> None:
    """Take the topmost mount off `target` at once; who still uses it keeps it."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def set_read_only() -> None:
    """Make every mount of this namespace read-only in one call (mount_setattr, Linux 5.12)."""
    attributes = _MountAttributes(set=_MOUNT_ATTR_RDONLY)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE, ctypes.byref(attributes), size)
    _check(result, "mount_setattr /")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    _check(_libc.setns(descriptor, kind), "setns")


def prctl(option: int, value: int = 0) -> int:
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    return _check(_libc.prctl(option, *arguments), f"prctl {option}")


def advise(start: int, length: int, advice: int) -> bool:
    """madvise(2) on memory of this process; false when it is refused."""
    return bool(_libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), advice) == 0)


def limit_capabilities(left: "frozenset[int]") -> None:
    """Drop every capability outside `left`, for this process and all it will ever execute."""
    number = 0
    while _libc.prctl(PR_CAPBSET_READ, ctypes.c_ulong(number), 0, 0, 0) >= 0:
        if number not in left:
            prctl(PR_CAPBSET_DROP, number)
        number += 1
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    sets = (_CapabilitySets * 2)()
    _check(_libc.capget(ctypes.byref(header), sets), "capget")
    for word, capabilities in enumerate(sets):
        mask = sum(1 << number % 32 for number in left if number // 32 == word)
        capabilities.permitted &= mask
        capabilities.effective = capabilities.permitted
        capabilities.inheritable = 0
    _check(_libc.capset(ctypes.byref(header), sets), "capset")
