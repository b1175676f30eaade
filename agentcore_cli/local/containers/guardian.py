"""The server's hold on its `reaper`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final

from agentcore_cli.local.containers.engine import Engine

REAPER: Final = Path(__file__).with_name("reaper.py")


class Guardian:
    """Watches that nothing with the label outlives this process. Without one, the next server cleans up."""

    def __init__(self) -> None:
        self._process: Process | None = None

    async def watch(self, engine: Engine, label: str) -> None:
        """Start it, in a session of its own: a signal to the server's group is not for it."""
        command = (sys.executable, "-I", "-S", str(REAPER), engine.address, label)
        with contextlib.suppress(OSError):
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, cwd="/", start_new_session=True
            )

    async def dismiss(self) -> None:
        """End it: there is nothing left to remove."""
        if self._process is None:
            return
        with contextlib.suppress(ConnectionError):
            await self._process.communicate(b".")
        self._process = None
