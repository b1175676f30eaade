"""The body of an export, as OTLP has it over HTTP: protobuf or JSON, gzip or not. Source: the OTLP specification.

protobuf's library is loaded with the first body that needs it.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, Final, TypeVar

import msgspec

from agentcore_cli.formats.otlp import LogsData, TracesData

UNPACKED_MAX: Final = 16_777_216  # bytes
PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_GZIP: Final = 16 + zlib.MAX_WBITS
_ENCODINGS: Final = {"": None, "identity": None, "gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID: Final = re.compile(r"(?!0{16})[0-9a-f]{16}")

T = TypeVar("T", TracesData, LogsData)


class BrokenBody(Exception):
    """It can't be read; the text says why."""


def read(body: bytes, content_type: str, encoding: str, shape: type[T]) -> T:
    """What an exporter sent. Raises BrokenBody."""
    unpacked = _unpacked(body, encoding)
    try:
        if content_type == JSON:
            return msgspec.json.decode(unpacked, type=shape, strict=False)
        from agentcore_cli.local.traces import protobuf

        return protobuf.read(unpacked, shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, MemoryError) as error:
        raise BrokenBody(f"it can't be read: {type(error).__name__}: {error}") from error


def is_encoding(encoding: str) -> bool:
    return encoding in _ENCODINGS


def is_trace_id(text: str) -> bool:
    return _TRACE_ID.fullmatch(text) is not None


def is_span_id(text: str) -> bool:
    return _SPAN_ID.fullmatch(text) is not None


def _unpacked(body: bytes, encoding: str) -> bytes:
    window = _ENCODINGS[encoding]
    if window is None:
        return body
    unpacking: Any = zlib.decompressobj(window)
    try:
        unpacked: bytes = unpacking.decompress(body, UNPACKED_MAX)
    except zlib.error as error:
        raise BrokenBody(f"it is no {encoding}: {error}") from error
    if unpacking.unconsumed_tail:
        raise BrokenBody(f"unpacked it has more than {UNPACKED_MAX:,} bytes")
    if not unpacking.eof:
        raise BrokenBody(f"its {encoding} is not whole")
    return unpacked
