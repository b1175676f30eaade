"""Spans as a tree, and the tree as lines."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from agentcore_cli.formats.otlp import TracesData, WholeTrace
from agentcore_cli.operations.traces.tree import CALLS, TraceTree, flat, tree
from agentcore_cli.ui.traces import paint, seconds
from tests.exported import TRACE, export, span

CHAT = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "claude", "gen_ai__usage__input_tokens": 1200}
TOOL = {"gen_ai__operation__name": "execute_tool", "gen_ai__tool__name": "order", "gen_ai__tool__call__result": "sent"}


def made(*spans: dict[str, Any], calls: tuple[dict[str, Any], ...] = ()) -> TraceTree:
    told = (
        export(*spans)["resourceSpans"] + export(*({**call, "kind": 2} for call in calls), scope=CALLS)["resourceSpans"]
    )
    return tree(TRACE, WholeTrace(msgspec.convert({"resourceSpans": told}, TracesData, strict=False)))


def names(found: TraceTree) -> list[Any]:
    def of(node: Any) -> Any:
        return [node.span.name, *map(of, node.children)] if node.children else node.span.name

    return [of(root) for root in found.roots]


def test_each_span_is_below_its_parent_in_the_order_of_time() -> None:
    found = made(
        span(3, "second", parent=1, at=0.5), span(1, "root"), span(2, "first", parent=1), span(4, "in it", parent=3)
    )
    assert names(found) == [["root", "first", ["second", "in it"]]]
    assert found.is_whole


def test_one_whose_parent_is_not_there_is_below_the_call_that_it_began_in() -> None:
    calls = (span(8, "call", parent=99, session__id="s"), span(9, "later", at=5, parent=8, session__id="t"))
    found = made(span(1, "own", at=0.1), span(2, "orphan", parent=7, at=5.5), span(3, "after all", at=50), calls=calls)
    assert names(found) == [["call", "own", ["later", "orphan"]], "after all"]
    assert not found.is_whole


def test_parents_in_a_circle_are_shown_and_end() -> None:
    found = made(span(1, "a", parent=2), span(2, "b", parent=1), span(3, "self", parent=3))
    assert sorted(node.span.name for node in found.nodes) == ["a", "b", "self"]


def test_a_thousand_spans_below_each_other_are_a_tree_too() -> None:
    found = made(*(span(number, parent=number - 1 if number > 1 else "") for number in range(1, 3000)))
    assert len(found.nodes) == 2999
    assert len(paint(found.roots, io.StringIO(), full=False).splitlines()) == 2999


def test_the_lines_tell_names_tokens_times_arguments_results_and_errors() -> None:
    found = made(
        span(1, "invoke_agent bot", seconds=2.0),
        span(2, "chat", parent=1, gen_ai__usage__output_tokens=30, **CHAT),
        span(3, "execute_tool order", parent=1, at=1, gen_ai__tool__call__arguments='{"id": 7}', **TOOL),
        span(4, "GET", parent=3, at=1.5, seconds=0.0004, failed="no route\x1b[31m"),
    )
    assert paint(found.roots, io.StringIO(), full=False).splitlines() == [
        "invoke_agent bot                        2s ██████████████████████████████",
        "├─ chat  claude  1,200 in, 30 out       1s ███████████████",
        "└─ execute_tool order                   1s                ███████████████",
        '   │   arguments: {"id": 7}',
        "   │   result: sent",
        "   └─ GET                            400µs                       ▏",
        "          error: no route\\x1b[31m",
    ]


def test_details_are_one_line_and_whole_when_asked_for() -> None:
    said = "a word " * 100 + "\n\n" + "the end"
    found = made(span(1, "execute_tool", gen_ai__tool__call__arguments=said, **TOOL))
    short = paint(found.roots, io.StringIO(), full=False)
    assert max(map(len, short.splitlines())) <= 100
    assert short.splitlines()[1].endswith("…")
    assert paint(found.roots, io.StringIO(), full=True).splitlines()[3].strip() == "the end"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0000004, "0µs"), (0.00004, "40µs"), (0.0123, "12.3ms"), (1.5, "1.5s"), (12.345, "12.3s"), (1234.5, "1234s")],
)
def test_times_have_three_digits(value: float, text: str) -> None:
    assert seconds(value) == text


def test_a_flat_span_says_all_of_it() -> None:
    (node,) = made(span(1, "execute_tool", session__id="s", **TOOL)).nodes
    told = flat(node)
    assert (told["kind"], told["tool"], told["result"], told["session_id"]) == ("tool", "order", "sent", "s")
    assert (told["seconds"], told["parent_span_id"], told["scope"]) == (1.0, "", "an.agent")
