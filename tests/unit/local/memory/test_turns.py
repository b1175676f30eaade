"""Pages under way: so many for each caller, and a refusal for who does not read them."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.turns import OF_A_SESSION, Turns


async def test_a_caller_who_reads_nothing_is_refused_and_others_are_not() -> None:
    turns, done = Turns(wait=0.01), asyncio.Event()

    async def hold() -> None:
        async with turns.turn("one"):
            await done.wait()

    holding = [asyncio.create_task(hold()) for _ in range(OF_A_SESSION)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceFault, match="none of them is read") as refused:
        async with turns.turn("one"):
            pass
    assert (refused.value.status, refused.value.type) == (429, "ThrottledException")
    async with turns.turn("other"), turns.turn(None):
        pass
    done.set()
    await asyncio.gather(*holding)
    async with turns.turn("one"):
        pass
    assert not turns._free  # of those who have gone nothing is kept


async def test_who_waits_gets_the_next_turn() -> None:
    turns, order = Turns(wait=60), []

    async def take(number: int) -> None:
        async with turns.turn("one"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(take(number) for number in range(3 * OF_A_SESSION)))
    assert order == list(range(3 * OF_A_SESSION))
