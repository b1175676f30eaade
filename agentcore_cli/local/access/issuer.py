"""Who signs the tokens of a JWT authorizer: the issuer and its keys, found by its discovery URL and kept for a while.

Nothing here waits on the event loop: documents are fetched, and tokens verified, in threads. Sources: OpenID Connect
Discovery, RFC 8414, RFC 7517, RFC 7519.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    import jwt

    from agentcore_cli.local.access.fetching import Deadline

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KEYS_SECONDS: Final = 600.0  # how long keys are used before they are looked up again
REFRESHES_MAX: Final = 5  # look-ups for keys that are not known, in each REFRESH_SECONDS: anybody may ask for one
REFRESH_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 2.0  # for which a failure is not tried again
LEEWAY_SECONDS: Final = 30.0  # by which two clocks may differ
FETCH_SECONDS: Final = 10.0  # for both documents together, however they come
DOCUMENT_MAX: Final = 1024 * 1024  # bytes

_log = logging.getLogger(__name__)


class TokenRefused(Exception):
    """The token is not one of this issuer's, or not any more; the text never repeats it."""


class IssuerUnavailable(Exception):
    """The issuer's documents can't be had; the text is for whoever set the authorizer up."""


class Issuer:
    """One discovery URL. It belongs to one event loop. `clock` is monotonic, in seconds."""

    def __init__(self, discovery_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._discovery_url = discovery_url
        self._clock = clock
        self._issuer = ""
        self._keys: list[jwt.PyJWK] = []
        self._fetched_at = float("-inf")
        self._failure: tuple[float, IssuerUnavailable] | None = None
        self._refreshes: deque[float] = deque(maxlen=REFRESHES_MAX)
        self._fetching = asyncio.Lock()

    async def claims(self, token: str) -> dict[str, Any]:
        """What a valid token says: signed by one of the issuer's keys, issued by it, and neither expired nor early.

        Raises TokenRefused, IssuerUnavailable.
        """
        header = await asyncio.to_thread(_header, token)
        key = await self._key(header)
        return await asyncio.to_thread(_verify, token, header["alg"], key, self._issuer)

    async def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        await self._look_up(lambda: self._clock() - self._fetched_at >= KEYS_SECONDS)
        key = self._find(header.get("kid"))
        if key is None:
            await self._look_up(lambda: self._find(header.get("kid")) is None and self._may_refresh())
            key = self._find(header.get("kid"))
        if key is None:
            raise TokenRefused("the token is not signed by a key of the issuer")
        return key

    def _find(self, kid: object) -> jwt.PyJWK | None:
        """The key of that id; without an id, the only one there is."""
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == kid), None)

    def _may_refresh(self) -> bool:
        """Whether one more look-up is within what callers with unknown keys may cause."""
        now = self._clock()
        if len(self._refreshes) == REFRESHES_MAX and now - self._refreshes[0] < REFRESH_SECONDS:
            return False
        self._refreshes.append(now)
        return True

    async def _look_up(self, is_needed: Callable[[], bool]) -> None:
        """Fetch the documents if it is still needed when it is our turn. Old keys serve on when that fails."""
        async with self._fetching:
            if not is_needed():
                return
            if self._failure and self._clock() - self._failure[0] < RETRY_SECONDS:
                raise self._failure[1]
            try:
                async with asyncio.timeout(FETCH_SECONDS + 1):  # a resolver of names may take longer
                    self._issuer, self._keys = await asyncio.to_thread(_fetch_issuer, self._discovery_url)
            except TimeoutError as error:
                self._failure = self._clock(), IssuerUnavailable(f"{self._discovery_url}: it takes too long")
                if not self._keys:
                    raise self._failure[1] from error
            except IssuerUnavailable as error:
                if not self._keys:
                    self._failure = self._clock(), error
                    raise
                _log.warning("the keys at hand are used on: %s", error)
            self._fetched_at = self._clock()


def authorization_server(discovery_url: str) -> str:
    """The issuer that a discovery URL belongs to, by the rule of its form; nothing is fetched."""
    before, _, after = discovery_url.partition("/.well-known/")
    _, slash, path = after.partition("/")  # RFC 8414: the issuer's own path comes last
    return before + slash + path


def _header(token: str) -> dict[str, Any]:
    import jwt

    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefused("the token is no JWT") from error
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("the token is not signed with a key pair")
    return header


def _verify(token: str, algorithm: str, key: jwt.PyJWK, issuer: str) -> dict[str, Any]:
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused("the token has expired") from error
    except jwt.InvalidIssuerError as error:
        raise TokenRefused("the token is of another issuer") from error
    except jwt.MissingRequiredClaimError as error:
        raise TokenRefused(f"the token has no claim {error.claim}") from error
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError) as error:
        raise TokenRefused("the token is not valid yet") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TokenRefused("the token's signature is wrong") from error
    return claims


def _fetch_issuer(discovery_url: str) -> tuple[str, list[jwt.PyJWK]]:
    """The issuer's name and its signing keys. Raises IssuerUnavailable."""
    from agentcore_cli.local.access.fetching import Deadline

    deadline = Deadline(FETCH_SECONDS)
    document = _fetch(discovery_url, deadline)
    issuer, keys_url = document.get("issuer"), document.get("jwks_uri")
    if not isinstance(issuer, str) or not isinstance(keys_url, str):
        raise IssuerUnavailable(f"{discovery_url}: it names no issuer or no jwks_uri")
    keys = _keys(_fetch(keys_url, deadline))
    if not keys:
        raise IssuerUnavailable(f"{keys_url}: there is no key that could sign a token")
    return issuer, keys


def _keys(document: dict[str, Any]) -> list[jwt.PyJWK]:
    """Those that can be used: an issuer may have keys for encryption, or of kinds that are not known here."""
    import jwt

    found = []
    for told in document.get("keys") or []:
        if not isinstance(told, dict) or told.get("use", "sig") != "sig" or told.get("kty") == "oct":
            continue
        try:
            found.append(jwt.PyJWK(told))
        except (jwt.PyJWTError, ValueError, TypeError):
            _log.info("a key of kind %s is not usable", told.get("kty"))
    return found


def _fetch(url: str, deadline: Deadline) -> dict[str, Any]:
    """A JSON object. Raises IssuerUnavailable."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    from agentcore_cli.local.access.fetching import fetch

    here = _require_safe(url)  # no proxy is asked for what is on this machine
    try:
        data = fetch(url, deadline, DOCUMENT_MAX, _require_safe, proxies=not here)
        document = msgspec.json.decode(data, type=dict[str, Any])
    except HTTPError as error:
        error.close()
        raise IssuerUnavailable(f"{url}: answered {error.code}") from error
    except URLError as error:
        raise IssuerUnavailable(f"{url}: {error.reason}") from error
    except (OSError, ValueError, HTTPException, RecursionError, msgspec.MsgspecError) as error:
        raise IssuerUnavailable(f"{url}: {error}") from error
    return document


def _require_safe(url: str) -> bool:
    """Whether `url` leads to this machine. Raises IssuerUnavailable when it is neither that nor https."""
    parts = urlsplit(url)
    here = is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise IssuerUnavailable(f"{url}: keys are fetched by https only")
    return here


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
