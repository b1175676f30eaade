"""Native code, and the processor that it was made for (elf(5): e_machine, at byte 18)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

AARCH64: Final = 183
_HEADER: Final = 20
_NAMES: Final = {3: "x86", 40: "arm", 62: "x86-64", 183: "arm64", 243: "riscv"}


def machine(path: Path) -> int | None:
    """The machine number of an ELF file, None for a file of another kind."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(b"\x7fELF"):
        return None
    order = ">" if header[5] == 2 else "<"
    (number,) = struct.unpack_from(f"{order}H", header, 18)
    return int(number)


def foreign_kind(path: Path) -> str | None:
    """The name of the machine that an ELF file is for, unless that is arm64; None for a file of another kind."""
    found = machine(path)
    return None if found in (None, AARCH64) else _NAMES.get(found or 0, f"machine {found}")


def foreign(folder: Path) -> Iterator[tuple[Path, str]]:
    """The ELF files below `folder` that do not run on arm64, each with the name of its machine."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (kind := foreign_kind(path)):
            yield path, kind
