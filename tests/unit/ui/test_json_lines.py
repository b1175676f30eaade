"""JSON for scripts is one line that can be encoded and parsed, whatever an agent answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentcore_cli.ui.json_lines import line
from agentcore_cli.ui.terminal import steers


@dataclass(frozen=True)
class Result:
    path: Path
    parts: tuple[bytes, ...]


def test_a_result_is_an_object_with_its_schema_version_first() -> None:
    text = line(Result(Path("a/b"), (b"text", b"\xff")), event="result")
    assert list(json.loads(text))[:2] == ["schema_version", "event"]
    assert json.loads(text)["path"] == "a/b"
    assert json.loads(text)["parts"] == ["text", {"base64": "/w=="}]


def test_numbers_that_json_has_not_are_text() -> None:
    text = line({"response": [float("nan"), {"a": float("-inf")}, 1.5], "raw": b"\xff"})
    assert '"response": ["nan", {"a": "-inf"}, 1.5], "raw": {"base64": "/w=="}' in text


def test_what_is_nested_deep_is_shown() -> None:
    text = "[" * 800 + "]" * 800
    assert f'"response": {text}' in line({"response": json.loads(text)})


ANY_TEXT = [
    "a\nb",
    "\u2028",
    "\ud83d",
    "näme",
    "\x00\x1b[31m",
    "\x7f\x80\x85\x9b31m\x9f",
    "abc\u202egnp.exe \u2066\u2069\u200e\u200f\u061c",
    "\u200b\ufeff\u2060",
    "\U000e0041 \U0001f469\u200d\U0001f4bb",
]


@pytest.mark.parametrize("value", ANY_TEXT, ids=ascii)
def test_any_text_is_one_line_of_unicode(value: str) -> None:
    text = line({"response": value})
    assert len(text.split("\n")) == 1
    assert json.loads(text.encode())["response"] == value
    assert not any(steers(character) for character in text)


def test_names_are_escaped_like_values() -> None:
    text = line({"\x9b31m": {"\u202e": 1}})
    assert "\\u009b31m" in text
    assert json.loads(text)["\x9b31m"] == {"\u202e": 1}
