"""The authorization of a runtime with a JWT authorizer: bearer tokens and nothing else (runtime-oauth).

A token that is none, or of another issuer, audience or client, is a 401, with the way to a better one; a valid token
without the scopes or claims that are wanted is a 403, and so is a signed request (RFC 6750, section 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from agentcore_cli.local.access.claims import identity_fault, permission_fault
from agentcore_cli.local.access.guard import MISMATCH, AdmittedCaller
from agentcore_cli.local.access.issuer import Issuer, IssuerUnavailable, TokenRefused, authorization_server
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault

Authorizer = Mapping[str, Any]


class Authorizers:
    """Checks callers against the `customJWTAuthorizer` of any runtime."""

    def __init__(self) -> None:
        self._issuers: dict[str, Issuer] = {}

    async def require(self, authorizer: Authorizer, caller: AdmittedCaller) -> None:
        """Let a caller with a fitting token through. Raises ServiceFault: 401, 403; 500 without the issuer's keys."""
        if caller.kind == "key":
            raise ServiceFault.access_denied(MISMATCH)
        if caller.kind == "nobody":
            raise ServiceFault.unauthorized("Missing Authentication Token")
        claims = await self._claims(authorizer["discoveryUrl"], caller.token)
        if fault := identity_fault(authorizer, claims):
            raise _refused(fault)
        if fault := permission_fault(authorizer, claims):
            raise ServiceFault.access_denied(f"OAuth authorization failed: {fault}")

    async def _claims(self, discovery_url: str, token: str) -> dict[str, Any]:
        issuer = self._issuers.setdefault(discovery_url, Issuer(discovery_url))
        try:
            return await issuer.claims(token)
        except TokenRefused as error:
            raise _refused(str(error)) from None  # the cause's frames hold the token
        except IssuerUnavailable as error:
            raise ServiceFault.internal(f"OAuth authorization failed: {error}") from error


def challenge(request: Request) -> str:
    """The WWW-Authenticate header of a 401: where the runtime's authorization server is told (RFC 9728)."""
    path = f"{_resource(request)}/.well-known/oauth-protected-resource?qualifier={quote(request.qualifier, safe='')}"
    return f'Bearer resource_metadata="{path}"'


def protected_resource(request: Request, authorizer: Authorizer) -> Answer:
    """GetRuntimeProtectedResourceMetadata: who issues tokens for the runtime (RFC 9728, section 3.2)."""
    told: dict[str, Any] = {
        "resource": _resource(request),
        "authorization_servers": [authorization_server(authorizer["discoveryUrl"])],
        "bearer_methods_supported": ["header"],
    }
    if scopes := authorizer.get("allowedScopes"):
        advertised = authorizer.get("advertisedScopeMapping", {})
        told["scopes_supported"] = [advertised.get(scope, scope) for scope in scopes]
    return 200, list(JSON_HEADERS), msgspec.json.encode(told)


def _resource(request: Request) -> str:
    host = request.headers[b"host"].decode("latin-1")
    return f"http://{host}/runtimes/{quote(request.segments[1], safe='')}/invocations"


def _refused(reason: str) -> ServiceFault:
    return ServiceFault.unauthorized(f"OAuth authorization failed: {reason}")
