"""A test that hangs says what it waits for."""

from __future__ import annotations

import asyncio

import pytest

from tests.hangs import within


async def wait_for_what_never_comes() -> None:
    await asyncio.shield(asyncio.create_task(asyncio.Event().wait(), name="the other one"))


async def test_what_it_waits_for_is_told_of_each_task() -> None:
    with pytest.raises(TimeoutError, match=r"(?s)wait_for_what_never_comes.*test_hangs\.py") as told:
        await within(0.01, wait_for_what_never_comes())
    assert "the other one\n  Event.wait" in str(told.value)


async def test_one_that_is_cancelled_by_itself_is_cancelled() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await within(60, cancelled())
