"""Write to a memory in a process that is killed, again and again; prints each acknowledged event's id and number.

Run as `python -m tests.functional.local.memory.killer FOLDER MEMORY KILLS`. Each victim is a fork of this process,
opens the database as the process of a server does, and tells what was acknowledged through a pipe.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.fakes.local_memory import LocalMemory

EVENTS_MAX = 99  # of a victim: a page of a list holds them all, however late the kill comes


def main() -> None:
    folder, memory, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    chance = random.Random(9)
    for number in range(kills):
        for line in _victim(folder, memory, number, chance.uniform(0, 0.008)):
            print(line)


def _victim(folder: Path, memory: str, number: int, seconds: float) -> list[str]:
    """What one acknowledged until it was killed, that long after its first word."""
    told, tell = os.pipe()
    victim = os.fork()
    if victim == 0:
        os.close(told)
        try:
            _write(folder, memory, number, tell)
        finally:
            os._exit(1)
    os.close(tell)
    said = os.read(told, 65_536)
    time.sleep(seconds)
    os.kill(victim, signal.SIGKILL)
    while piece := os.read(told, 65_536):
        said += piece
    os.close(told)
    os.waitpid(victim, 0)
    whole, _, _ = said.decode().rpartition("\n")
    return whole.splitlines()


def _write(folder: Path, memory: str, number: int, tell: int) -> None:
    local = LocalMemory(folder)
    local.now += 1  # the memory is active by then
    for count in range(EVENTS_MAX):
        event = local.say(memory, f"My number is {number} and {count}.", sessionId=f"k{number}")
        os.write(tell, f"k{number} {count} {event}\n".encode())
        if count % 3 == 2:
            local.worker.chore()
    signal.pause()


if __name__ == "__main__":
    main()
