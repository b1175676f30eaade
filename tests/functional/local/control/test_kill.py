"""A process that writes is killed at random moments: every write it acknowledged is there, and nothing is broken."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.control import LocalControl

KILLS = 12
REGIONS = [f"us-kill-{number}" for number in range(KILLS)]


def killed_after(home: Path, region: str, seconds: float) -> list[list[str]]:
    """What a writer acknowledged until it was killed, that long after its first word."""
    command = [sys.executable, "-m", "tests.functional.local.control.writer", str(home), region]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        rest = writer.stdout.read()
    whole, _, _ = (first + rest).rpartition("\n")
    return [line.split() for line in whole.splitlines()]


@pytest.mark.long
def test_every_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    chance = random.Random(9)
    acknowledged = {region: killed_after(tmp_path, region, chance.uniform(0, 0.3)) for region in REGIONS}
    assert sum(len(lines) for lines in acknowledged.values()) > KILLS

    with asyncio.Runner() as runner:
        control = LocalControl(tmp_path, runner)
        assert control.store.one("PRAGMA integrity_check") == ("ok",)
        assert control.store.all("PRAGMA foreign_key_check") == []
        control.recover()
        control.settle()
        for region, lines in acknowledged.items():
            for runtime_id, what in lines:
                check(control, region, runtime_id, tagged=what == "tagged")
        control.close()


def check(control: LocalControl, region: str, runtime_id: str, *, tagged: bool) -> None:
    """The runtime is whole: its version, its endpoint, and the tags if their write was acknowledged."""
    _, runtime = control.call("GET", f"/runtimes/{runtime_id}/", region=region)
    assert (runtime["status"], runtime["agentRuntimeVersion"]) == ("READY", "1")
    _, endpoint = control.call("GET", f"/runtimes/{runtime_id}/runtime-endpoints/DEFAULT/", region=region)
    assert (endpoint["status"], endpoint["liveVersion"]) == ("READY", "1")
    if tagged:
        assert control.tags(runtime["agentRuntimeArn"], region)["number"] == runtime["agentRuntimeName"][5:]
