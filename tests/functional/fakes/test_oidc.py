"""The fake OpenID Connect provider is one: its tokens verify by PyJWT's own client of key sets."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import jwt
import pytest

from tests.fakes.oidc import DISCOVERY, KEYS, provider


def discovered(url: str) -> Any:
    with urlopen(url) as answer:
        return json.load(answer)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_its_tokens_verify_by_its_discovery_document(algorithm: str) -> None:
    with provider() as oidc:
        oidc.rotate(algorithm)
        document = discovered(oidc.discovery_url)
        token = oidc.token(aud="app", sub=None)
        key = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=[algorithm], audience="app", issuer=document["issuer"])
        assert claims["iss"] == oidc.issuer
        assert "sub" not in claims
        assert oidc.asked == {DISCOVERY: 1, KEYS: 1}


def test_keys_rotate() -> None:
    with provider() as oidc:
        (old,) = oidc.keys
        oidc.rotate(keep_old=True)
        assert [key["kid"] for key in discovered(oidc.issuer + KEYS)["keys"]] == [oidc.keys[0].id, old.id]
        new = oidc.rotate()
        assert [key["kid"] for key in discovered(oidc.issuer + KEYS)["keys"]] == [new.id]
        assert jwt.get_unverified_header(oidc.token())["kid"] == new.id


def test_client_credentials() -> None:
    with provider(robot="secret") as oidc:
        endpoint = discovered(oidc.discovery_url)["token_endpoint"]
        form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": "secret", "scope": "a b"}
        with urlopen(endpoint, urlencode(form).encode()) as answer:
            token = json.load(answer)["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["client_id"], claims["scope"]) == ("robot", "a b")
        with pytest.raises(HTTPError, match="401") as refused:
            urlopen(endpoint, urlencode(form | {"client_secret": "guessed"}).encode())
        refused.value.close()


def test_it_can_fail() -> None:
    with provider() as oidc:
        oidc.failing = True
        with pytest.raises(HTTPError, match="503") as refused:
            urlopen(oidc.discovery_url)
        refused.value.close()
