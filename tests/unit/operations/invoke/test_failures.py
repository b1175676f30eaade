"""What an agent that refuses wants instead."""

from __future__ import annotations

import pytest

from agentcore_cli.contract import Protocol
from agentcore_cli.operations.invoke.failures import refusal_hint


@pytest.mark.parametrize(
    ("message", "protocol", "says"),
    [
        ('Received error (404) from runtime: {"message":"Session not found"}', "MCP", "stateless_http=True"),
        ("the agent answers with an error: Bad Request: Missing session ID (JSON-RPC -32600)", "MCP", "`initialize`"),
        ("the agent answers with an error: no (JSON-RPC -32601)", "A2A", "run --header 'A2A-Version: 1.0' PAYLOAD"),
        ("the agent answers with an error: no (JSON-RPC -32601)", "MCP", None),
        ("Session not found", "HTTP", None),
        (
            '{"detail":[{"type":"missing","loc":["body","message"],"msg":"Field required","input":{"prompt":"Hi"}}]}',
            "HTTP",
            """run '{"message": "…"}'""",
        ),
    ],
)
def test_known_refusals(message: str, protocol: Protocol, says: str | None) -> None:
    hint = refusal_hint(message, protocol, "run")
    assert says in hint if says and hint else hint == says
