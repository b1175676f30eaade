"""Who may talk to this server: programs of its owner that have its key, its own sessions, and no web page.

Any account of the machine, and any page in a browser, can reach a loopback port; a runtime behind it is a shell. So
a request must name a loopback host (DNS rebinding can't) and carry no Origin (browsers must send one). Then it must
be signed with the server's key, whose secret only the owner can read (`signatures`), or come by the URL of a session
(`session_tokens`), which opens that session's share. A deployer's AWS keys open nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from agentcore_cli.contract import LOCAL_REGION
from agentcore_cli.local.access.signatures import Signatures, claim_of
from agentcore_cli.local.containers.relays import CREDENTIALS_HOST, HOST
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import SessionTokens, TokenGrant
from agentcore_cli.local.http.wire import ServiceFault

MISMATCH: Final = (
    "Authorization method mismatch. The agent is configured for a different authorization method than what was used "
    "in your request."
)


@dataclass(frozen=True, slots=True)
class AdmittedCaller:
    """How a request identified itself.

    `key`: it is signed with the server's key, for `region`. `bearer`: it has a `token`, which is not verified.
    `session`: it came by the URL of a session. Whoever comes by that is bound by its `grant`.
    """

    kind: Literal["key", "session", "bearer", "nobody"]
    region: str = LOCAL_REGION
    token: str = field(default="", repr=False)
    grant: TokenGrant | None = None


class AccessGuard:
    """Looks at a request before anything else does."""

    def __init__(self, port: int, signatures: Signatures, tokens: SessionTokens) -> None:
        self._hosts = {
            f"{name}:{port}".encode() for name in ("localhost", "127.0.0.1", "[::1]", HOST, CREDENTIALS_HOST)
        }
        self._signatures = signatures
        self._tokens = tokens

    async def identify(self, request: Request, limit: int) -> AdmittedCaller:
        """Who asks. A signed body, of at most `limit` bytes, is read and held by the request.

        A bearer token, or nothing at all, goes through here: only a runtime can say what that is worth. Raises
        ServiceFault: 403 for a foreign Host, any Origin, a session that has ended, or a signature that is not this
        server's; 400 for a signed body that is too large. Raises CallerGone.
        """
        self._require_neighbour(request.headers)
        grant = None if request.session_token is None else self._tokens.find(request.session_token)
        authorization = request.headers.get(b"authorization", b"")
        if authorization[:7].lower() == b"bearer ":
            return AdmittedCaller("bearer", token=authorization[7:].strip().decode("latin-1"), grant=grant)
        if grant is not None:
            return AdmittedCaller("session", grant=grant)
        claim = claim_of(request)
        if claim is None:
            return AdmittedCaller("nobody")
        await self._signatures.verify(request, claim, limit)
        return AdmittedCaller("key", claim.scope.region)

    def _require_neighbour(self, headers: Mapping[bytes, bytes]) -> None:
        if headers.get(b"host", b"").lower() not in self._hosts:
            raise ServiceFault.access_denied("The local runtime answers to loopback host names only.")
        if b"origin" in headers:
            raise ServiceFault.access_denied("The local runtime does not answer to web pages.")


def require_signature(caller: AdmittedCaller) -> None:
    """A runtime without a JWT authorizer wants a signed request, or a session's. Raises ServiceFault 403."""
    if caller.kind == "bearer":
        raise ServiceFault.access_denied(MISMATCH)
    if caller.kind == "nobody":
        raise ServiceFault(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
