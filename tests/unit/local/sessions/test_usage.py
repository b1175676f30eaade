"""What processes use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from agentcore_cli.local.sessions import usage

PROGRAM = """
import subprocess, sys
held = bytearray(b"x") * 30_000_000
while __import__("time").process_time() < 0.3: pass
child = "held = bytearray(b'x') * 30_000_000; print('up', flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", child])
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")
def test_a_process_and_its_children_count() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "up\n"
        used = usage.of_tree(started.pid)
        started.communicate("\n")
    assert used is not None
    assert 40_000_000 < used.memory_bytes < 400_000_000
    assert used.cpu_seconds >= 0.25


def test_one_that_has_ended_uses_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert usage.of_tree(ended.pid) is None


def test_ours() -> None:
    used = usage.of_tree(os.getpid())
    assert used is None or used.memory_bytes > 1_000_000
