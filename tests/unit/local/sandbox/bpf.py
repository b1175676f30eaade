"""Running a program of classic BPF as the kernel does for seccomp: the instructions that our filters use."""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence


@functools.cache
def _decoded(program: bytes) -> list[tuple[int, ...]]:
    return list(struct.iter_unpack("<HBBI", program))


def run(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """What the program answers to a system call. Raises AssertionError on an instruction that it must not have."""
    whole = [*arguments, *[0] * 6][:6]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *(value & 2**64 - 1 for value in whole))
    code = _decoded(program)
    accumulator = at = 0
    while True:
        kind, if_true, if_false, operand = code[at]
        at += 1
        if kind == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif kind == 0x54:
            accumulator &= operand
        elif kind == 0x15:
            at += if_true if accumulator == operand else if_false
        elif kind == 0x35:
            at += if_true if accumulator >= operand else if_false
        elif kind == 0x05:
            at += operand
        else:
            assert kind == 0x06, f"no such instruction: {kind:#x}"
            return int(operand)
