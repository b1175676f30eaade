"""Columns in a pipe: aligned by what a terminal would show, and nothing in a cell breaks them."""

from __future__ import annotations

import pytest

from agentcore_cli.ui.tables import fields, instant, size, table


def test_columns_are_aligned_and_an_empty_one_is_left_out() -> None:
    shown = table(("name", "failure", "version"), [("a", "", None), ("long name", "", 2)])
    assert shown.splitlines() == ["NAME       VERSION", "a          -", "long name  2"]


def test_wide_characters_and_accents_keep_the_columns() -> None:
    lines = table(("name", "calls"), [("会話", 1), ("e\u0301t\u00e9", 2), ("four", 3)]).splitlines()
    assert lines == ["NAME  CALLS", "会話  1", "e\u0301t\u00e9   2", "four  3"]


def test_a_cell_is_one_line_and_steers_nothing() -> None:
    assert table(("failure",), [("two\nlines \x1b[31m",)]).splitlines() == ["FAILURE", "two lines \\x1b[31m"]


def test_fields_that_are_none_are_left_out() -> None:
    assert fields([("a", 1), ("none", None), ("longer", "x")]) == "a:      1\nlonger: x"


def test_a_time_of_aws_is_read_in_utc() -> None:
    assert instant("2026-11-26T08:29:33.278000+02:00") == instant("2026-11-26T06:29:33Z") == "2026-11-26 06:29:33Z"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 kB"), (1536, "1.5 kB"), (3 * 1024**2, "3.0 MB")]
)
def test_bytes_in_words(count: int, shown: str) -> None:
    assert size(count) == shown
