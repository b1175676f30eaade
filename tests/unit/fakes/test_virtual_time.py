"""A day of timers takes no time, and they fire in their order."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.virtual_time import play


def test_a_day_passes_in_no_time() -> None:
    heard = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for hours in (3, 1, 2):
            loop.call_later(3600 * hours, heard.append, hours)
        await asyncio.sleep(86_400)
        assert loop.time() - began == pytest.approx(86_400)

    before = time.monotonic()
    play(scene())
    assert heard == [1, 2, 3]
    assert time.monotonic() - before < 3600


def test_work_takes_no_time_either() -> None:
    async def scene() -> None:
        async with asyncio.timeout(0.001):
            until = time.monotonic() + 0.01
            while time.monotonic() < until:
                await asyncio.sleep(0)

    play(scene())


def test_a_scene_that_nothing_wakes_is_an_error() -> None:
    async def scene() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="never happens"):
        play(scene())
