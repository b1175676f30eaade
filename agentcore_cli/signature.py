"""AWS's own signature (IAM user guide, "Signature Version 4"), on hashlib and hmac, for who signs and for who verifies.

To import botocore's signer takes longer than a whole call to the local runtime. Tests hold this one against botocore's
for made-up requests.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

ALGORITHM: Final = "AWS4-HMAC-SHA256"
AUTHORIZATION: Final = "Authorization"
DATE: Final = "X-Amz-Date"
TERMINATOR: Final = "aws4_request"
STAMP: Final = "%Y%m%dT%H%M%SZ"
# What proxies and tracers may change on the way (botocore.auth.SIGNED_HEADERS_BLACKLIST).
_UNSIGNED_NAMES: Final = """
    baggage connection expect keep-alive proxy-authenticate proxy-authorization te traceparent tracestate trailer
    transfer-encoding upgrade user-agent x-amzn-trace-id
"""
_UNSIGNED: Final = frozenset(_UNSIGNED_NAMES.split())


class SigningKey(NamedTuple):
    """An access key: its id, which is no secret, and its secret."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.id!r}, ...)"


class Scope(NamedTuple):
    """What a signature is good for: a day (YYYYMMDD), a region, a service."""

    day: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/{TERMINATOR}"


def proof(
    key: SigningKey,
    region: str,
    service: str,
    now: float,
    request: tuple[str, str, str],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, str]:
    """The headers that sign a request: its date (`now`, in seconds since the epoch) and Authorization.

    `request` is method, path and query as they are sent; `headers` has Host, and everything else that is signed.
    """
    stamp = time.strftime(STAMP, time.gmtime(now))
    values = {name.lower(): value for name, value in headers.items()} | {DATE.lower(): stamp}
    names = sorted(values.keys() - _UNSIGNED)
    canonical = canonical_request(*request, [(name, values[name]) for name in names], hash_of(body))
    scope = Scope(stamp[:8], region, service)
    signed = signature(signing_key(key.secret, scope), scope, stamp, canonical)
    credential = f"Credential={key.id}/{scope}, SignedHeaders={';'.join(names)}, Signature={signed}"
    return {DATE: stamp, AUTHORIZATION: f"{ALGORITHM} {credential}"}


def signing_key(secret: str, scope: Scope) -> bytes:
    """The key of a scope, made from a secret access key."""
    key = f"AWS4{secret}".encode()
    for part in (*scope, TERMINATOR):
        key = _hmac(key, part)
    return key


def signature(key: bytes, scope: Scope, stamp: str, canonical: str) -> str:
    """64 hex digits. `stamp` is the time in `STAMP`'s form, `canonical` a request from `canonical_request`."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return _hmac(key, f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()


def canonical_request(method: str, path: str, query: str, headers: Iterable[tuple[str, str]], payload_hash: str) -> str:
    """The text that is signed. `path` and `query` are as they stand in the request, percent-encoded.

    `headers` are those that are signed, by lower-case name, in order; what has one name is one value, joined by commas.
    """
    headers = list(headers)
    lines = [
        method,
        quote(_without_dots(path), safe="/~"),
        "&".join(f"{key}={value}" for key, value in sorted(_pair(pair) for pair in query.split("&") if query)),
        *(f"{name}:{' '.join(value.split())}" for name, value in headers),
        "",
        ";".join(name for name, _ in headers),
        payload_hash,
    ]
    return "\n".join(lines)


def hash_of(payload: bytes) -> str:
    """What stands for a payload in a canonical request."""
    return hashlib.sha256(payload).hexdigest()


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def _without_dots(path: str) -> str:
    """`path` without empty, `.` and `..` segments (RFC 3986, 5.2.4, and AWS's rule about slashes)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
