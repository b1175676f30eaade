"""When a spare is made, given away and dropped; the sessions are of paper."""

from __future__ import annotations

import asyncio
from typing import cast

from agentcore_cli.local.sandbox import Exit, SandboxError, SessionProcess
from agentcore_cli.local.sandbox.standby import PAUSE_SECONDS, Standby
from tests.virtual_time import runner

__all__ = ["runner"]


class PaperSession:
    """Ends when it is stopped."""

    def __init__(self) -> None:
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    async def stop(self, grace: float = 5.0) -> Exit:
        if not self.exited.done():
            self.exited.set_result(Exit(None, 15))
        return self.exited.result()


class Maker:
    """Makes sessions, each after `takes` seconds, and keeps them; the first `failures` fail."""

    def __init__(self, takes: float = 0.0, failures: int = 0) -> None:
        self.made: list[PaperSession] = []
        self._takes = takes
        self._failures = failures

    async def __call__(self) -> SessionProcess:
        await asyncio.sleep(self._takes)
        if self._failures:
            self._failures -= 1
            raise SandboxError("no room")
        self.made.append(PaperSession())
        return cast(SessionProcess, self.made[-1])


async def test_one_is_made_when_it_is_due_and_given_away_once() -> None:
    maker = Maker()
    spare = Standby(maker)
    assert await spare.take() is None
    spare.due()
    await asyncio.sleep(PAUSE_SECONDS * 3)
    assert await spare.take() is cast(SessionProcess, maker.made[0])
    assert await spare.take() is None
    await spare.close()


async def test_it_is_not_made_while_starts_and_answers_follow_one_another() -> None:
    maker = Maker()
    spare = Standby(maker)
    for _ in range(6):
        spare.due()
        await asyncio.sleep(PAUSE_SECONDS / 2)
    await spare.take()
    await asyncio.sleep(PAUSE_SECONDS * 3)
    assert maker.made == []
    await spare.close()


async def test_there_is_never_more_than_one() -> None:
    maker = Maker(takes=PAUSE_SECONDS)
    spare = Standby(maker)
    for _ in range(4):
        spare.due()
        await asyncio.sleep(PAUSE_SECONDS * 3)
    assert len(maker.made) == 1
    await spare.close()


async def test_who_comes_while_it_is_made_waits_for_it_and_the_next_does_not() -> None:
    maker = Maker(takes=0.1)
    spare = Standby(maker)
    spare.due(0)
    await asyncio.sleep(0.02)
    first, second = await asyncio.gather(spare.take(), spare.take())
    assert (first, second) == (maker.made[0], None)
    await spare.close()


async def test_one_that_has_died_is_none_and_is_made_anew_when_due() -> None:
    maker = Maker()
    spare = Standby(maker)
    for _ in range(2):
        spare.due(0)
        await asyncio.sleep(0.02)
        await maker.made[-1].stop()
    assert len(maker.made) == 2
    assert await spare.take() is None
    await spare.close()


async def test_one_that_can_not_be_made_is_none() -> None:
    maker = Maker(failures=1)
    spare = Standby(maker)
    spare.due(0)
    await asyncio.sleep(0.02)
    assert await spare.take() is None
    spare.due(0)
    await asyncio.sleep(0.02)
    assert await spare.take() is not None
    await spare.close()


async def test_one_that_nobody_takes_is_dropped_in_the_end() -> None:
    maker = Maker()
    spare = Standby(maker, keep=0.05)
    spare.due(0)
    await asyncio.sleep(0.02)
    assert not maker.made[0].exited.done()
    await asyncio.sleep(0.1)
    assert maker.made[0].exited.done()
    assert await spare.take() is None
    await spare.close()


async def test_close_ends_the_one_that_is_being_made_and_makes_no_other() -> None:
    maker = Maker(takes=0.05)
    spare = Standby(maker)
    spare.due(0)
    await asyncio.sleep(0.02)
    await spare.close()
    assert maker.made[0].exited.done()
    spare.due(0)
    await asyncio.sleep(0.1)
    assert len(maker.made) == 1


async def test_without_a_maker_there_is_none() -> None:
    spare = Standby(None)
    spare.due(0)
    await asyncio.sleep(0.02)
    assert await spare.take() is None
    await spare.close()
