"""What a parent has imported lives for ever, so that looking at it writes nothing: in an interpreter of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[4]

counts_can_stand_still = pytest.mark.skipif(
    sys.version_info < (3, 12) or bool(sys.abiflags), reason="CPython 3.12 and later, as it is usually built"
)


def told(source: str) -> Any:
    """What `source` says last, as JSON."""
    head = "import gc, json, sys\nfrom agentcore_cli.local.sandbox.worker import immortal\n"
    run = subprocess.run([sys.executable, "-c", head + source], cwd=REPOSITORY, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout.splitlines()[-1])


@counts_can_stand_still
def test_references_to_code_functions_classes_and_constants_are_not_counted() -> None:
    source = """
import email.message
function = email.message.Message.as_string
looked_at = [function, function.__code__, function.__code__.co_consts, email.message.Message, email]
immortal.mark()
before = [sys.getrefcount(each) for each in looked_at]
held = looked_at * 5
print(json.dumps([before == [sys.getrefcount(each) for each in looked_at], min(before) > 2**31]))
"""
    assert told(source) == [True, True]


def test_what_has_a_finalizer_ends_as_ever() -> None:
    source = """
import tempfile, weakref
ended = []
class Holder:
    def __init__(self): self.file = tempfile.TemporaryFile()
    def __del__(self): ended.append("holder")
holder = Holder()
descriptor = holder.file.fileno()
kept = {"list": [Holder()]}
weakref.finalize(kept["list"][0], ended.append, "finalizer")
immortal.mark()
del holder
kept.clear()
import os
try:
    os.fstat(descriptor)
except OSError:
    ended.append("closed")
print(json.dumps(sorted(ended)))
"""
    assert told(source) == ["closed", "finalizer", "holder", "holder"]


def test_the_interpreter_ends_well_with_all_it_has_marked() -> None:
    source = """
import asyncio, atexit, ctypes, decimal, email.message, logging, sqlite3, ssl, unittest.mock
atexit.register(print, json.dumps("ended"))
immortal.mark()
gc.collect()
"""
    assert told(source) == "ended"


def test_where_counts_do_not_stand_still_nothing_is_done() -> None:
    counts = sys.version_info >= (3, 12) and not sys.abiflags
    assert (told("print(json.dumps(immortal.mark()))") > 1000) is counts
