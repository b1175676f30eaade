"""`python -m agentcore_cli.local.traces DATABASE SOCKET`: the process that keeps the traces, until SOCKET ends.

It gives way to what answers callers, and can't grow beyond a gigabyte, whatever is sent.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.serving import main
from agentcore_cli.local.traces.frames import TraceAsked
from agentcore_cli.local.traces.spool import Spool
from agentcore_cli.local.traces.worker import TraceWorker

NICE = 10
MEMORY_MAX = 1024**3  # bytes


def open_worker(database: Path) -> tuple[Database, TraceWorker]:
    with contextlib.suppress(OSError, ValueError):
        os.nice(NICE)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
    store = Database(database, durable=False)
    worker = TraceWorker(store)
    Spool(database).hand_over(lambda calls: worker.take(calls, time.time()))
    return store, worker


if __name__ == "__main__":
    sys.exit(main(open_worker, TraceAsked))
