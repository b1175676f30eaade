"""What a JWT authorizer asks of a valid token's claims (runtime-oauth; the model of CustomJWTAuthorizerConfiguration).

Each list that is given must be met; a list that is not given allows anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Claims = Mapping[str, Any]

NO_AUDIENCE: Final = "the token has no aud, and the runtime asks for one; access tokens of Cognito have none"
_CLIENT: Final = ("client_id", "azp")
_SCOPE: Final = ("scope", "scp")


def identity_fault(authorizer: Mapping[str, Any], claims: Claims) -> str | None:
    """Why the token is not meant for this runtime, or None."""
    audience = authorizer.get("allowedAudience")
    if audience and not _words(claims.get("aud"), split=False):
        return NO_AUDIENCE
    if audience and not set(audience) & set(_words(claims.get("aud"), split=False)):
        return "the token is for another audience"
    clients = authorizer.get("allowedClients")
    if clients and _first(claims, _CLIENT) not in clients:
        return "the token was issued to a client that is not allowed"
    return None


def permission_fault(authorizer: Mapping[str, Any], claims: Claims) -> str | None:
    """Why the token does not suffice, or None."""
    scopes = authorizer.get("allowedScopes")
    if scopes and not set(scopes) & set(_words(_first(claims, _SCOPE), split=True)):
        return "the token has none of the allowed scopes"
    for rule in authorizer.get("customClaims", ()):
        if not _meets(rule, claims):
            return f"the token's claim {rule['inboundTokenClaimName']} is not as required"
    return None


def _meets(rule: Mapping[str, Any], claims: Claims) -> bool:
    """Whether a claim has the type and the value that the rule wants."""
    value = claims.get(rule["inboundTokenClaimName"])
    wanted = rule["authorizingClaimMatchValue"]
    match = wanted["claimMatchValue"]
    asked = match.get("matchValueStringList") or [match.get("matchValueString")]
    if rule["inboundTokenClaimValueType"] == "STRING":
        found = [value] if isinstance(value, str) else []
    else:
        found = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return _OPERATORS[wanted["claimMatchOperator"]](set(asked), set(found))


_OPERATORS: Final[Mapping[str, Callable[[set[Any], set[Any]], bool]]] = {
    "EQUALS": lambda asked, found: asked == found,
    "CONTAINS": lambda asked, found: asked <= found,
    "CONTAINS_ANY": lambda asked, found: bool(asked & found),
}


def _first(claims: Claims, names: tuple[str, ...]) -> Any:
    return next((claims[name] for name in names if name in claims), None)


def _words(value: Any, *, split: bool) -> list[str]:
    """A claim that is a string, perhaps of several words, or a list of strings."""
    if isinstance(value, str):
        return value.split() if split else [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
