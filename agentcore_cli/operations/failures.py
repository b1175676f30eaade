"""What is added to an agent's own failure: where to look, and the last lines of its session's log."""

from __future__ import annotations

import json
import shlex

from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.exchanges import Exchange


def explain(error: AgentFailedError, exchange: Exchange, *, midway: bool = False) -> None:
    """Add where to look, and the last lines of the session's log, which the local runtime has sent along unless the
    answer had begun.
    """
    destination = exchange.destination
    if destination.selected is not None:
        error.hint = error.hint or f"{destination.command('logs')} --session-id {shlex.quote(exchange.name)}"
    lines = error.message.split("\n") + _last_lines(exchange, midway=midway)
    error.message = "\n".join(_readable(line) for line in lines)


def _readable(line: str) -> str:
    """A record of the SDK's logger, which is a line of JSON, as Python's own logging prints one: with its traceback."""
    try:
        record = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return line
    match record:
        case {"level": str(level), "message": str(message), **rest}:
            trace = rest.get("stackTrace")
            traced = [str(part) for part in trace] if isinstance(trace, list) else []
            return "".join([f"{level} {message}\n", *traced]).rstrip()
    return line


def _last_lines(exchange: Exchange, *, midway: bool) -> list[str]:
    destination = exchange.destination
    if not destination.is_local:
        from agentcore_cli.operations import cloud_logs

        return cloud_logs.last_lines(destination, exchange.session_id, exchange.at)
    if destination.selected is None or not midway:
        return []
    from agentcore_cli.operations import session_logs

    return session_logs.last_lines(destination.selected, exchange.session_id, exchange.at)
