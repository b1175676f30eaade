"""The event stream's codec against botocore's parser, and against bytes that are none."""

from __future__ import annotations

import contextlib
import struct
import uuid
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from agentcore_cli.formats.event_stream import CorruptStream, Decoder, Message, encode

NAMES = st.text(min_size=1, max_size=60).filter(lambda name: len(name.encode()) <= 255)
VALUES = st.text(max_size=2000).filter(lambda value: value and len(value.encode()) < 32_768)  # botocore's limits
MESSAGES = st.tuples(st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=3000))


@given(st.lists(MESSAGES, max_size=5))
def test_botocore_reads_what_we_write(messages: list[tuple[dict[str, str], bytes]]) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(encode(*message) for message in messages))
    assert [(event.headers, event.payload) for event in buffer] == messages


@given(st.lists(MESSAGES, max_size=4), st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_any_cut_gives_the_same_messages(messages: list[tuple[dict[str, str], bytes]], cuts: list[int]) -> None:
    stream = b"".join(encode(*message) for message in messages)
    decoder, read = Decoder(), []
    while stream:
        for cut in cuts:
            read += decoder.feed(stream[:cut])
            stream = stream[cut:]
    assert read == [Message(headers, payload) for headers, payload in messages]
    assert decoder.is_between_messages


@given(MESSAGES, st.data())
def test_a_changed_byte_is_noticed(message: tuple[dict[str, str], bytes], data: st.DataObject) -> None:
    frame = bytearray(encode(*message))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptStream):
        Decoder().feed(bytes(frame) + bytes(200_000))


@given(st.binary(max_size=400))
def test_rubbish_is_refused_or_waits_for_more(data: bytes) -> None:
    with contextlib.suppress(CorruptStream):
        assert Decoder().feed(data) == []


@given(st.binary(max_size=100))
def test_headers_of_rubbish(headers: bytes) -> None:
    """Whatever stands where the headers should, with checksums that are right."""
    with contextlib.suppress(CorruptStream):
        Decoder().feed(_frame(headers, b"x"))


def test_every_type_of_header() -> None:
    identity = uuid.UUID("12345678-1234-5678-1234-567812345678")
    values = {
        "t": (b"\x00", True),
        "f": (b"\x01", False),
        "byte": (b"\x02\xff", -1),
        "short": (b"\x03\x01\x00", 256),
        "int": (b"\x04\x00\x00\x00\x07", 7),
        "long": (b"\x05" + (1 << 40).to_bytes(8, "big"), 1 << 40),
        "bytes": (b"\x06\x00\x02\x00\xff", b"\x00\xff"),
        "time": (b"\x08" + (1_700_000_000_000).to_bytes(8, "big"), 1_700_000_000_000),
        "uuid": (b"\x09" + identity.bytes, identity),
    }
    headers = b"".join(bytes((len(name),)) + name.encode() + raw for name, (raw, _) in values.items())
    (message,) = Decoder().feed(_frame(headers, b"payload"))
    assert message == Message({name: value for name, (_, value) in values.items()}, b"payload")


def test_a_stream_that_ends_inside_a_message() -> None:
    decoder = Decoder()
    assert decoder.feed(encode({":event-type": "chunk"}, b"{}")[:-1]) == []
    assert not decoder.is_between_messages


def _frame(headers: bytes, payload: bytes) -> bytes:
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    unchecked = lengths + struct.pack(">I", crc32(lengths)) + headers + payload
    return unchecked + struct.pack(">I", crc32(unchecked))
