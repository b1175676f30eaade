"""Programs of classic BPF from a policy: a search tree over the numbers of the calls, with the answers as leaves.

Instructions are those of <linux/filter.h>, the data that they look at is `struct seccomp_data` of <linux/seccomp.h> on
a machine that is little-endian: number, architecture, instruction pointer, six arguments of 64 bits.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tools.seccomp.policy import REFUSED, UNKNOWN, Action, Argument, Case, Rule

LOAD, AND, RETURN = 0x20, 0x54, 0x06  # BPF_LD|W|ABS, BPF_ALU|AND|K, BPF_RET|K
JUMP, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST = 0x05, 0x15, 0x35  # BPF_JMP|JA, |JEQ|K, |JGE|K
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in the data
INSTRUCTIONS_MAX = 4096  # BPF_MAXINSNS
SHORT = 255  # as far as a conditional jump goes


class Instruction(NamedTuple):
    code: int
    jump_if_true: int
    jump_if_false: int
    operand: int

    def packed(self) -> bytes:
        return struct.pack("<HBBI", *self)


Code = list[Instruction]


def assemble(architecture: int, numbers: Mapping[str, int], actions: Mapping[str, Action]) -> Code:
    """The program for one architecture (AUDIT_ARCH_…): `numbers` by name, and what is answered to each name."""
    by_number = {numbers[name]: action for name, action in actions.items() if name in numbers}
    search = _search(_stretches(by_number))
    code = [
        _load(ARCHITECTURE),
        Instruction(JUMP_IF_EQUAL, 1, 0, architecture),
        _return(UNKNOWN),
        _load(NUMBER),
        *search,
    ]
    assert len(code) <= INSTRUCTIONS_MAX
    return code


def _stretches(by_number: Mapping[int, Action]) -> list[tuple[int, Action]]:
    """Where a stretch of numbers with one answer begins; what is beyond all that are known is unknown."""
    found: list[tuple[int, Action]] = []
    for number in range(max(by_number) + 1):
        action = by_number.get(number, REFUSED)
        if not found or found[-1][1] != action:
            found.append((number, action))
    return [*found, (max(by_number) + 1, UNKNOWN)]


def _search(stretches: Sequence[tuple[int, Action]]) -> Code:
    if len(stretches) == 1:
        return _answer(stretches[0][1])
    middle = len(stretches) // 2
    lower, upper = _search(stretches[:middle]), _search(stretches[middle:])
    if len(lower) <= SHORT:
        return [Instruction(JUMP_IF_AT_LEAST, len(lower), 0, stretches[middle][0]), *lower, *upper]
    far = [Instruction(JUMP_IF_AT_LEAST, 0, 1, stretches[middle][0]), Instruction(JUMP, 0, 0, len(lower))]
    return [*far, *lower, *upper]


def _answer(action: Action) -> Code:
    if isinstance(action, int):
        return [_return(action)]
    code = [_return(action.otherwise)]
    for case in reversed(action.cases):
        code = [*_case(case), *code]
    return code


def _case(case: Case) -> Code:
    """Answers if the case holds, else goes on behind itself."""
    code = [_return(case.action)]
    for argument in reversed(case.arguments):
        code = [*_test(argument, otherwise=len(code)), *code]
    return code


def _test(argument: Argument, otherwise: int) -> Code:
    """Goes on behind itself if the argument is so, else `otherwise` instructions further."""
    offset = ARGUMENTS + 8 * argument.number
    code: Code = []
    for left, value in enumerate(reversed(argument.values)):
        code.insert(0, Instruction(JUMP_IF_EQUAL, left, 0 if left else otherwise, value))
    if argument.mask != 0xFFFFFFFF:
        code.insert(0, Instruction(AND, 0, 0, argument.mask))
    code.insert(0, _load(offset))
    if argument.whole:
        code = [_load(offset + 4), Instruction(JUMP_IF_EQUAL, 0, len(code) + otherwise, 0), *code]
    return code


def _load(offset: int) -> Instruction:
    return Instruction(LOAD, 0, 0, offset)


def _return(action: int) -> Instruction:
    return Instruction(RETURN, 0, 0, action)


__all__ = ["Instruction", "Rule", "assemble"]
