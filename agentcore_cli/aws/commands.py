"""The event stream of InvokeAgentRuntimeCommand, as what a command wrote and how it ended.

Source: botocore's model of the operation; failures inside the stream are messages of the type `exception`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from agentcore_cli.aws.data_plane import Answer
from agentcore_cli.aws.refusals import ServiceRefusal
from agentcore_cli.errors import ServiceError
from agentcore_cli.formats.event_stream import CorruptStream, Decoder, Message

_STREAMS: Final = ("stdout", "stderr")
_KINDS: Final = {"runtimeClientError": "RuntimeClientError"}  # the others are their exceptions' names in lower case


class CommandOutput(NamedTuple):
    """A piece of output; `stream` is stdout or stderr."""

    stream: str
    text: str


class Ended(NamedTuple):
    """The end. `timed_out`: the service stopped the command."""

    exit_code: int
    timed_out: bool


def read(answer: Answer) -> Iterator[CommandOutput | Ended]:
    """Each event as soon as it is there, `Ended` last.

    Raises AgentcoreError for a failure in the stream, AgentFailedError for a stream that breaks off.
    """
    decoder = Decoder()
    ended = False
    for piece in answer.pieces():
        try:
            messages = decoder.feed(piece)
        except CorruptStream as error:
            raise ServiceError(f"the answer is not an event stream: {error}", request_id=answer.request_id) from error
        for message in messages:
            for event in _events(message, answer):
                ended = isinstance(event, Ended)
                yield event
    if not ended:
        raise ServiceError("the answer ended before the command did", request_id=answer.request_id)


def _events(message: Message, answer: Answer) -> Iterator[CommandOutput | Ended]:
    told = _object(message.payload)
    if message.headers.get(":message-type") in ("exception", "error"):
        raise _failure(message, told, answer.request_id)
    delta, stop = told.get("contentDelta") or {}, told.get("contentStop")
    for stream in _STREAMS:
        if text := delta.get(stream):
            yield CommandOutput(stream, text)
    if stop is not None:
        yield Ended(stop.get("exitCode", -1), stop.get("status") == "TIMED_OUT")


def _failure(message: Message, told: dict[str, Any], request_id: str | None) -> Exception:
    named = str(message.headers.get(":exception-type") or message.headers.get(":error-code") or "")
    kind = _KINDS.get(named, named[:1].upper() + named[1:])
    text = told.get("message") or message.headers.get(":error-message") or named
    return ServiceRefusal(kind, str(text)).error(hint=None, request_id=request_id)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        told = json.loads(payload or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
