"""Who shares what is bounded, and who waits."""

from __future__ import annotations

import asyncio

from agentcore_cli.local.http.budget import Budget
from tests.turns import turns


async def test_who_finds_too_little_left_waits_and_smaller_ones_do_not() -> None:
    budget, came = Budget(10), []
    let_go = {name: asyncio.Event() for name in ("first", "large", "small")}

    async def hold(name: str, size: int) -> None:
        async with budget.share(size):
            came.append(name)
            await let_go[name].wait()

    holding = []
    for name, size in (("first", 6), ("large", 10), ("small", 4)):
        holding.append(asyncio.create_task(hold(name, size)))
        await turns()
    assert came == ["first", "small"]
    let_go["first"].set()
    await turns()
    assert came == ["first", "small"]
    let_go["small"].set()
    await turns()
    assert came == ["first", "small", "large"]
    let_go["large"].set()
    await asyncio.gather(*holding)


async def test_who_gives_up_holds_nothing() -> None:
    budget = Budget(1)
    async with budget.share(1):
        waiting = asyncio.create_task(budget.share(1).__aenter__())
        await turns()
        waiting.cancel()
    async with asyncio.timeout(60), budget.share(1):
        pass
