"""Arranging the parent's memory so that its children share as much of it as they can.

A page is shared until a child writes to it. To count a reference is to write, so nothing is counted where that can be
(`immortal`). The collector writes to every object it looks at, so the parent's are taken out of its sight. And a new
small object goes into a hole between old ones, which costs a page of its own for each: so the holes are filled, and the
objects of a child lie side by side on new pages.
"""

import gc

from . import immortal

POOL = 16 * 1024  # bytes that pymalloc dedicates to objects of one size (CPython 3.10 and later)
_POOL_HEADER = 48
_SMALL = range(48, 513, 16)  # the sizes it serves, from the smallest bytes object
_BYTES_HEADER = 33
_HOLES_MAX = 200_000  # objects of one size; where another allocator is in use, there is no end to be found


_fillers: "list[bytes]" = []  # kept for ever, in the children too: to free them is to write to their pages


def settle() -> None:
    """Call it when all is imported, before the first fork."""
    gc.collect()
    immortal.mark()
    _fillers.extend(filler for size in _SMALL for filler in _fill(size))
    gc.freeze()


def _fill(size: int) -> "list[bytes]":
    """Objects of `size` bytes, made until the last of them filled a pool from its beginning: no hole was left."""
    fillers: list[bytes] = []
    pool, run = -1, 0
    while run < (POOL - _POOL_HEADER) // size and len(fillers) < _HOLES_MAX:
        filler = bytes(size - _BYTES_HEADER)
        fillers.append(filler)
        run = run + 1 if id(filler) // POOL == pool else 1
        pool = id(filler) // POOL
    return fillers
