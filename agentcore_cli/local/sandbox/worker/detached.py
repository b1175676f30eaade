"""Mounts that lie nowhere yet, and are put into the mount namespace of a session that runs already (Linux 5.8).

Nothing of them is ever in the machine's own list of mounts: they end with the namespace that they are put into, or
with their last descriptor, whichever ends later; so a killed server leaves none.
"""

import errno
import fcntl
import os
import struct

from . import kernel, root

_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432  # the same on every architecture
_AT_FDCWD = -100
_CLOSE_ON_EXECUTION = 1  # of FSOPEN and FSMOUNT; OPEN_TREE has O_CLOEXEC
_CLONE = 1
_SET_FLAG, _SET_STRING, _CREATE = 0, 1, 6
_FROM_DESCRIPTOR = 4

# What is freed is the disk's again; nothing is zeroed ahead; and no flush is passed on: it would wait for all that the
# machine has to write, tens of seconds at times. What a session wrote outlives any process, not a power cut.
OPTIONS = (b"discard", b"noinit_itable")

_LOOP_CONTROL = "/dev/loop-control"
_LOOP_GET_FREE, _LOOP_CONFIGURE = 0x4C82, 0x4C0A
_AUTOCLEAR = 4  # the device lets go of its file with its last user
_INFORMATION, _FLAGS_AT, _RESERVED = 232, 52, 64  # bytes of struct loop_info64 and struct loop_config
_BLOCK = 4096
_TRIES = 64  # when others take the device that was free


def image(path: str) -> int:
    """Mount the ext4 in the file `path`; gives the mount's descriptor. Root alone may. Raises OSError."""
    device, name = _loop_device(path)
    try:
        context = kernel.syscall("fsopen ext4", _FSOPEN, b"ext4", _CLOSE_ON_EXECUTION)
        try:
            _configure(context, _SET_STRING, b"source", name.encode())
            for option in OPTIONS:
                _configure(context, _SET_FLAG, option, None)
            _configure(context, _CREATE, None, None)
            return kernel.syscall("fsmount", _FSMOUNT, context, _CLOSE_ON_EXECUTION, root.WRITABLE)
        finally:
            os.close(context)
    finally:
        os.close(device)


def folder(path: str) -> int:
    """Mount the folder `path` of this mount namespace a second time; gives the mount's descriptor. Raises OSError."""
    made = kernel.syscall("open_tree", _OPEN_TREE, _AT_FDCWD, path.encode(), _CLONE | os.O_CLOEXEC)
    try:
        kernel.set_attributes(root.by_descriptor(made), root.WRITABLE)
    except OSError:
        os.close(made)
        raise
    return made


def put(mount: int, place: str) -> None:
    """Let the mount lie on `place` in this mount namespace. Raises OSError."""
    kernel.syscall(f"move_mount to {place}", _MOVE_MOUNT, mount, b"", _AT_FDCWD, place.encode(), _FROM_DESCRIPTOR)


def _configure(context: int, command: int, name: "bytes | None", value: "bytes | None") -> None:
    kernel.syscall("fsconfig", _FSCONFIG, context, command, name, value, 0)


def _loop_device(path: str) -> "tuple[int, str]":
    """A loop device over a file: its descriptor and its name."""
    backing = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    control = os.open(_LOOP_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    information = bytearray(_INFORMATION)
    struct.pack_into("I", information, _FLAGS_AT, _AUTOCLEAR)
    configuration = struct.pack("II", backing, _BLOCK) + bytes(information) + bytes(_RESERVED)
    try:
        for _ in range(_TRIES):
            name = f"/dev/loop{fcntl.ioctl(control, _LOOP_GET_FREE)}"
            device = os.open(name, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, configuration)
                return device, name
            except OSError as refused:
                os.close(device)
                if refused.errno != errno.EBUSY:
                    raise
        raise OSError(errno.EBUSY, "no loop device stays free")
    finally:
        os.close(backing)
        os.close(control)
