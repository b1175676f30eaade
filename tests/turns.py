"""Waiting that a busy machine can't cut short."""

from __future__ import annotations

import asyncio

ROUNDS = 50
PAUSE_SECONDS = 0.002  # the timers of what is waited for are as short

# For a shell: a command that goes on when another of its session says so.
UNTIL_TOLD = "until [ -e /tmp/told ]; do sleep 0.05; done"
TELL = "touch /tmp/told"


async def turns() -> None:
    """Return when everything that goes on in this loop had its turn many times over.

    A mere sleep ends after one turn where the machine was busy with something else for that long.
    """
    for _ in range(ROUNDS):
        await asyncio.sleep(PAUSE_SECONDS)
