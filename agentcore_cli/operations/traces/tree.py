"""The spans of a trace as a tree: what belongs below what, and what each of them says of its work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli.formats import otlp
from agentcore_cli.formats.genai import SpanFacts, facts
from agentcore_cli.formats.otlp import LogRecord, Span, WholeTrace

CALLS: Final = "agentcore.runtime"  # the scope of the spans that the local runtime makes of a call
_BILLION: Final = 1_000_000_000


@dataclass(slots=True)
class SpanNode:
    """A span, where it comes from (`scope`), what it says, and what was done below it, in the order of time."""

    span: Span
    scope: str
    facts: SpanFacts
    children: list[SpanNode] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Its name, with the model or tool where that does not tell it, and the tokens in and out."""
        known = self.facts
        parts = [self.span.name or known.work]
        named = known.model if known.work == "model" else known.name if known.work == "tool" else ""
        if named and named not in self.span.name:
            parts.append(named)
        if known.work == "model" and (known.input_tokens or known.output_tokens):
            parts.append(f"{known.input_tokens:,} in, {known.output_tokens:,} out")
        return "  ".join(parts)

    @property
    def details(self) -> list[tuple[str, str]]:
        """What went in and what came out."""
        known = self.facts
        called = [("arguments", known.arguments), ("result", known.result)]
        return [(name, text) for name, text in called if text] + [(each.role, each.text) for each in known.messages]

    @property
    def brief(self) -> list[tuple[str, str]]:
        """A tool's arguments and result; what was said to a model last, and its answer."""
        if self.facts.work != "model":
            return self.details if self.facts.work == "tool" else []
        said = [("input", each.text) for each in self.facts.messages if not each.is_answer]
        return said[-1:] + [("output", each.text) for each in self.facts.messages if each.is_answer][-1:]

    @property
    def error(self) -> str:
        return self.facts.error

    @property
    def start(self) -> int:
        return self.span.start

    @property
    def end(self) -> int:
        return self.span.end

    @property
    def seconds(self) -> float:
        return max(0, self.span.end - self.span.start) / _BILLION

    @property
    def is_call(self) -> bool:
        """Whether it is the call itself, as the proxy saw it."""
        return self.scope == CALLS and self.span.kind == otlp.SERVER

    def walk(self) -> Iterator[SpanNode]:
        """It and all below it, parents first."""
        left = [self]
        while left:
            node = left.pop()
            yield node
            left.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class TraceTree:
    """`is_whole`: no span lacks its parent. Times are nanoseconds since the epoch; tokens are the models'."""

    trace_id: str
    roots: tuple[SpanNode, ...]
    is_whole: bool
    dropped: int = 0

    @property
    def nodes(self) -> list[SpanNode]:
        return [node for root in self.roots for node in root.walk()]

    @property
    def start(self) -> int:
        return min((node.span.start for node in self.nodes), default=0)

    @property
    def end(self) -> int:
        return max((node.span.end for node in self.nodes), default=0)

    @property
    def has_spans_of_agent(self) -> bool:
        return any(node.scope != CALLS for node in self.nodes)


def tree(trace_id: str, whole: WholeTrace) -> TraceTree:
    """Each span below its parent. One whose parent is not there is below the call that it began in, if there is one."""
    nodes = _nodes(whole)
    by_id = {node.span.span_id: node for node in nodes}
    calls = [node for node in nodes if node.is_call]
    roots, is_whole = [], True
    for node in nodes:
        parent = by_id.get(node.span.parent_span_id)
        if parent is None and node not in calls:
            is_whole = is_whole and not node.span.parent_span_id
            parent = _call_around(node, calls)
        if parent is None or _is_below(parent, node, by_id):
            roots.append(node)
        else:
            parent.children.append(node)
    return TraceTree(trace_id, tuple(roots), is_whole, whole.dropped)


def _nodes(whole: WholeTrace) -> list[SpanNode]:
    records: dict[str, list[LogRecord]] = {}
    for record in whole.records:
        records.setdefault(record.span_id, []).append(record)
    nodes = [
        SpanNode(span, group.scope.name, facts(span, records.get(span.span_id, ())))
        for resource in whole.trace.resource_spans
        for group in resource.scope_spans
        for span in group.spans
    ]
    return sorted(nodes, key=lambda node: (node.span.start, -node.span.end))


def _call_around(node: SpanNode, calls: list[SpanNode]) -> SpanNode | None:
    """The innermost of the session's calls, else of all, that it began in."""
    around = [call for call in calls if call.span.start <= node.span.start <= call.span.end]
    session = session_of(node.span)
    return max(around, key=lambda call: (session_of(call.span) == session, call.span.start), default=None)


def _is_below(parent: SpanNode, node: SpanNode, by_id: dict[str, SpanNode]) -> bool:
    """Whether the parent's own parents lead to the node: spans are told by others, and may go in a circle."""
    seen: set[str] = set()
    above: SpanNode | None = parent
    while above is not None and above.span.span_id not in seen:
        if above is node:
            return True
        seen.add(above.span.span_id)
        above = by_id.get(above.span.parent_span_id)
    return above is not None


def session_of(span: Span) -> str:
    for each in span.attributes:
        if each.key == "session.id":
            return str(otlp.plain(each.value))
    return ""


def flat(node: SpanNode) -> dict[str, Any]:
    """A span as one object; times are seconds since the epoch."""
    span, known = node.span, node.facts
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "session_id": session_of(span),
        "name": span.name,
        "scope": node.scope,
        "kind": known.work,
        "started_at": span.start / _BILLION,
        "seconds": node.seconds,
        "model": known.model,
        "input_tokens": known.input_tokens,
        "output_tokens": known.output_tokens,
        "tool": known.name if known.work == "tool" else "",
        "arguments": known.arguments,
        "result": known.result,
        "messages": [{"role": it.role, "text": it.text, "is_answer": it.is_answer} for it in known.messages],
        "error": known.error,
        "attributes": otlp.plain_attributes(span.attributes),
    }
