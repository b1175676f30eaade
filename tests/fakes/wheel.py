"""A package to install that needs no index: a wheel with one module, made by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ANYWHERE: Final = "py3-none-any"


def make_wheel(
    folder: Path,
    name: str,
    content: str = "answer = 42\n",
    *,
    version: str = "1.0",
    tag: str = ANYWHERE,
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """`<name>-<version>-<tag>.whl` in `folder`, which holds the module `<name>`, and `more` files by their paths."""
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    is_pure = str(tag == ANYWHERE).lower()
    files = {
        f"{name}.py": content.encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {is_pure}\nTag: {tag}\n".encode(),
        **(more or {}),
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as wheel:
        for file, data in (*files.items(), (f"{info}/RECORD", record.encode())):
            wheel.writestr(file, data)
    return path
