"""`python -m agentcore_cli.local.memory DATABASE SOCKET`: the process that keeps the memories, until SOCKET ends."""

from __future__ import annotations

import sys
from pathlib import Path

from agentcore_cli.local.memory.frames import Asked
from agentcore_cli.local.memory.worker import MemoryWorker
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.serving import main


def open_worker(database: Path) -> tuple[Database, MemoryWorker]:
    store = Database(database)
    return store, MemoryWorker(store)


if __name__ == "__main__":
    sys.exit(main(open_worker, Asked))
