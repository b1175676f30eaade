"""Who hands out tokens for a docker-registry with `auth: token` (distribution.github.io/distribution/spec/auth)."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.fakes.threaded import Handler, ThreadedServer
from tests.stage.certificates import Authority

USER: Final = "ann"
PASSWORD: Final = "stand-in"
IDENTITY: Final = "stand-in-identity"
_SERVICE: Final = "here"
_ISSUER: Final = "realm"


class TokenRealm(ThreadedServer):
    """Use it in a `with`. `asked` are the scopes of each request; `stale` is how many of the next tokens have ended
    when they are made. Whoever does not say who they are gets tokens to pull with."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[list[str]] = []
        self.stale = 0
        self._authority = folder / "realm.crt"
        maker = Authority()
        maker.write_certificate(self._authority)
        maker.issue(["realm"], folder / "signer.crt", folder / "signer.key")
        self._key = (folder / "signer.key").read_bytes()
        certificate = x509.load_pem_x509_certificate((folder / "signer.crt").read_bytes())
        self._chain = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
        super().__init__(_Handler)

    @property
    def configuration(self) -> Mapping[str, str]:
        """The registry's `auth: token` section."""
        return {
            "realm": f"{self.url}/token",
            "service": _SERVICE,
            "issuer": _ISSUER,
            "rootcertbundle": str(self._authority),
        }

    def token(self, scopes: list[str], *, may_push: bool) -> str:
        self.asked.append(scopes)
        now, ended = int(time.time()), self.stale > 0
        self.stale -= ended
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            allowed = [action for action in actions.split(",") if may_push or action == "pull"]
            access.append({"type": kind, "name": name, "actions": allowed})
        claims: dict[str, Any] = {
            "iss": _ISSUER,
            "sub": USER,
            "aud": _SERVICE,
            "jti": uuid.uuid4().hex,
            "access": access,
            "iat": now - 7200,
            "nbf": now - 7200,
            "exp": now - 3600 if ended else now + 300,
        }
        kind = "ES256" if b"EC PRIVATE" in self._key or len(self._key) < 400 else "RS256"
        return jwt.encode(claims, self._key, algorithm=kind, headers={"x5c": self._chain})


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    server: TokenRealm

    def do_GET(self) -> None:
        shown = self.headers.get("Authorization", "")
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if shown and shown != expected:
            self.answer(401, {})
            return
        query = parse_qs(urlsplit(self.path).query)
        self.answer(200, {"token": self.server.token(query.get("scope", []), may_push=bool(shown))})

    def do_POST(self) -> None:
        form = parse_qs(self.read_body().decode())
        if form.get("refresh_token") != [IDENTITY]:
            self.answer(401, {})
            return
        self.answer(200, {"access_token": self.server.token(form["scope"][0].split(" "), may_push=True)})
