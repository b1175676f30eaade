"""What the server and the process that keeps the memories say to each other: length, number, message."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from agentcore_cli.local.http.wire import FieldFault, Headers, Reason, ServiceFault

_LENGTH: Final = struct.Struct("!IQ")


class Asked(msgspec.Struct, array_like=True):
    """A request. `region` is the one it was signed for, and `now` the runtime's clock.

    A session's request has `granted` and the `project` of the session's runtime, None where that has none.
    """

    method: str
    segments: list[str]
    query: dict[str, list[str]]
    body: bytes
    region: str
    now: float
    granted: bool = False
    project: str | None = None
    inner: str = ""
    """What the server itself asks for, which nobody can from outside: "read" or "keep" (`drawing`)."""


class Reading(msgspec.Struct, array_like=True):
    """An event that a project's `file` reads for these strategies; `number` is for `DrawnRecords`."""

    number: int
    memory: str
    project: str
    agent: str
    file: str
    event: dict[str, Any]
    strategies: list[dict[str, Any]]


class DrawnRecords(msgspec.Struct, array_like=True):
    """What has come of a `Reading`, by the ids of strategies; with a `reason` nothing has of any."""

    number: int
    texts: dict[str, list[str]] = {}
    failed: dict[str, str] = {}
    reason: str = ""


class Answered(msgspec.Struct, array_like=True):
    """An answer, or, with an error's `type`, a refusal whose words are its `body`.

    `owes`: since the last answer that said so, an event came that a project's file has to read.
    `last`: the process ends with it, and holds for whatever else it was asked.
    """

    status: int
    headers: Headers
    body: bytes
    type: str = ""
    reason: Reason | None = None
    fields: list[tuple[str, str]] = []
    owes: bool = False
    last: bool = False

    @classmethod
    def of(cls, fault: ServiceFault) -> Answered:
        fields = [(field.name, field.message) for field in fault.fields]
        return cls(fault.status, [], fault.message.encode(), fault.type, fault.reason, fields)

    def fault(self) -> ServiceFault | None:
        if not self.type:
            return None
        fields = [FieldFault(*field) for field in self.fields]
        return ServiceFault(self.status, self.type, self.body.decode(), reason=self.reason, fields=fields)


def frame(number: int, message: Asked | Answered) -> bytes:
    """The message on the wire; `number` tells an answer's request."""
    packed = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(packed), number) + packed


class Frames:
    """Whole messages out of bytes as they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The numbers and messages that are whole by now."""
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= _LENGTH.size:
            length, number = _LENGTH.unpack_from(self._buffer, at)
            end = at + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            yield number, bytes(self._buffer[at + _LENGTH.size : end])
            at = end
        del self._buffer[:at]
