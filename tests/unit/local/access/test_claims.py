"""What an authorizer asks of a token's claims."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.local.access.claims import NO_AUDIENCE, identity_fault, permission_fault


@pytest.mark.parametrize(
    ("authorizer", "claims", "fault"),
    [
        ({}, {}, None),
        ({"allowedAudience": ["a", "b"]}, {"aud": "b"}, None),
        ({"allowedAudience": ["a"]}, {"aud": ["x", "a"]}, None),
        ({"allowedAudience": ["a b"]}, {"aud": "a b"}, None),
        ({"allowedAudience": ["a"]}, {"aud": "a b"}, "the token is for another audience"),
        ({"allowedAudience": ["a"]}, {}, NO_AUDIENCE),
        ({"allowedAudience": ["a"]}, {"aud": {"a": 1}}, NO_AUDIENCE),
        ({"allowedAudience": ["a"]}, {"aud": []}, NO_AUDIENCE),
        ({"allowedClients": ["c"]}, {"client_id": "c"}, None),
        ({"allowedClients": ["c"]}, {"azp": "c"}, None),
        (
            {"allowedClients": ["c"]},
            {"client_id": "d", "azp": "c"},
            "the token was issued to a client that is not allowed",
        ),
        ({"allowedClients": ["c"]}, {}, "the token was issued to a client that is not allowed"),
        ({"allowedClients": ["c"]}, {"client_id": ["c"]}, "the token was issued to a client that is not allowed"),
        ({"allowedAudience": ["a"], "allowedClients": ["c"]}, {"client_id": "c"}, NO_AUDIENCE),
        ({"allowedAudience": ["a"], "allowedClients": ["c"]}, {"client_id": "c", "aud": "a"}, None),
    ],
)
def test_whom_the_token_is_for(authorizer: dict[str, Any], claims: dict[str, Any], fault: str | None) -> None:
    assert identity_fault(authorizer, claims) == fault


@pytest.mark.parametrize(
    ("scopes", "fits"),
    [
        ({"scope": "read write"}, True),
        ({"scope": "write"}, True),
        ({"scope": ["write"]}, True),
        ({"scp": ["read"]}, True),
        ({"scp": "read"}, True),
        ({"scope": "reader"}, False),
        ({"scope": ""}, False),
        ({"scope": 7}, False),
        ({}, False),
    ],
)
def test_scopes(scopes: dict[str, Any], fits: bool) -> None:
    fault = permission_fault({"allowedScopes": ["read", "write"]}, scopes)
    assert fault == (None if fits else "the token has none of the allowed scopes")


def rule(kind: str, operator: str, **value: Any) -> dict[str, Any]:
    wanted = {"claimMatchValue": value, "claimMatchOperator": operator}
    return {"inboundTokenClaimName": "x", "inboundTokenClaimValueType": kind, "authorizingClaimMatchValue": wanted}


STRING = rule("STRING", "EQUALS", matchValueString="a")
CONTAINS = rule("STRING_ARRAY", "CONTAINS", matchValueString="a")
ANY = rule("STRING_ARRAY", "CONTAINS_ANY", matchValueStringList=["a", "b"])


@pytest.mark.parametrize(
    ("claim", "value", "fits"),
    [
        (STRING, "a", True),
        (STRING, "ab", False),
        (STRING, ["a"], False),
        (STRING, None, False),
        (CONTAINS, ["a", "z"], True),
        (CONTAINS, ["z"], False),
        (CONTAINS, "a", False),
        (CONTAINS, [["a"]], False),
        (ANY, ["z", "b"], True),
        (ANY, [], False),
        (rule("STRING_ARRAY", "EQUALS", matchValueStringList=["a", "b"]), ["b", "a"], True),
        (rule("STRING_ARRAY", "EQUALS", matchValueStringList=["a", "b"]), ["a"], False),
        (rule("STRING", "CONTAINS_ANY", matchValueStringList=["a", "b"]), "b", True),
    ],
)
def test_custom_claims(claim: dict[str, Any], value: Any, fits: bool) -> None:
    fault = permission_fault({"customClaims": [claim]}, {"x": value})
    assert fault == (None if fits else "the token's claim x is not as required")


def test_every_custom_claim_counts() -> None:
    assert permission_fault({"customClaims": [STRING, {**ANY, "inboundTokenClaimName": "y"}]}, {"x": "a"}) is not None
