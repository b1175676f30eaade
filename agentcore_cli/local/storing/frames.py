"""What the server and a process that keeps a database say to each other: length, number, message."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from agentcore_cli.local.http.wire import FieldFault, Headers, Reason, ServiceFault

_LENGTH: Final = struct.Struct("!IQ")


class Answered(msgspec.Struct, array_like=True):
    """An answer, or, with an error's `type`, a refusal whose words are its `body`.

    `owes`: since the last answer that said so, something came that the server has to see to.
    `last`: the process ends with it, and holds for whatever else it was asked.
    """

    status: int
    headers: Headers
    body: bytes
    type: str = ""
    reason: Reason | None = None
    fields: Sequence[FieldFault] = ()
    owes: bool = False
    last: bool = False

    @classmethod
    def of(cls, fault: ServiceFault) -> Answered:
        return cls(fault.status, [], fault.message.encode(), fault.type, fault.reason, fault.fields)

    def fault(self) -> ServiceFault | None:
        if not self.type:
            return None
        return ServiceFault(self.status, self.type, self.body.decode(), reason=self.reason, fields=self.fields)


def frame(number: int, message: msgspec.Struct) -> bytes:
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
