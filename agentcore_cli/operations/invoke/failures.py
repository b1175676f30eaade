"""What is added to an agent's own failure: where to look, and the last lines of its session's log."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from agentcore_cli.contract import Protocol
from agentcore_cli.errors import AgentFailedError, NotFoundError, StillInProgressError
from agentcore_cli.formats.log_records import readable
from agentcore_cli.operations.invoke.exchanges import Exchange, remember
from agentcore_cli.operations.invoke.missing_files import explain_missing_file
from agentcore_cli.operations.invoke.missing_modules import explain_missing_module
from agentcore_cli.operations.secrets.secrets import explain_missing


@contextmanager
def begun(exchange: Exchange) -> Iterator[None]:
    """While a call waits for its answer to begin: a failure is written down and says what to look at."""
    try:
        with exchange.watched():
            yield
    except (AgentFailedError, StillInProgressError, KeyboardInterrupt) as error:
        remember(exchange)
        if isinstance(error, AgentFailedError):
            explain(error, exchange)
        raise
    except NotFoundError as error:
        if exchange.destination.is_unfinished:
            error.message = f"its last deploy failed, or was cut off: {error.message}"
        error.hint = error.hint or exchange.destination.where_to_look()
        raise


def explain(error: AgentFailedError, exchange: Exchange, *, midway: bool = False) -> None:
    """Add where to look, and the last lines of the session's log, which the local runtime has sent along unless the
    answer had begun.
    """
    destination = exchange.destination
    if destination.selected is not None:
        error.hint = error.hint or refusal_hint(error.message, destination.protocol, destination.command("invoke"))
        error.hint = error.hint or f"{destination.command('logs')} --session-id {shlex.quote(exchange.name)}"
    lines = error.message.split("\n") + _last_lines(exchange, midway=midway)
    error.message = "\n".join(readable(line) for line in lines)
    explain_missing(error, destination.selected)
    explain_missing_file(error, destination.selected)
    explain_missing_module(error, destination.selected)


# A body that lacks fields, as FastAPI tells it.
_LACKED: Final = re.compile(r'"type": ?"missing", ?"loc": ?\["body", ?"(?P<field>\w+)"\]')


def refusal_hint(message: str, protocol: Protocol, invoke: str) -> str | None:
    """What an agent that refuses a request wants instead, where its words are known.

    Sources: mcp's StreamableHTTPServerTransport; a2a-sdk's dispatcher without its mode for 0.3; FastAPI's 422.
    """
    if protocol == "HTTP" and (lacked := _LACKED.findall(message)):
        payload = json.dumps(dict.fromkeys(lacked, "…"), ensure_ascii=False)
        return f"the agent takes other fields than it was sent (text is sent as prompt): {invoke} '{payload}'"
    if protocol == "MCP" and any(words in message for words in ("Session not found", "Missing session ID")):
        return (
            "the server keeps MCP sessions of its own and wants `initialize` first; with "
            "FastMCP(…, stateless_http=True) it takes each call by itself"
        )
    if protocol == "A2A" and "(JSON-RPC -32601)" in message:
        return f"an agent of A2A 1.0 knows other methods: {invoke} --header 'A2A-Version: 1.0' PAYLOAD"
    return None


def _last_lines(exchange: Exchange, *, midway: bool) -> list[str]:
    destination = exchange.destination
    if not destination.is_local:
        from agentcore_cli.operations.logs import cloud_logs

        return cloud_logs.last_lines(destination, exchange.session_id, exchange.at)
    if destination.selected is None or not midway:
        return []
    from agentcore_cli.operations.logs import session_logs

    return session_logs.last_lines(destination.selected, exchange.session_id, exchange.at)
