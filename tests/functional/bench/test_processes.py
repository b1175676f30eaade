"""What /proc says of processes that do something known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bench.processes import cpu_seconds, descendants, private_bytes

SIZE = 20_000_000
HOLDER = f"held = bytes({SIZE}).replace(b'\\0', b'x'); print('ready', flush=True); input()"
GONE = 2**22 + 1  # above the kernel's largest pid


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[bytes]]:
    """A child that holds SIZE bytes."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.communicate(b"\n")


def test_a_child_is_a_descendant(holder: subprocess.Popen[bytes]) -> None:
    assert holder.pid in descendants(os.getpid())
    assert descendants(holder.pid) == []


def test_held_memory_is_private(holder: subprocess.Popen[bytes]) -> None:
    assert SIZE < private_bytes(holder.pid) < SIZE + 40_000_000


def test_starting_an_interpreter_takes_processor_time(holder: subprocess.Popen[bytes]) -> None:
    assert 0 < cpu_seconds(holder.pid) < 10


def test_a_process_that_is_gone_costs_nothing() -> None:
    assert (descendants(GONE), private_bytes(GONE), cpu_seconds(GONE)) == ([], 0, 0.0)
