"""Giving a session its memory ahead of time.

A forked process shares its parent's pages, and each that it writes to is copied in the middle of its work, by a fault
of its own: that is half of what a start costs. But the sessions of one parent write to nearly the same pages. So the
parent looks at one that has served, in /proc/<pid>/pagemap, and those that follow take the same pages before their
program begins, in one call for each stretch. What is in the memory stays as it is, only the moment of copying changes.

Linux 5.14 and later; elsewhere nothing is found, or the kernel declines, and all is as before.
"""

import os
import re
import struct
import sys
from collections.abc import Iterator

if sys.platform == "linux":
    from . import kernel

PAGE = os.sysconf("SC_PAGE_SIZE")
_ENTRY = 8  # bytes that pagemap has for a page
_MAPPING_MAX = 1024**3  # bytes; larger ones are reservations, and it would take long to look through them
_MAPPED_MAX = 2 * 1024**3  # bytes in all that are looked through
_MAPS_MAX = 1024**2  # characters of /proc/<pid>/maps: more than ten thousand mappings
_TAKEN_MAX = 128 * 1024**2  # bytes that a session is given ahead of time

# The uppermost byte of an entry (Documentation/admin-guide/mm/pagemap.rst).
_PRESENT, _OF_FILE, _EXCLUSIVE = 0x80, 0x20, 0x01


def _kind(flags: int) -> int:
    if not flags & _PRESENT:
        return ord(".")
    if flags & _OF_FILE:
        return ord("r")
    return ord("w") if flags & _EXCLUSIVE else ord(".")


_KINDS = bytes(map(_kind, range(256)))
_STRETCHES = re.compile(rb"w+|r+")


# A stretch of memory: its start, its length, whether it was written to (else it is a file's, and was read). They are
# packed into one object, because to look at an object is to write to its page.
_STRETCH = struct.Struct("QQ?")
_FOUND_MAX = 16_384 * _STRETCH.size


def used_by(pid: int) -> bytes:
    """What process `pid`, a fork of this one, has for itself by now; nothing where the system does not tell.

    However it has arranged its memory, no more is looked at, and no more found, than the limits above allow.
    """
    found = bytearray()
    taken = 0
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
            for start, end in _private_mappings(maps.readlines(_MAPS_MAX)):
                pagemap.seek(start // PAGE * _ENTRY)
                entries = pagemap.read((end - start) // PAGE * _ENTRY)
                for stretch, length in _stretches(start, entries[_ENTRY - 1 :: _ENTRY]):
                    taken += length
                    if taken > _TAKEN_MAX or len(found) >= _FOUND_MAX:
                        return bytes(found)
                    found += stretch
    except OSError:
        return b""
    return bytes(found)


def touch(stretches: bytes) -> None:
    """Take the pages for this process now. One that is not there is passed over."""
    for start, length, written in _STRETCH.iter_unpack(stretches):
        kernel.advise(start, length, kernel.MADV_POPULATE_WRITE if written else kernel.MADV_POPULATE_READ)


def _private_mappings(lines: "list[str]") -> "list[tuple[int, int]]":
    found = []
    mapped = 0
    for line in lines:
        addresses, permissions, *_ = line.split(maxsplit=2)
        start, end = (int(address, 16) for address in addresses.split("-"))
        if permissions[0] == "r" and permissions[3] == "p" and end - start <= _MAPPING_MAX:
            mapped += end - start
            if mapped > _MAPPED_MAX:
                break
            found.append((start, end))
    return found


def _stretches(start: int, flags: bytes) -> "Iterator[tuple[bytes, int]]":
    """Each packed, and its length in bytes."""
    for match in _STRETCHES.finditer(flags.translate(_KINDS)):
        length = (match.end() - match.start()) * PAGE
        yield _STRETCH.pack(start + match.start() * PAGE, length, match[0][0] == ord("w")), length
