"""What becomes of text that a person types, in the protocol that the agent speaks.

HTTP: `{"prompt": text}`. A2A: a message to the agent, as 0.3 has it, or as 1.0 does for callers who say so in the
header A2A-Version. AGUI: a run with one message of the user. MCP has tools and no text: that is told with a request
that it takes. Sources: runtime-http-protocol-contract, runtime-mcp-protocol-contract, a2a-protocol.org (message/send;
1.0: SendMessage), docs.ag-ui.com (RunAgentInput).
"""

from __future__ import annotations

import json
from typing import Final

from msgspec import Struct

from agentcore_cli.contract import Protocol
from agentcore_cli.errors import InputError

A2A_VERSION: Final = "A2A-Version"
_EXAMPLES: Final[dict[Protocol, str]] = {
    "HTTP": json.dumps({"prompt": "Hello"}),
    "MCP": json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
    "A2A": "Hello",
    "AGUI": "Hello",
}


def example(protocol: Protocol) -> str:
    """A PAYLOAD that an agent of this protocol answers, quoted for a shell."""
    return f"'{_EXAMPLES[protocol]}'"


class Wording(Struct, frozen=True):
    """`invoke` is the command line that calls the agent, `thread` the session's name; `a2a` the version that the caller
    says it speaks.
    """

    protocol: Protocol = "HTTP"
    invoke: str = "agentcore invoke"
    thread: str = ""
    a2a: str = ""

    def of(self, text: str | None) -> dict[str, object]:
        """The request that says `text`, None for nothing. Raises InputError for an agent that has no use for it."""
        if self.protocol == "MCP" or (text is None and self.protocol == "A2A"):
            what = "no PAYLOAD" if text is None else "text"
            takes = "JSON-RPC" if self.protocol == "MCP" else "text or JSON-RPC"
            raise InputError(
                f"{what}: the agent speaks {self.protocol}, which takes {takes}",
                hint=f"{self.invoke} {example(self.protocol)}",
            )
        if text is None:
            return {}
        if self.protocol == "A2A":
            return _message_1(text) if self.a2a.startswith("1") else _message(text)
        return _run(text, self.thread) if self.protocol == "AGUI" else {"prompt": text}


def a2a_version(headers: tuple[str, ...]) -> str:
    """The version of A2A in headers as `--header` gives them; empty where none is said."""
    pairs = (header.partition(":") for header in headers)
    return next((value.strip() for name, _, value in pairs if name.strip().lower() == A2A_VERSION.lower()), "")


def _message(text: str) -> dict[str, object]:
    parts = [{"kind": "text", "text": text}]
    message = {"kind": "message", "role": "user", "messageId": _id(), "parts": parts}
    return {"jsonrpc": "2.0", "id": _id(), "method": "message/send", "params": {"message": message}}


def _message_1(text: str) -> dict[str, object]:
    message = {"role": "ROLE_USER", "messageId": _id(), "parts": [{"text": text}]}
    return {"jsonrpc": "2.0", "id": _id(), "method": "SendMessage", "params": {"message": message}}


def _run(text: str, thread: str) -> dict[str, object]:
    return {
        "threadId": thread or _id(),
        "runId": _id(),
        "messages": [{"id": _id(), "role": "user", "content": text}],
        "state": {},
        "tools": [],
        "context": [],
        "forwardedProps": {},
    }


def _id() -> str:
    import uuid

    return str(uuid.uuid4())
