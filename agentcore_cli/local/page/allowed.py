"""What is open to the page, by method and path: what it shows, and what its buttons do.

Not open: to make, change or delete runtimes, endpoints, tags, policies and memories, or what is in these; to hand in
credentials; to end the server; WebSockets.
"""

from __future__ import annotations

from typing import Final

_ANY: Final = "*"
_READ: Final = {
    ("POST", "runtimes"),
    ("GET", "runtimes", _ANY),
    ("POST", "runtimes", _ANY, "versions"),
    ("POST", "runtimes", _ANY, "runtime-endpoints"),
    ("GET", "runtimes", _ANY, "runtime-endpoints", _ANY),
    ("GET", "runtimes", _ANY, "invocations", ".well-known", "agent-card.json"),
    ("GET", "tags", _ANY),
    ("POST", "memories"),
    ("GET", "memories", _ANY, "details"),
    ("POST", "memories", _ANY, "actors"),
    ("POST", "memories", _ANY, "actor", _ANY, "sessions"),
    ("POST", "memories", _ANY, "actor", _ANY, "sessions", _ANY),
    ("GET", "memories", _ANY, "actor", _ANY, "sessions", _ANY, "events", _ANY),
    ("POST", "memories", _ANY, "memoryRecords"),
    ("GET", "memories", _ANY, "memoryRecord", _ANY),
    ("POST", "memories", _ANY, "retrieve"),
    *(("GET", "_local", name) for name in ("health", "page", "sessions", "starts", "traces", "trace")),
    *(("GET", "_local", name) for name in ("logs", "vitals", "transcript")),
}
_DONE: Final = {
    ("POST", "runtimes", _ANY, "invocations"),
    ("POST", "runtimes", _ANY, "stopruntimesession"),
    ("POST", "runtimes", _ANY, "commands"),
    ("POST", "_local", "clock"),
    ("POST", "_local", "faults"),
}


def is_allowed(method: str, segments: list[str]) -> bool:
    """Whether the page may ask that; `segments` are those of the path behind `/_page/api`."""
    asked = (method, *segments)
    return any(
        len(asked) == len(shape) and all(part in (_ANY, given) for part, given in zip(shape, asked, strict=True))
        for shape in _READ | _DONE
    )
