"""`application/vnd.amazon.eventstream`: messages with typed headers in a binary frame, as they come out of a stream.

A frame is: total length u32, headers' length u32, CRC32 of those eight bytes, the headers, the payload, CRC32 of all
before it; all big-endian. A header is: length of its name u8, the name, its type u8, the value. Source: the AWS SDKs'
specification of event streams, and botocore's parser, which a test holds this against.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from zlib import crc32

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"
HEADERS_MAX: Final = 128 * 1024  # bytes
PAYLOAD_MAX: Final = 24 * 1024**2  # bytes

_PRELUDE: Final = struct.Struct(">III")  # total length, headers' length, CRC32 of the two
_CRC: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">H")
_OVERHEAD: Final = _PRELUDE.size + _CRC.size
_STRING: Final = 7
_SIZED: Final = (6, _STRING)  # bytes and strings tell their length
_UUID: Final = 9
_CONSTANTS: Final = {0: True, 1: False}
_NUMBERS: Final = {kind: struct.Struct(form) for kind, form in ((2, ">b"), (3, ">h"), (4, ">i"), (5, ">q"), (8, ">q"))}


class CorruptStream(ValueError):
    """The bytes are no event stream: a length, a checksum or a header can't be right."""


class Message(NamedTuple):
    """One message. Values of headers are strings, in what AWS sends; other types come as Python has them."""

    headers: Mapping[str, Any]
    payload: bytes


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """The frame of one message."""
    encoded = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    lengths = struct.pack(">II", _OVERHEAD + len(encoded) + len(payload), len(encoded))
    unchecked = b"".join((lengths, _CRC.pack(crc32(lengths)), encoded, payload))
    return unchecked + _CRC.pack(crc32(unchecked))


class Decoder:
    """Takes a stream in pieces of any size."""

    def __init__(self) -> None:
        self._pending = bytearray()

    @property
    def is_between_messages(self) -> bool:
        """Whether the stream may end here."""
        return not self._pending

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are whole by now. Raises CorruptStream."""
        self._pending += data
        messages = []
        while len(self._pending) >= _PRELUDE.size:
            total = self._checked_total()
            if len(self._pending) < total:
                break
            messages.append(_message(bytes(self._pending[:total])))
            del self._pending[:total]
        return messages

    def _checked_total(self) -> int:
        total, of_headers, checksum = _PRELUDE.unpack_from(self._pending)
        if crc32(self._pending[:8]) != checksum:
            raise CorruptStream("the checksum of a message's lengths is wrong")
        if of_headers > min(HEADERS_MAX, total - _OVERHEAD) or total > _OVERHEAD + HEADERS_MAX + PAYLOAD_MAX:
            raise CorruptStream(f"a message has the impossible lengths {total} and {of_headers}")
        return int(total)


def _header(name: bytes, value: bytes) -> bytes:
    return b"".join((bytes((len(name),)), name, bytes((_STRING,)), _LENGTH.pack(len(value)), value))


def _message(frame: bytes) -> Message:
    if crc32(frame[: -_CRC.size]) != _CRC.unpack(frame[-_CRC.size :])[0]:
        raise CorruptStream("the checksum of a message is wrong")
    end = _PRELUDE.size + _PRELUDE.unpack_from(frame)[1]
    try:
        headers = _headers(frame[_PRELUDE.size : end])
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise CorruptStream("a message's headers can't be read") from error
    return Message(headers, frame[end : -_CRC.size])


def _headers(data: bytes) -> dict[str, Any]:
    headers = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        name, kind = data[at + 1 : name_end].decode(), struct.unpack_from(">B", data, name_end)[0]
        headers[name], at = _value(kind, data, name_end + 1)
    return headers


def _value(kind: int, data: bytes, at: int) -> tuple[Any, int]:
    """A header's value, and where it ends."""
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    if kind in _SIZED:
        start = at + _LENGTH.size
        end = start + _LENGTH.unpack_from(data, at)[0]
        return (_part(data, start, end).decode() if kind == _STRING else _part(data, start, end)), end
    if kind == _UUID:
        return uuid.UUID(bytes=_part(data, at, at + 16)), at + 16
    number = _NUMBERS[kind]
    return number.unpack_from(data, at)[0], at + number.size


def _part(data: bytes, start: int, end: int) -> bytes:
    if end > len(data):
        raise ValueError("a value is longer than the headers")
    return data[start:end]
