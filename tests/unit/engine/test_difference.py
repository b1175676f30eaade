"""Facts compared."""

from __future__ import annotations

import pytest

from agentcore_cli.engine.difference import HIDDEN, FieldChange, conceal, differences

CASES = [
    pytest.param({}, {}, [], id="nothing"),
    pytest.param({"a": 1}, {"a": 1}, [], id="equal"),
    pytest.param({"a": None}, {}, [], id="none-is-absent"),
    pytest.param({"a": 1}, {"a": 2}, [FieldChange("a", 1, 2)], id="changed"),
    pytest.param({}, {"a": 1}, [FieldChange("a", None, 1)], id="new"),
    pytest.param({"a": 1}, {}, [FieldChange("a", 1, None)], id="gone"),
    pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [FieldChange("a.c", 2, 3)], id="nested"),
    pytest.param(
        {"a": {"b.c": 1}},
        {"a": {"b": {"c": 1}}},
        [FieldChange("a.b.c", None, 1), FieldChange("a.b.c", 1, None)],
        id="a-dot-in-a-name",
    ),
    pytest.param({"a": [1, 2]}, {"a": [2, 1]}, [FieldChange("a", [1, 2], [2, 1])], id="a-list-as-a-whole"),
    pytest.param({"s": {"k": "old"}}, {"s": {"k": "new"}}, [FieldChange("s.k", HIDDEN, HIDDEN)], id="secret"),
    pytest.param({}, {"s": {"k": "new"}}, [FieldChange("s.k", None, HIDDEN)], id="new-secret"),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_every_field_that_differs_is_named(old: dict, new: dict, expected: list[FieldChange]) -> None:
    assert list(differences(old, new, {"s"})) == expected


def test_concealed_facts_tell_equal_from_different_and_hold_no_secret() -> None:
    one, same, other = (conceal({"s": {"k": value}, "open": 1}, {"s"}) for value in ("tea", "tea", "milk"))
    assert one == same != other
    assert "tea" not in str(one)
    assert one["open"] == 1
    assert one["s"].keys() == {"k"}
