"""Any OpenID provider's token endpoint: the client-credentials grant (RFC 6749, section 4.4).

Where it is says the discovery document (OpenID Connect Discovery 1.0, section 4).
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection
from typing import Any, Final

from agentcore_cli import certificates, documents, trust
from agentcore_cli.errors import CredentialsError, InputError, ServiceError

_SECONDS: Final = 30.0
_ANSWER_MAX: Final = 1024 * 1024  # bytes


def token_endpoint(discovery_url: str) -> str:
    """Where a provider gives tokens. Raises InputError where that is no https address, which a secret is sent to alone.

    Plain http is for loopback, where nobody listens in between.
    """
    endpoint = _fetch(urllib.request.Request(discovery_url), discovery_url).get("token_endpoint")
    if not isinstance(endpoint, str) or urllib.parse.urlsplit(endpoint).scheme not in ("http", "https"):
        raise InputError(
            f"{discovery_url}: names no token endpoint", hint="ask the provider for a token in its own way"
        )
    if not endpoint.startswith("https://") and not trust.is_loopback(endpoint):
        raise InputError(
            f"{endpoint}: a secret is sent by https alone, and {discovery_url} names this token endpoint",
            hint="ask the provider for its https address",
        )
    return endpoint


def client_token(endpoint: str, client_id: str, client_secret: str, scopes: Collection[str]) -> str:
    """An access token for the client itself, from a `token_endpoint`.

    Raises CredentialsError when the provider refuses it, ServiceError when it can't be reached or answers strangely.
    """
    form = {"grant_type": "client_credentials"} | ({"scope": " ".join(scopes)} if scopes else {})
    quoted = ":".join(urllib.parse.quote(part, safe="") for part in (client_id, client_secret))
    headers = {
        "Authorization": "Basic " + base64.b64encode(quoted.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    body = urllib.parse.urlencode(form).encode()
    answer = _fetch(urllib.request.Request(endpoint, body, headers), endpoint)
    token = answer.get("access_token")
    if not isinstance(token, str):
        raise ServiceError(f"{endpoint}: the answer holds no access token")
    return token


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would send the Authorization header along to wherever the answer points."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _fetch(request: urllib.request.Request, url: str) -> dict[str, Any]:
    """The JSON object at an address. What a refused request held is never repeated."""
    try:
        # a proxy between this machine and itself would read what goes by plain http
        proxies = [urllib.request.ProxyHandler({})] if trust.is_loopback(url) else []
        secure = urllib.request.HTTPSHandler(context=certificates.trusted())
        with urllib.request.build_opener(_NoRedirects, secure, *proxies).open(request, timeout=_SECONDS) as answer:
            content = documents.parse(answer.read(_ANSWER_MAX))
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(url, error) from None
    except (OSError, ValueError) as error:
        raise ServiceError(
            f"{url}: no usable answer: {error}", hint="check the discovery URL and the network"
        ) from None
    if not isinstance(content, dict):
        raise ServiceError(f"{url}: the answer is no JSON object")
    return content


def _refusal(url: str, error: urllib.error.HTTPError) -> CredentialsError | ServiceError:
    """RFC 6749, section 5.2: 400 or 401 with an `error` word."""
    try:
        said = json.loads(error.read(10_000))
        reason = f"{said['error']}: {said['error_description']}" if "error_description" in said else said["error"]
    except (ValueError, KeyError, TypeError):
        reason = f"HTTP {error.code}"
    kind = CredentialsError if error.code in (400, 401, 403) else ServiceError
    return kind(f"{url}: refused: {reason}", hint="check the client id, its secret and its scopes")
