"""A body that somebody sends who may not have the key: read before its signature can be looked at, and not for long."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.access.signatures import UNPROVEN_SECONDS, Signatures, claim_of
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.signature import SigningKey
from tests.local_runtime import signed
from tests.virtual_time import runner

__all__ = ["runner"]

KEY = ("AKIALOCAL", os.urandom(8).hex())
LIMIT = 100 * 1024**2


class Trickle:
    """A byte of a body every second, without end."""

    def __init__(self) -> None:
        self.bytes = 0

    async def __call__(self) -> dict[str, Any]:
        await asyncio.sleep(1)
        self.bytes += 1
        return {"type": "http.request", "body": b"x", "more_body": True}


def request(body: Trickle, length: int) -> Request:
    headers = signed("http://localhost/", "POST", {}, b"{}", key=KEY) | {"Host": "localhost"}
    headers["Content-Length"] = str(length)
    listed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {"method": "POST", "raw_path": b"/", "query_string": b"", "headers": listed}, body, lambda _: asyncio.sleep(0)
    )


@pytest.mark.parametrize("length", [1000, LIMIT])
async def test_a_body_takes_a_minute_at_most(length: int, tmp_path: Path) -> None:
    signatures = Signatures(SigningKey(*KEY), Clock(), str(tmp_path))
    bodies = [Trickle() for _ in range(7)]

    async def call(body: Trickle) -> None:
        asked = request(body, length)
        claim = claim_of(asked)
        assert claim is not None
        with pytest.raises(ServiceFault, match="took longer than 60 s"):
            await signatures.verify(asked, claim, LIMIT)
        asked.close()

    await asyncio.gather(*map(call, bodies))
    assert asyncio.get_running_loop().time() == pytest.approx(UNPROVEN_SECONDS)
    assert sum(body.bytes > 0 for body in bodies) == (7 if length == 1000 else 5)
