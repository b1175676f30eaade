"""What the client makes of a command's event stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest

from agentcore_cli.aws.commands import CommandOutput, Ended, read
from agentcore_cli.aws.data_plane import Answer
from agentcore_cli.errors import (
    AgentcoreError,
    AgentFailedError,
    CredentialsError,
    InputError,
    NotFoundError,
    ServiceError,
)
from agentcore_cli.formats.event_stream import encode


class Stream:
    """An answer that arrives in pieces of `size` bytes."""

    request_id = "request-1"

    def __init__(self, data: bytes, size: int = 7) -> None:
        self._data = data
        self._size = size

    def pieces(self) -> Iterator[bytes]:
        for at in range(0, len(self._data), self._size):
            yield self._data[at : at + self._size]


def chunk(**content: Any) -> bytes:
    headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
    return encode(headers, json.dumps(content).encode())


def exception(kind: str, message: str) -> bytes:
    return encode({":message-type": "exception", ":exception-type": kind}, json.dumps({"message": message}).encode())


def events(data: bytes) -> list[CommandOutput | Ended]:
    return list(read(cast(Answer, Stream(data))))


STOP = chunk(contentStop={"exitCode": 3, "status": "COMPLETED"})


def test_a_whole_command() -> None:
    stream = (
        chunk(contentStart={})
        + chunk(contentDelta={"stdout": "a"})
        + chunk(contentDelta={"stderr": "b", "stdout": "c"})
        + chunk(somethingNew={})
        + STOP
    )
    assert events(stream) == [
        CommandOutput("stdout", "a"),
        CommandOutput("stdout", "c"),
        CommandOutput("stderr", "b"),
        Ended(3, False),
    ]


def test_a_command_that_was_stopped() -> None:
    assert events(chunk(contentStop={"exitCode": 137, "status": "TIMED_OUT"})) == [Ended(137, True)]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("runtimeClientError", AgentFailedError),
        ("accessDeniedException", CredentialsError),
        ("resourceNotFoundException", NotFoundError),
        ("validationException", InputError),
        ("internalServerException", ServiceError),
        ("serviceQuotaExceededException", ServiceError),
        ("throttlingException", ServiceError),
        ("somethingNew", ServiceError),
    ],
)
def test_failures_in_the_stream(kind: str, error: type[AgentcoreError]) -> None:
    with pytest.raises(error, match="why") as failed:
        events(chunk(contentStart={}) + exception(kind, "why"))
    assert failed.value.request_id == "request-1"


def test_an_error_without_a_model() -> None:
    stream = encode({":message-type": "error", ":error-code": "InternalFailure", ":error-message": "why"}, b"")
    with pytest.raises(ServiceError, match="why"):
        events(stream)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        pytest.param(b"", "the answer ended before the command did", id="nothing"),
        pytest.param(chunk(contentStart={}), "the answer ended before the command did", id="no end"),
        pytest.param(STOP[:-1], "the answer ended before the command did", id="half an end"),
        pytest.param(b"<html>" + bytes(100), "not an event stream", id="a web page"),
        pytest.param(chunk(contentStart={})[:-1] + b"?" + STOP, "not an event stream", id="a changed byte"),
    ],
)
def test_streams_that_are_none(stream: bytes, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        events(stream)


def test_a_payload_that_is_no_object() -> None:
    headers = {":message-type": "event", ":event-type": "chunk"}
    assert events(encode(headers, b"[1]") + encode(headers, b"\xff") + STOP) == [Ended(3, False)]
