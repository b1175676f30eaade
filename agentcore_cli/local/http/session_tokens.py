"""What a session may ask of this server: a token of its own, in the path of the endpoint URLs that it is given.

    http://127.0.0.1:8757/_session/<token>/runtimes/…

A session never holds the server's key. Its token opens what an agent's execution role would: the runtimes of its own
project may be invoked, by every path of InvokeAgentRuntime; a runtime without a project opens itself alone. What is in
the memories of its project is open, too (`memory.service`), and it may hand in its own traces (`traces.intake`), not
read any. And it gets the AWS credentials that the session was given
(`credentials`). The control plane, commands, StopRuntimeSession and `/_local` are closed to it. Whatever signature a
request with a token has is not looked at: the agent signs with credentials that are not this server's.

Tokens are random, in memory only, and end with their session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from agentcore_cli.contract import LOCAL_ROLE, Arn
from agentcore_cli.local.http.wire import ServiceFault

PREFIX: Final = "_session"
# By method and what follows the runtime in the path. What other services open to sessions has its place here, too.
OPENED: Final = frozenset(
    {
        ("POST", "invocations"),
        ("GET", "invocations"),
        ("DELETE", "invocations"),
        ("GET", "invocations", ".well-known", "agent-card.json"),
        ("GET", "ws"),
    }
)


class TokenGrant(NamedTuple):
    """Whose token it is: a session of this runtime; `tell` is told why it gets no AWS credentials, "" when it does."""

    runtime_id: str
    runtime_arn: str
    tell: Callable[[str], None]
    endpoint: str = ""
    session_id: str = ""


class SessionTokens:
    """The tokens of the sessions that live.

    Only their hashes are kept. They are found by them, too, so that the time it takes tells nothing of a token.
    """

    def __init__(self) -> None:
        self._grants: dict[bytes, TokenGrant] = {}

    def issue(self, grant: TokenGrant) -> str:
        """A new token: 43 characters that need no encoding in a URL."""
        token = secrets.token_urlsafe(32)
        self._grants[_hash(token)] = grant
        return token

    def give_to(self, grant: TokenGrant, token: str) -> None:
        """A token that was issued is another's from now on."""
        self._grants[_hash(token)] = grant

    def find(self, token: str) -> TokenGrant:
        """Whose it is. Raises ServiceFault 403 for one of no session that lives."""
        grant = self._grants.get(_hash(token))
        if grant is None:
            raise ServiceFault(
                403, "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        return grant

    def revoke(self, token: str) -> None:
        """End a token; one that has ended stays so."""
        self._grants.pop(_hash(token), None)


def denied(action: str, resource: str) -> ServiceFault:
    """What a session hears that asks for more than its token opens, as IAM says it."""
    role = LOCAL_ROLE.rpartition("/")[2]
    account = Arn.of(LOCAL_ROLE).account
    return ServiceFault.access_denied(
        f"User: arn:aws:sts::{account}:assumed-role/{role}/session is not authorized to perform: "
        f"bedrock-agentcore:{action} on resource: {resource}"
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
