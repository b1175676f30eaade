"""Landlock: a second wall behind the mounts, which holds where a descriptor or a mount would lead around them.

What lies below the root of this process may be read and executed, and nothing else of the machine, however it is
reached; only the folders of the session may be written to. Processes inside neither signal nor trace what is outside,
and meet no abstract Unix socket of it (Linux 6.12). All processes of a session are inside one domain, its init too, so
they can do all that to each other.
"""

import ctypes
import errno
import os
from collections.abc import Iterable

from . import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_GET_VERSION = 1
_PATH_BENEATH = 1

# LANDLOCK_ACCESS_FS_…
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_MAKE_DEVICES = 1 << 6 | 1 << 11  # character and block devices
_MAKE_CONNECTIONS = 1 << 9 | 1 << 10  # sockets and FIFOs
_REFER, _TRUNCATE, _DEVICE_CONTROL = 1 << 13, 1 << 14, 1 << 15
_KNOWN_TO_VERSION_1 = (1 << 13) - 1
_SCOPES = 1 | 2  # abstract Unix sockets, signals

_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_USE = _READ | _WRITE_FILE | _TRUNCATE | _DEVICE_CONTROL
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_CONTROL


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scopes")]


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def restrict(writable: "Iterable[str]", usable: "Iterable[str]", plain: "Iterable[str]" = ()) -> None:
    """Enter a domain of its own, for this process and all that it will start. Wants no_new_privs. Raises OSError.

    `writable` are the session's folders, those that are `plain` for files, folders and links alone; in those that are
    `usable`, as /dev, what is there may be written to. With none, files are not restricted. A rule holds for what will
    be mounted below its folder, not for what is mounted on it.
    """
    version = kernel.syscall("landlock_create_ruleset", _CREATE_RULESET, None, 0, _GET_VERSION)
    rights = _rights(version)
    anything = rights & ~_MAKE_DEVICES
    rules = {
        "/": _READ,
        **dict.fromkeys(usable, _USE),
        **dict.fromkeys(plain, anything & ~_MAKE_CONNECTIONS),
        **dict.fromkeys(writable, anything),
    }
    restricted = len(rules) > 1
    ruleset = _Ruleset(rights if restricted else 0, 0, _SCOPES if version >= 6 else 0)
    if not ruleset.files and not ruleset.scopes:
        raise OSError(errno.ENOSYS, "landlock: before Linux 6.12 it has no scopes")
    size = ctypes.sizeof(ruleset) if version >= 6 else 8
    descriptor = kernel.syscall("landlock_create_ruleset", _CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    try:
        for path, allowed in rules.items() if restricted else ():
            _allow(descriptor, path, allowed & rights)
        kernel.syscall("landlock_restrict_self", _RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)


def _rights(version: int) -> int:
    """All rights that this version of Landlock knows: what it doesn't, it can't restrict."""
    later = {_REFER: 2, _TRUNCATE: 3, _DEVICE_CONTROL: 5}
    return _KNOWN_TO_VERSION_1 | sum(right for right, since in later.items() if version >= since)


def _allow(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = rights if os.path.isdir(path) else rights & _FILE_RIGHTS
        rule = _Rule(allowed, place)
        kernel.syscall("landlock_add_rule", _ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)
