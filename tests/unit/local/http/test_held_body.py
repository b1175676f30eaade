"""A body that is read whole, and given again: from memory or from a file, and never more than there may be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from agentcore_cli.local.http.held_body import MEMORY_MAX, HeldBody
from tests.fakes.local_server import Body

LIMIT = 40 * MEMORY_MAX


async def again(*pieces: bytes, folder: Path) -> tuple[tuple[int, str] | None, bytes, str]:
    """What `read` told, the body as it was given again, and the message behind it."""
    held = HeldBody(Body(*pieces))
    told = await held.read(LIMIT, str(folder))
    body, more = b"", told is not None
    while more:
        message = await held.receive()
        body += message["body"]
        more = message["more_body"]
    behind = (await held.receive())["type"]
    held.close()
    return told, body, behind


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (b"{}",),
        (b"a", b"b", b""),
        (b"", b"", b"c"),
        (b"x" * 262_144,),
        (b"x" * 262_144, b""),
        (b"x" * 262_144, b"x" * 262_144),
        (b"y" * 700_000,) * 9,
    ],
    ids=lambda pieces: f"{len(pieces)} of {len(pieces[0])}",
)
async def test_the_same_bytes(pieces: tuple[bytes, ...], tmp_path: Path) -> None:
    whole = b"".join(pieces)
    told, body, behind = await again(*pieces, folder=tmp_path)
    assert told == (len(whole), hashlib.sha256(whole).hexdigest())
    assert (body, behind) == (whole, "http.disconnect")
    assert list(tmp_path.iterdir()) == []


async def test_a_caller_that_goes(tmp_path: Path) -> None:
    held = HeldBody(Body())
    assert await held.read(LIMIT, str(tmp_path)) is None
    held.close()


async def test_it_stops_reading_behind_the_limit(tmp_path: Path) -> None:
    receive = Body(*[b"a" * 100] * 50)
    held = HeldBody(receive)
    told = await held.read(1000, str(tmp_path))
    assert told is not None
    assert told[0] == 1100
    assert (await receive())["type"] == "http.request"  # there was more, and nobody asked for it
    held.close()
