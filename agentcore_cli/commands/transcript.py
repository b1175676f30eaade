"""The events of a session, to be read by a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from agentcore_cli.operations.memories.contents import EventFacts, Transcript

_ROLE_WIDTH: Final = 9  # of ASSISTANT


def transcript(found: Transcript) -> str:
    """When, who, what: a line or more for each message, and the name of a branch where one begins."""
    lines: list[str] = []
    branch: str | None = None
    for event in found.events:
        if event.branch != branch:
            branch = event.branch
            lines.append(f"-- {f'branch {branch}' if branch else 'main'}")
        lines += _event(event)
    return "\n".join(lines)


def _event(event: EventFacts) -> Iterator[str]:
    from agentcore_cli.ui.tables import instant
    from agentcore_cli.ui.terminal import printable

    when = instant(event.at)
    for who, text in map(_message, event.payload) if event.payload else [("", "(nothing)")]:
        first, *more = printable(text).split("\n")
        yield f"{when}  {who:{_ROLE_WIDTH}}  {first}".rstrip()
        yield from (f"{'':{len(when)}}  {'':{_ROLE_WIDTH}}  {line}".rstrip() for line in more)
        when = " " * len(when)


def _message(part: Mapping[str, Any]) -> tuple[str, str]:
    """Who said it, and what; what is no conversation is shown as the JSON that it is."""
    if said := part.get("conversational"):
        return said["role"], said["content"].get("text", "")
    (kind, content), *_ = part.items()
    value = content.get("content") if kind == "json" else content
    return kind, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
