"""An answer on its way out: in pieces, each when the one before is off our hands."""

from __future__ import annotations

from typing import Final

from agentcore_cli.contract import HEADER_REQUEST_ID
from agentcore_cli.local.http.proxy import Send
from agentcore_cli.local.http.wire import Answer

PIECE: Final = 262_144  # bytes


async def deliver(send: Send, answer: Answer, request_id: str, *, kind: str = "http") -> None:
    """Return when the last piece is handed over; of what nobody reads that is never, before the connection ends."""
    status, named, body = answer
    headers = {name.lower(): value for name, value in named}
    headers |= {HEADER_REQUEST_ID.lower(): request_id, "content-length": str(len(body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": f"{kind}.response.start", "status": status, "headers": encoded})
    for at in range(0, len(body) - PIECE, PIECE):
        await send({"type": f"{kind}.response.body", "body": body[at : at + PIECE], "more_body": True})
    await send({"type": f"{kind}.response.body", "body": body[(max(0, len(body) - 1) // PIECE) * PIECE :]})
