"""Who a request to the data plane says it is from. The rest of the request is the same for every target.

SigV4 is written out here, on hashlib and hmac: to import botocore's signer takes longer than a whole call to the
local runtime. A test holds it against botocore's for made-up requests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from agentcore_cli.aws.credentials import Credentials
from agentcore_cli.contract import SERVICE

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
# What proxies and tracers may change on the way (botocore.auth.SIGNED_HEADERS_BLACKLIST).
_UNSIGNED_NAMES: Final = """
    baggage connection expect keep-alive proxy-authenticate proxy-authorization te traceparent tracestate trailer
    transfer-encoding upgrade user-agent x-amzn-trace-id
"""
_UNSIGNED: Final = frozenset(_UNSIGNED_NAMES.split())
_MISMATCH: Final = "Authorization method mismatch"  # the service's words for SigV4 on a JWT runtime, and the reverse


@dataclass(slots=True)
class Request:
    """One HTTP request, whole. `headers` has Host; a signer adds its own."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


class Signer(Protocol):
    """Adds what proves the caller's right to a request, just before it is sent."""

    def sign(self, request: Request) -> None: ...

    def advice(self, kind: str, message: str) -> str | None:
        """What to do about a refusal of the service's error `kind`."""
        ...


@dataclass(frozen=True, slots=True)
class LocalKey:
    """The local runtime wants its own access key id in a SigV4 header; it does not check the signature."""

    access_key: str
    region: str

    def sign(self, request: Request) -> None:
        scope = f"{self.access_key}/19700101/{self.region}/{SERVICE}/aws4_request"
        request.headers["Authorization"] = f"{_ALGORITHM} Credential={scope}, SignedHeaders=host, Signature=local"

    def advice(self, kind: str, message: str) -> str | None:
        return _wants_a_token(message)


@dataclass(frozen=True, slots=True)
class SigV4:
    """AWS's own signature (IAM user guide, "Signature Version 4"). `find` looks credentials up when they are needed.

    `now` is the time in seconds since the epoch.
    """

    find: Callable[[], Credentials] = field(repr=False)
    region: str
    now: Callable[[], float] = time.time

    def sign(self, request: Request) -> None:
        """Raises CredentialsError when there are none."""
        credentials = self.find()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.now()))
        request.headers["X-Amz-Date"] = stamp
        if credentials.token:
            request.headers["X-Amz-Security-Token"] = credentials.token
        scope = f"{stamp[:8]}/{self.region}/{SERVICE}/aws4_request"
        canonical, names = _canonical(request)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = _hmac(self._key(credentials, stamp[:8]), f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
        request.headers["Authorization"] = (
            f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )

    def advice(self, kind: str, message: str) -> str | None:
        if advice := _wants_a_token(message):
            return advice
        if kind == "AccessDeniedException":
            return "allow bedrock-agentcore:InvokeAgentRuntime, with --user-id also …InvokeAgentRuntimeForUser"
        return "renew the AWS credentials; or --local, which needs none"

    def _key(self, credentials: Credentials, day: str) -> bytes:
        key = f"AWS4{credentials.secret_key}".encode()
        for part in (day, self.region, SERVICE, "aws4_request"):
            key = _hmac(key, part)
        return key


@dataclass(frozen=True, slots=True)
class Bearer:
    """A JWT for a runtime with an authorizer of its own (runtime-oauth). It is in no repr and in no message."""

    token: str = field(repr=False)

    def sign(self, request: Request) -> None:
        request.headers["Authorization"] = f"Bearer {self.token}"

    def advice(self, kind: str, message: str) -> str | None:
        if _MISMATCH in message:
            return "this agent takes IAM signatures: leave the bearer token out"
        if lapsed := self._lapsed():
            return f"the token expired {lapsed} s ago; get a new one"
        return "the token must be of the issuer, audience and client that the agent's authorizer names"

    def _lapsed(self) -> int | None:
        """For how many seconds the token has been expired, by what it says of itself; None if it isn't."""
        try:
            middle = self.token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
            lapsed = int(time.time() - claims["exp"])
        except (IndexError, ValueError, KeyError, TypeError):
            return None
        return lapsed if lapsed > 0 else None


def _wants_a_token(message: str) -> str | None:
    if _MISMATCH in message:
        return "this agent takes a bearer token: --bearer-token @FILE, or AGENTCORE_BEARER_TOKEN"
    return None


def _canonical(request: Request) -> tuple[str, str]:
    """The canonical request, and the names of the headers in it."""
    url = urlsplit(request.url)
    headers = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
    signed = sorted(headers.keys() - _UNSIGNED)
    names = ";".join(signed)
    lines = [
        request.method,
        quote(_without_dots(url.path), safe="/~"),
        "&".join(f"{key}={value}" for key, value in sorted(_pair(pair) for pair in url.query.split("&") if url.query)),
        *(f"{name}:{headers[name]}" for name in signed),
        "",
        names,
        hashlib.sha256(request.body).hexdigest(),
    ]
    return "\n".join(lines), names


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
