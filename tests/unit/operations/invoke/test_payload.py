from __future__ import annotations

import io
from pathlib import Path

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.invoke import payload as payloads
from agentcore_cli.operations.invoke.payload import read_payload


@pytest.mark.parametrize(
    ("argument", "body"),
    [
        ('{"a": 1}', b'{"a": 1}'),
        (" [1, 2]", b" [1, 2]"),
        ("hello", b'{"prompt": "hello"}'),
        ("42", b'{"prompt": "42"}'),
        ('say "hi"', b'{"prompt": "say \\"hi\\""}'),
        ("", b'{"prompt": ""}'),
        (None, b"{}"),
    ],
)
def test_json_goes_as_it_is_and_text_becomes_a_prompt(argument: str | None, body: bytes) -> None:
    made = read_payload(argument, None)
    assert (made.body, made.content_type) == (body, "application/json")


@pytest.mark.parametrize("argument", ['{"prompt": ', "[1,", "{a: 1}", "[" * 100_000])
def test_what_begins_like_json_and_is_none_is_an_error(argument: str) -> None:
    with pytest.raises(InputError, match="begins like JSON") as caught:
        read_payload(argument, None)
    assert caught.value.exit_code == 2


def test_with_a_content_type_nothing_is_interpreted() -> None:
    made = read_payload('{"prompt": ', "text/plain")
    assert (made.body, made.content_type) == (b'{"prompt": ', "text/plain")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"a": 1}')
    assert read_payload(f"@{tmp_path / 'p.json'}", None).body == b'{"a": 1}'


def test_a_binary_file_needs_a_content_type(tmp_path: Path) -> None:
    (tmp_path / "p.bin").write_bytes(b"\xff\x00")
    with pytest.raises(InputError, match="not text") as caught:
        read_payload(f"@{tmp_path / 'p.bin'}", None)
    assert "--content-type" in (caught.value.hint or "")
    assert read_payload(f"@{tmp_path / 'p.bin'}", "application/octet-stream").body == b"\xff\x00"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nope\.json: No such file"):
        read_payload(f"@{tmp_path}/nope.json", None)


def test_more_than_agentcore_takes_is_refused(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(payloads.PAYLOAD_MAX + 1)
    with pytest.raises(InputError, match="100,000,001 bytes"):
        read_payload(f"@{big}", "application/octet-stream")


def test_stdin_is_read() -> None:
    assert read_payload("-", None, io.BytesIO(b"from a pipe")).body == b'{"prompt": "from a pipe"}'


MARKED = [
    pytest.param("utf-8-sig", b"", id="UTF-8"),
    pytest.param("utf-16-le", b"\xff\xfe", id="UTF-16, as PowerShell 5 writes it"),
    pytest.param("utf-16-be", b"\xfe\xff", id="UTF-16, the other way round"),
    pytest.param("utf-32-le", b"\xff\xfe\x00\x00", id="UTF-32"),
]


@pytest.mark.parametrize(("encoding", "mark"), MARKED)
@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('{"n": "größe"}', '{"n": "größe"}'.encode()),
        ("größe", '{"prompt": "größe"}'.encode()),
    ],
)
def test_a_byte_order_mark_is_no_part_of_it(tmp_path: Path, encoding: str, mark: bytes, text: str, body: bytes) -> None:
    data = mark + text.encode(encoding)
    (tmp_path / "payload").write_bytes(data)
    assert read_payload(f"@{tmp_path / 'payload'}", None).body == body
    assert read_payload("-", None, io.BytesIO(data)).body == body
    assert read_payload("-", "application/octet-stream", io.BytesIO(data)).body == data


def test_half_of_utf_16_is_no_text() -> None:
    with pytest.raises(InputError, match="the payload is not text"):
        read_payload("-", None, io.BytesIO(b"\xff\xfe{"))
