"""What the SDK's logger writes: one JSON object a line, with `level`, `message` and, of an exception, `stackTrace`."""

from __future__ import annotations

from agentcore_cli.documents import value_or_text


def readable(line: str) -> str:
    """A line of an agent's log for a person: a record of the SDK as Python's own logging prints one, with its
    traceback; any other line as it is.
    """
    match value_or_text(line) if line.startswith("{") else None:
        case {"level": str(level), "message": str(message), **rest}:
            trace = rest.get("stackTrace")
            traced = [str(part) for part in trace] if isinstance(trace, list) else []
            return "".join([f"{level} {message}\n", *traced]).rstrip()
    return line
