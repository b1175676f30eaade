"""Who may talk to this server: programs of its owner that know its key, and no web page.

Any account of the machine, and any page in a browser, can reach a loopback port; a runtime behind it is a shell. So
a request must name a loopback host (DNS rebinding can't), carry no Origin (browsers must send one), and be signed
with an access key id that only the owner can read. The signature itself is not checked: the id is the secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from agentcore_cli.contract import LOCAL_REGION
from agentcore_cli.local.containers.relays import HOST
from agentcore_cli.local.credentials import Credentials
from agentcore_cli.local.wire import ServiceFault

_SIGV4: Final = b"AWS4-HMAC-SHA256"
MISMATCH: Final = (
    "Authorization method mismatch. The agent is configured for a different authorization method than what was used "
    "in your request."
)
_BAD_KEY: Final = (
    "The security token included in the request is invalid: it is not the local runtime's access key "
    "(`agentcore local env` prints it)."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """How a request identified itself; `region` is the one it was signed for, `token` a bearer's, not verified."""

    kind: Literal["key", "bearer", "nobody"]
    region: str = LOCAL_REGION
    token: str = field(default="", repr=False)


class Guard:
    """Looks at a request before anything else does."""

    def __init__(self, port: int, credentials: Credentials) -> None:
        self._hosts = {f"{name}:{port}".encode() for name in ("localhost", "127.0.0.1", "[::1]", HOST)}
        self._credentials = credentials

    def identify(self, headers: Mapping[bytes, bytes], query: Mapping[str, list[str]]) -> Caller:
        """Who asks. Raises ServiceFault 403 for a foreign Host, any Origin, or an access key id that is not known.

        A bearer token, or nothing at all, goes through here: only a runtime can say what that is worth.
        """
        if headers.get(b"host", b"").lower() not in self._hosts:
            raise ServiceFault.access_denied("The local runtime answers to loopback host names only.")
        if b"origin" in headers:
            raise ServiceFault.access_denied("The local runtime does not answer to web pages.")
        authorization = headers.get(b"authorization", b"")
        if authorization[:7].lower() == b"bearer ":
            return Caller("bearer", token=authorization[7:].strip().decode("latin-1"))
        scope = _credential_scope(authorization) or query.get("X-Amz-Credential", [""])[0].encode()
        if not scope:
            return Caller("nobody")
        key, *rest = scope.split(b"/")
        self._check_key(key)
        return Caller("key", rest[1].decode("latin-1") if len(rest) > 1 else LOCAL_REGION)

    def _check_key(self, key: bytes) -> None:
        """Compares with every accepted key, in the same time whichever fits."""
        fits = [hmac.compare_digest(key, accepted.encode()) for accepted in self._credentials.accepted()]
        if not any(fits):
            raise ServiceFault(403, "UnrecognizedClientException", _BAD_KEY)


def require_key(caller: Caller) -> None:
    """Everything but a runtime with a JWT authorizer wants a signed request. Raises ServiceFault 403."""
    if caller.kind == "bearer":
        raise ServiceFault.access_denied(MISMATCH)
    if caller.kind == "nobody":
        raise ServiceFault(403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def _credential_scope(authorization: bytes) -> bytes:
    """`<key id>/<date>/<region>/<service>/aws4_request` of a SigV4 Authorization header, else b""."""
    if not authorization.startswith(_SIGV4):
        return b""
    credential = authorization.partition(b"Credential=")[2]
    return credential.partition(b",")[0].strip()
