"""Exports of OpenTelemetry, as an agent's SDK would send them."""

from __future__ import annotations

import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE = "5b8efff798038103d269b633813fc60c"
SECOND = 1_000_000_000
BEGAN = 1_790_000_000 * SECOND


def export(*spans: dict[str, Any], scope: str = "an.agent") -> dict[str, Any]:
    """An export of these spans, in OTLP's JSON."""
    resource = {"attributes": [attribute("service.name", "bot")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": scope}, "spans": list(spans)}]}]}


def span(
    number: int,
    name: str = "work",
    *,
    trace: str = TRACE,
    parent: int | str = "",
    at: float = 0.0,
    seconds: float = 1.0,
    events: tuple[dict[str, Any], ...] = (),
    failed: str | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    """One span; attributes have `__` for a dot."""
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if isinstance(parent, int) else parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(BEGAN + int(at * SECOND)),
        "endTimeUnixNano": str(BEGAN + int((at + seconds) * SECOND)),
        "attributes": [attribute(name.replace("__", "."), value) for name, value in attributes.items()],
        "events": list(events),
        "status": {} if failed is None else {"code": 2, "message": failed},
    }


def event(name: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "attributes": [attribute(key.replace("__", "."), it) for key, it in attributes.items()]}


def attribute(name: str, value: Any) -> dict[str, Any]:
    kinds = {str: "stringValue", bool: "boolValue", float: "doubleValue", int: "intValue"}
    if isinstance(value, list):
        return {"key": name, "value": {"arrayValue": {"values": [attribute("", each)["value"] for each in value]}}}
    return {"key": name, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}


def as_json(exported: dict[str, Any]) -> bytes:
    return json.dumps(exported).encode()


def as_protobuf(exported: dict[str, Any]) -> bytes:
    """The same, as protobuf's own library writes it; ids, which are base64 in its JSON, are set by hand."""
    from google.protobuf.json_format import ParseDict

    copy = json.loads(json.dumps(exported))
    for resource in copy["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for each in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    del each[name]
    message = ParseDict(copy, ExportTraceServiceRequest())
    for there, said in zip(message.resource_spans, exported["resourceSpans"], strict=True):
        for group, told in zip(there.scope_spans, said["scopeSpans"], strict=True):
            for span, each in zip(group.spans, told["spans"], strict=True):
                span.trace_id = bytes.fromhex(each["traceId"])
                span.span_id = bytes.fromhex(each["spanId"])
                span.parent_span_id = bytes.fromhex(each["parentSpanId"])
    encoded: bytes = message.SerializeToString()
    return encoded
