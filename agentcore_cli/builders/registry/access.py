"""What a registry wants to see before it answers: Basic credentials, or a token from the realm that it names."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from agentcore_cli.builders.registry.reference import is_hub
from agentcore_cli.builders.registry.transport import Transport
from agentcore_cli.errors import AgentcoreError, CredentialsError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_PARAMETER: Final = re.compile(r'([A-Za-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HUB_KEY: Final = "https://index.docker.io/v1/"
_HELPER_SECONDS: Final = 120.0  # somebody may have to type a password for it
_CLIENT: Final = "agentcore"
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who asks. `identity` stands for both: a token that others are made from (OAuth 2's refresh token)."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


Credentials = Callable[[str], SignIn | None]
"""By host: who asks there, None for nobody in particular. Asked again when what it gave was refused."""


def of_docker(host: str, seconds: float = _HELPER_SECONDS) -> SignIn | None:
    """What `docker login` left: in its config, or with the credential helper that this names, which has `seconds`.

    Raises CredentialsError for a helper that fails.
    """
    from docker import auth
    from docker.errors import DockerException

    asking: Future[dict[str, str] | None] = Future()

    def ask() -> None:
        try:
            asking.set_result(auth.load_config().resolve_authconfig(_HUB_KEY if is_hub(host) else host))
        except Exception as error:
            asking.set_exception(error)

    threading.Thread(target=ask, name="credential helper", daemon=True).start()
    try:
        found = asking.result(seconds)
    except TimeoutError:
        raise _failed(host, f"no answer in {seconds:g} seconds") from None
    except (DockerException, OSError) as error:
        raise _failed(host, str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError):  # its text may be a secret
        raise _failed(host, "what it or Docker's config says is not what Docker documents") from None
    if not found:
        return None
    identity = found.get("IdentityToken") or found.get("identitytoken") or ""
    return SignIn(found.get("Username") or found.get("username") or "", _password(found), identity)


def _failed(host: str, why: str) -> CredentialsError:
    return CredentialsError(f"{host}: Docker's credential helper failed: {why}", hint=f"docker login {host}")


def _password(found: Mapping[str, str]) -> str:
    return found.get("Password") or found.get("password") or ""


class RegistryAccess:
    """The `Authorization` headers for one registry, by scope; made when it asks, and again when one is refused."""

    def __init__(self, transport: Transport, credentials: Credentials) -> None:
        self._transport = transport
        self._credentials = credentials
        self._headers: dict[str, str] = {}
        self._asking = threading.Lock()

    def header(self, scope: str) -> str | None:
        """What was good for this scope last time."""
        return self._headers.get(scope)

    def answer(self, refusal: BaseHTTPResponse, scope: str, refused: str | None) -> str:
        """What to send instead of `refused`. Raises CredentialsError when there is nothing else to send."""
        challenges = _challenges(refusal.headers.get("WWW-Authenticate", ""))
        with self._asking:
            newer = self._headers.get(scope)
            if newer and newer != refused:  # another thread was faster
                return newer
            made = self._made(challenges, scope)
            if made is None:
                raise self.refused()
            self._headers[scope] = made
            return made

    def refused(self) -> CredentialsError:
        host = self._transport.host
        return CredentialsError(f"{host}: it does not let us in", hint=f"docker login {host}; it keeps them for us too")

    def _made(self, challenges: Mapping[str, Mapping[str, str]], scope: str) -> str | None:
        who = self._credentials(self._transport.host)
        if "bearer" in challenges:
            return f"Bearer {self._token(challenges['bearer'], scope, who)}"
        return who.basic if who and "basic" in challenges else None

    def _token(self, challenge: Mapping[str, str], scope: str, who: SignIn | None) -> str:
        realm, asked = challenge.get("realm", ""), {"service": challenge.get("service", "")}
        scopes = scope.split(" ")
        if not realm.startswith(("https://", "http://localhost", "http://127.")):
            raise CredentialsError(f"{self._transport.host}: it sends its clients for tokens to {realm or 'nowhere'}")
        if who and who.identity:
            form = asked | {"grant_type": "refresh_token", "refresh_token": who.identity, "client_id": _CLIENT}
            body = urlencode([*form.items(), ("scope", scope)]).encode()
            answer = self._transport.send("POST", realm, _FORM, body)
        else:
            headers = {"Authorization": who.basic} if who and who.user else {}
            query = urlencode([*asked.items(), *(("scope", one) for one in scopes)])
            answer = self._transport.send("GET", f"{realm}{'&' if '?' in realm else '?'}{query}", headers)
        return self._read(answer, realm)

    def _read(self, answer: BaseHTTPResponse, realm: str) -> str:
        content = answer.read()
        if answer.status in (400, 401, 403):
            raise self.refused()
        try:
            if answer.status == 200:
                found = json.loads(content)
                return str(found.get("token") or found["access_token"])
        except (ValueError, KeyError, AttributeError):
            pass
        raise AgentcoreError(f"{self._transport.host}: no token from {realm}: HTTP {answer.status}")


def _challenges(header: str) -> dict[str, dict[str, str]]:
    """The schemes of a WWW-Authenticate header, in lower case, with their parameters (RFC 9110, 11.6.1)."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r",?\s*\b(?=(?:Bearer|Basic)\s)", header, flags=re.IGNORECASE):
        scheme, _, rest = part.strip().partition(" ")
        if scheme:
            found[scheme.lower()] = {
                m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(rest)
            }
    return found
