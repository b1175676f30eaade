"""The process that keeps the memories, as the server sees it, when it can't open its database."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from agentcore_cli.local.memory.frames import Asked
from agentcore_cli.local.memory.service import PROGRAM
from agentcore_cli.local.storing.process import StoringProcess


def listing() -> Asked:
    return Asked("POST", ["memories"], {}, b"{}", "us-west-2", time.time())


async def test_one_that_refused_is_asked_nothing_more(tmp_path: Path) -> None:
    database = tmp_path / "memory.db"
    database.write_text("no database " * 100)
    process = StoringProcess(PROGRAM, database)
    refused = await asyncio.gather(*(process.ask(listing()) for _ in range(5)))
    refused += [await process.ask(listing()) for _ in range(3)]
    database.rename(tmp_path / "moved")
    answered = await process.ask(listing())  # at once: that process may not have ended yet
    await process.close()
    assert {answer.status for answer in refused} == {500}
    assert all(b"not a database" in answer.body for answer in refused)
    assert answered.status == 200, answered.body
