"""Memory given ahead of time: the pages that one fork wrote to are another's own before it writes to them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[4]
HEAD = """
import ctypes, json, mmap, os
from agentcore_cli.local.sandbox.worker import pages

area = mmap.mmap(-1, 64 * pages.PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(64):
    area[page * pages.PAGE] = page
start = ctypes.addressof(ctypes.c_char.from_buffer(area))

def within(found):
    return [
        ((at - start) // pages.PAGE, length // pages.PAGE, written)
        for at, length, written in pages._STRETCH.iter_unpack(found)
        if start <= at < start + 64 * pages.PAGE
    ]

def in_a_fork(work):
    read, write = os.pipe()
    stay, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, json.dumps(work()).encode())
        os.close(go)
        os.read(stay, 1)
        os._exit(0)
    os.close(stay)
    return pid, go, json.loads(os.read(read, 65536))

def write_some():
    for page in (3, 4, 10):
        area[page * pages.PAGE] = 200

"""

needs_pagemap = pytest.mark.skipif(not Path("/proc/self/pagemap").exists(), reason="needs pagemap")


def run(source: str) -> Any:
    """What the source prints, as JSON, in a process of its own: it forks."""
    result = subprocess.run([sys.executable, "-c", HEAD + source], cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@needs_pagemap
def test_the_pages_that_a_fork_wrote_to_are_found() -> None:
    assert run("print(json.dumps(within(pages.used_by(in_a_fork(write_some)[0]))))") == [[3, 2, True], [10, 1, True]]


@needs_pagemap
def test_pages_that_were_touched_are_the_processs_own_and_say_what_they_said() -> None:
    source = """
found = pages.used_by(in_a_fork(write_some)[0])

def touch():
    before = within(pages.used_by(os.getpid()))
    pages.touch(found)
    return before, within(pages.used_by(os.getpid())), [area[page * pages.PAGE] for page in range(64)]

print(json.dumps(in_a_fork(touch)[2]))
"""
    assert run(source) == [[], [[3, 2, True], [10, 1, True]], list(range(64))]


@needs_pagemap
def test_what_is_not_there_is_passed_over() -> None:
    source = """
pages.touch(pages._STRETCH.pack(pages.PAGE, pages.PAGE, True) + pages._STRETCH.pack(start, pages.PAGE, True))
print(json.dumps(area[0]))
"""
    assert run(source) == 0


def test_a_process_that_has_gone_has_nothing() -> None:
    source = """
pid, go, _ = in_a_fork(write_some)
os.close(go)
os.waitpid(pid, 0)
print(json.dumps(len(pages.used_by(pid))))
"""
    assert run(source) == 0


@needs_pagemap
def test_an_address_space_of_terabytes_is_not_looked_through() -> None:
    source = """
def reserve():
    for number in range(2000):  # MAP_NORESERVE; neighbours alike would become one
        kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
        kept.append(mmap.mmap(-1, 900 * 1024**2, flags=kind, prot=1 + 2 * (number % 2)))

kept = []
pid = in_a_fork(reserve)[0]
import time
began = time.process_time()
pages.used_by(pid)
print(json.dumps(time.process_time() - began))
"""
    assert run(source) < 2


@needs_pagemap
def test_memory_in_shreds_is_given_up_to_a_limit() -> None:
    source = """
great = mmap.mmap(-1, 100_000 * pages.PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

def shred():
    for page in range(0, 100_000, 2):
        great[page * pages.PAGE] = 1

def fill():
    for page in range(100_000):
        great[page * pages.PAGE] = 1

found = [pages.used_by(in_a_fork(work)[0]) for work in (shred, fill)]
lengths = [sum(length for _, length, _ in pages._STRETCH.iter_unpack(each)) for each in found]
print(json.dumps([len(found[0]) // pages._STRETCH.size, max(lengths)]))
"""
    stretches, taken = run(source)
    assert 10_000 < stretches <= 16_384
    assert taken <= 128 * 1024**2


@needs_pagemap
def test_mappings_by_the_thousand_are_not_all_looked_at() -> None:
    source = """
import ctypes
libc = ctypes.CDLL(None)

def split():
    area = mmap.mmap(-1, 60_000 * pages.PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    kept.append(area)
    first = ctypes.addressof(ctypes.c_char.from_buffer(area))
    for page in range(0, 60_000, 2):
        libc.mprotect(ctypes.c_void_p(first + page * pages.PAGE), ctypes.c_size_t(pages.PAGE), 1)
    return sum(1 for _ in open("/proc/self/maps"))

kept = []
pid, _, mappings = in_a_fork(split)
import time
began = time.process_time()
pages.used_by(pid)
print(json.dumps([mappings, time.process_time() - began]))
"""
    mappings, took = run(source)
    assert mappings > 50_000
    assert took < 5


@needs_pagemap
def test_whoever_does_not_let_itself_be_looked_at_is_given_up() -> None:
    source = """
import time
from agentcore_cli.local.sandbox.worker import study

parent = os.getpid()
found = study.look_at(in_a_fork(write_some)[0], 20)
began = time.monotonic()
nothing = study.look_at(parent, used_by=lambda pid: time.sleep(60))
print(json.dumps([within(found), len(nothing), time.monotonic() - began]))
"""
    found, nothing, took = run(source)
    assert found == [[3, 2, True], [10, 1, True]]
    assert nothing == 0
    assert took < 50
