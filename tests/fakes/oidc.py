"""A small OpenID Connect provider: discovery, keys that rotate, a token endpoint for client credentials. On loopback.

Its tokens are real: signed with keys made for the run, which nobody but the provider has.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.fakes.threaded import Handler, ThreadedServer

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
TOKEN = "/token"

_MAKE: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65_537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair; `id` is its kid."""

    id: str
    algorithm: str
    private: Any

    @classmethod
    def make(cls, algorithm: str) -> SigningKey:
        return cls(uuid.uuid4().hex[:8], algorithm, _MAKE[algorithm]())

    def public(self) -> dict[str, Any]:
        """The public half as a JWK."""
        kind = jwt.get_algorithm_by_name(self.algorithm)
        told: dict[str, Any] = json.loads(kind.to_jwk(self.private.public_key()))
        return told | {"kid": self.id, "alg": self.algorithm, "use": "sig"}


class Provider:
    """`clients` are secrets by client id. `asked` counts the requests by path; `failing` makes each of them a 503."""

    def __init__(self, url: str, clients: dict[str, str]) -> None:
        self.issuer = url
        self.clients = clients
        self.keys = [SigningKey.make("RS256")]
        self.asked: dict[str, int] = {}
        self.failing = False

    @property
    def discovery_url(self) -> str:
        return self.issuer + DISCOVERY

    def rotate(self, algorithm: str = "RS256", *, keep_old: bool = False) -> SigningKey:
        """Sign with a new key from now on; the old ones are withdrawn, or kept for tokens that are around."""
        key = SigningKey.make(algorithm)
        self.keys = [key, *(self.keys if keep_old else [])]
        return key

    def token(self, *, key: SigningKey | None = None, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is valid for five minutes; a claim given as None is left out."""
        key = key or self.keys[0]
        now = int(time.time())
        whole = {"iss": self.issuer, "sub": "somebody", "iat": now, "exp": now + 300} | claims
        told = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(told, key.private, algorithm=key.algorithm, headers={"kid": key.id} | (headers or {}))

    def answer(self, method: str, path: str, authorization: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """What a request gets: the status and the JSON."""
        self.asked[path] = self.asked.get(path, 0) + 1
        if self.failing:
            return 503, {"error": "temporarily_unavailable"}
        if (method, path) == ("GET", DISCOVERY):
            urls = {"jwks_uri": self.issuer + KEYS, "token_endpoint": self.issuer + TOKEN}
            return 200, {"issuer": self.issuer, **urls, "id_token_signing_alg_values_supported": list(_MAKE)}
        if (method, path) == ("GET", KEYS):
            return 200, {"keys": [key.public() for key in self.keys]}
        if (method, path) == ("POST", TOKEN):
            return self._issue(authorization, form)
        return 404, {"error": "not_found"}

    def _issue(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """The grant of client credentials (RFC 6749, section 4.4), the client by Basic or in the form."""
        client, secret = _basic(authorization) or (form.get("client_id", [""])[0], form.get("client_secret", [""])[0])
        if form.get("grant_type") != ["client_credentials"]:
            return 400, {"error": "unsupported_grant_type"}
        if not secret or self.clients.get(client) != secret:
            return 401, {"error": "invalid_client"}
        scope = form.get("scope", [""])[0]
        token = self.token(client_id=client, sub=client, scope=scope or None)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope}


def _basic(authorization: str) -> tuple[str, str] | None:
    if not authorization.startswith("Basic "):
        return None
    client, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
    return client, secret


@contextmanager
def provider(**clients: str) -> Iterator[Provider]:
    """A provider that answers until the block ends; `clients` are secrets by client id."""

    class Endpoints(Handler):
        def do_GET(self) -> None:
            self._tell("GET", {})

        def do_POST(self) -> None:
            self._tell("POST", parse_qs(self.read_body().decode()))

        def _tell(self, method: str, form: dict[str, list[str]]) -> None:
            self.answer(*made.answer(method, self.path, self.headers.get("authorization", ""), form))

    server = ThreadedServer(Endpoints)
    made = Provider(server.url, dict(clients))
    with server:
        yield made
