"""What follows an answer: each piece of work under way gets one task, and all of them are found in the tables."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control.lifecycle import ArtifactError, Lifecycle
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.work import TransitionWork, under_way
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.wire import ServiceFault

RETRY_SECONDS: Final = 1.0  # between attempts to write an outcome while the disk is full

log = logging.getLogger(__name__)


class Transitions:
    def __init__(self, tables: Tables, clock: Clock, faults: Faults, lifecycle: Lifecycle) -> None:
        self._tables = tables
        self._clock = clock
        self._faults = faults
        self._lifecycle = lifecycle
        self._tasks: dict[TransitionWork, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin whatever is under way in the tables and has no task yet."""
        for work in under_way(self._tables):
            if work not in self._tasks:
                self._tasks[work] = asyncio.create_task(self._run(work), name=repr(work))

    async def settled(self) -> None:
        """Return when nothing is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def settled_of(self, runtime_id: str, seconds: float) -> None:
        """Return when nothing is under way of one runtime, or after so many seconds."""
        if waiting := [task for work, task in self._tasks.items() if work.runtime_id == runtime_id]:
            await asyncio.wait(waiting, timeout=seconds)

    async def close(self) -> None:
        """Leave the rest to the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, work: TransitionWork) -> None:
        try:
            failure = await self._perform(work)
            while not self._recorded(work, failure):
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            del self._tasks[work]

    async def _perform(self, work: TransitionWork) -> str | None:
        """The reason why it failed, or None. A failure that nobody foresaw ends in *_FAILED too, never in a hang."""
        try:
            await work.perform(self._tables, self._lifecycle, self._faults)
        except ArtifactError as error:
            return str(error)
        except Exception as error:
            log.exception("%r failed", work)
            return f"Internal error: {error!r}"
        return None

    def _recorded(self, work: TransitionWork, failure: str | None) -> bool:
        try:
            with self._tables.store.transaction():
                work.record(self._tables, self._clock.now(), failure)
        except ServiceFault as fault:
            log.error("%r: the outcome can't be written yet: %s", work, fault.message)
            return False
        return True
