"""Installing the filters of system calls (`filters`), for this process and all that it will ever start."""

import ctypes
import errno
import os
import sys

from . import kernel
from .filters import PROGRAMS

_SECCOMP = {"x86_64": 317, "aarch64": 277}  # the number of seccomp(2)
_SET_MODE_FILTER = 1
_SPECULATION_ALLOWED = 4  # else kernels before 5.16 slow every process down that has a filter (SECCOMP_FILTER_FLAG_…)
_INSTRUCTION = 8  # bytes


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def install(role: str) -> None:
    """Refuse what `role` ("session", "storing", "parent") does not need.

    Wants no_new_privs. Raises OSError where it can't be.
    """
    machine = os.uname().machine
    code = PROGRAMS.get((machine, role)) if sys.maxsize > 2**32 else None
    if code is None:
        raise OSError(errno.ENOSYS, f"there is no filter for {machine} and {sys.maxsize.bit_length() + 1} bits")
    program = _Program(len(code) // _INSTRUCTION, code)
    try:
        kernel.syscall("seccomp", _SECCOMP[machine], _SET_MODE_FILTER, _SPECULATION_ALLOWED, ctypes.byref(program))
    except OSError as refused:
        if refused.errno != errno.EINVAL:
            raise
        kernel.syscall("seccomp", _SECCOMP[machine], _SET_MODE_FILTER, 0, ctypes.byref(program))  # before Linux 4.17
