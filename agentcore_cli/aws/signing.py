"""Who a request to the data plane says it is from. The rest of the request is the same for every target.

The signer for AWS has a file of its own, `sigv4`: a local call has no use for the caller's credentials.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from agentcore_cli.contract import SERVICE
from agentcore_cli.signature import SigningKey, proof

_MISMATCH: Final = "Authorization method mismatch"  # the service's words for SigV4 on a JWT runtime, and the reverse


class SignedRequest(Struct):
    """One HTTP request, whole. `headers` has Host; a signer adds its own."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


class Signer(Protocol):
    """Adds what proves the caller's right to a request, just before it is sent."""

    def sign(self, request: SignedRequest) -> None: ...

    def advice(self, kind: str, message: str) -> str | None:
        """What to do about a refusal of the service's error `kind`."""
        ...


class LocalKey(Struct, frozen=True):
    """The local runtime's own key."""

    key: SigningKey
    region: str

    def sign(self, request: SignedRequest) -> None:
        sign_with_key(request, self.key, self.region, time.time())

    def advice(self, kind: str, message: str) -> str | None:
        return wants_a_token(message)


class Bearer(Struct, frozen=True):
    """A JWT for a runtime with an authorizer of its own (runtime-oauth). It is in no repr and in no message."""

    token: str

    def __repr__(self) -> str:
        return "Bearer(...)"

    def sign(self, request: SignedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self.token}"

    def advice(self, kind: str, message: str) -> str | None:
        if _MISMATCH in message:
            return "this agent takes IAM signatures: leave the bearer token out"
        claims = self._claims()
        if lapsed := _lapsed(claims):
            return f"the token expired {lapsed} s ago; get a new one"
        if claims and not claims.get("aud"):
            client = claims.get("client_id", claims.get("azp", ""))
            return (
                "a token without aud is refused where an audience is asked for; name the client instead: agentcore "
                f"configure --jwt-audience '' --jwt-client {client if _is_plain(client) else 'ID'}, then deploy"
            )
        return "the token must be of the issuer, audience and client that the agent's authorizer names"

    def _claims(self) -> dict[str, Any]:
        """What the token says of itself, unproven; nothing where it is no JWT."""
        import base64
        import json

        try:
            middle = self.token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        except (IndexError, ValueError):
            return {}
        return claims if isinstance(claims, dict) else {}


def _lapsed(claims: Mapping[str, Any]) -> int | None:
    """For how many seconds the token has been expired; None if it isn't."""
    try:
        lapsed = int(time.time() - claims["exp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return lapsed if lapsed > 0 else None


def _is_plain(client: object) -> bool:
    """Whether it is an id that can be typed as it stands."""
    return isinstance(client, str) and client.replace("-", "").replace("_", "").replace(".", "").isalnum()


def sign_with_key(request: SignedRequest, key: SigningKey, region: str, now: float) -> None:
    """Sign by Signature Version 4; `now` is in seconds since the epoch."""
    url = urlsplit(request.url)
    whole = (request.method, url.path, url.query)
    request.headers |= proof(key, region, SERVICE, now, whole, request.headers, request.body)


def wants_a_token(message: str) -> str | None:
    """What to do when the service says that it wants another kind of proof."""
    if _MISMATCH in message:
        return "this agent takes a bearer token: --bearer-token @FILE, or AGENTCORE_BEARER_TOKEN"
    return None
