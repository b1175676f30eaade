"""An agent's answer as notebooks read it: a list of decoded pieces."""

from __future__ import annotations

from agentcore_cli.documents import value_or_text
from agentcore_cli.formats.sse import SseParser
from agentcore_cli.operations.invoke.invoke import Invocation


def pieces_of(answered: Invocation) -> list[str | bytes]:
    """The data of each event of a stream; else the whole body as one piece, bytes where it is no UTF-8.

    The session is then among those that this project has talked to.
    """
    pieces = _read(answered)
    answered.remember()
    return pieces


def _read(answered: Invocation) -> list[str | bytes]:
    if answered.streams:
        parser = SseParser()
        return [event.data for chunk in answered.pieces() for event in parser.feed(chunk)]
    body = b"".join(answered.pieces())
    try:
        return [body.decode()]
    except UnicodeDecodeError:
        return [body]


def unquoted(piece: str | bytes) -> str | bytes:
    """A JSON string as its text; everything else as it is."""
    return value_or_text(piece) if isinstance(piece, str) and piece.startswith('"') else piece
