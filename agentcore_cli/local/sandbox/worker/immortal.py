"""Taking the reference counts of what a parent has imported out of use, so that its sessions share it.

To look at an object is to count a reference, which writes to its page: of the pages that a session copies, every second
holds nothing else that is new. CPython 3.12 and later have a value for objects that live for ever, and count no
references to them (PEP 683); the interpreter gives it to its own constants, and here code, functions, classes and what
is constant get it. An extension that knows nothing of it counts on from there, which is as correct and saves nothing.

Only what has no finalizer and never changes its size gets it: an object that holds a file or a connection still
ends with its last reference. Where the interpreter does not work like this, `mark` finds out, and nothing is done.
"""

import ctypes
import gc
import sys
import types
from typing import Any

_KINDS = frozenset(
    {
        str,
        bytes,
        int,
        float,
        tuple,
        frozenset,
        type,
        property,
        staticmethod,
        classmethod,
        types.CodeType,
        types.FunctionType,
        types.ModuleType,
        types.CellType,
        types.BuiltinFunctionType,
        types.GetSetDescriptorType,
        types.MemberDescriptorType,
        types.MethodDescriptorType,
        types.WrapperDescriptorType,
        types.ClassMethodDescriptorType,
    }
)
_PARTS = ("co_consts", "co_names", "co_filename", "co_name", "co_qualname", "co_linetable", "co_exceptiontable")

_COUNT = ctypes.sizeof(ctypes.c_uint32)  # the half of the field that holds the value, the first on these machines
_LIVES_FOR_EVER = 2**31  # references that nothing has


def mark() -> int:
    """Let what is imported by now live for ever. Gives the number of objects; 0 where there is no such thing."""
    if not _is_to_be_had():
        return 0
    marked = 0
    found = gc.get_objects()
    while found:  # the collector knows of what can be part of a cycle; the rest hangs below that, some layers deep
        living = [each for each in found if type(each) in _KINDS or isinstance(each, type)]
        for each in living:
            _let_live(each)
        marked += len(living)
        parts = gc.get_referents(*found) + _parts_of_code(found)
        found = [part for part in parts if not gc.is_tracked(part) and sys.getrefcount(part) < _LIVES_FOR_EVER]
    return marked


def _parts_of_code(found: "list[Any]") -> "list[Any]":
    """Which the collector does not know."""
    code = [each for each in found if type(each) is types.CodeType]
    return [getattr(each, name) for each in code for name in _PARTS if hasattr(each, name)]


def _let_live(each: object) -> None:
    ctypes.memset(id(each), 0xFF, _COUNT)


def _is_to_be_had() -> bool:
    """Whether this interpreter's objects begin with their count, and a marked one's stands still."""
    if sys.implementation.name != "cpython" or sys.abiflags or sys.byteorder != "little" or sys.maxsize < 2**32:
        return False
    probe = bytes(_COUNT)
    held = [probe] * 3
    if ctypes.c_ssize_t.from_address(id(probe)).value != len(held) + 1:
        return False
    _let_live(probe)
    before = sys.getrefcount(probe)
    held += [probe] * 3
    return sys.getrefcount(probe) == before
