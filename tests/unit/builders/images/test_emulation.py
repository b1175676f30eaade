from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.images.emulation import runs_arm64

HANDLER = "{}\ninterpreter /usr/bin/qemu-aarch64-static\nflags: POCF\noffset 0\nmagic {}\n"
ARM64 = "7f454c460201010000000000000000000200b700"
RISCV = "7f454c460201010000000000000000000200f300"


@pytest.mark.parametrize(
    ("status", "entries", "answer"),
    [
        ("enabled", {"qemu-aarch64": HANDLER.format("enabled", ARM64)}, True),
        ("enabled", {"qemu-aarch64": HANDLER.format("disabled", ARM64)}, False),
        ("enabled", {"qemu-riscv64": HANDLER.format("enabled", RISCV)}, False),
        ("enabled", {}, False),
        ("disabled", {"qemu-aarch64": HANDLER.format("enabled", ARM64)}, False),
        (None, {}, None),
    ],
)
def test_the_kernel_s_handlers_are_read(
    tmp_path: Path, status: str | None, entries: dict[str, str], answer: bool | None
) -> None:
    for name, text in {**entries, **({"status": f"{status}\n", "register": ""} if status else {})}.items():
        (tmp_path / name).write_text(text)
    assert runs_arm64(tmp_path) is answer
