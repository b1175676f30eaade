"""AWS's own signature (IAM user guide, "Signature Version 4"), on hashlib and hmac.

To import botocore's signer takes longer than a whole call to the local runtime. A test holds this one against
botocore's for made-up requests.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from agentcore_cli.aws.credentials import Credentials
from agentcore_cli.aws.signing import ALGORITHM, Request, wants_a_token
from agentcore_cli.contract import SERVICE

# What proxies and tracers may change on the way (botocore.auth.SIGNED_HEADERS_BLACKLIST).
_UNSIGNED_NAMES: Final = """
    baggage connection expect keep-alive proxy-authenticate proxy-authorization te traceparent tracestate trailer
    transfer-encoding upgrade user-agent x-amzn-trace-id
"""
_UNSIGNED: Final = frozenset(_UNSIGNED_NAMES.split())


@dataclass(frozen=True, slots=True)
class SigV4:
    """`find` looks credentials up when they are needed; `now` is the time in seconds since the epoch."""

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
        signature = _hmac(self._key(credentials, stamp[:8]), f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
        request.headers["Authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )

    def advice(self, kind: str, message: str) -> str | None:
        if advice := wants_a_token(message):
            return advice
        if kind == "AccessDeniedException":
            return "allow bedrock-agentcore:InvokeAgentRuntime, with --user-id also …InvokeAgentRuntimeForUser"
        return "renew the AWS credentials; or --local, which needs none"

    def _key(self, credentials: Credentials, day: str) -> bytes:
        key = f"AWS4{credentials.secret_key}".encode()
        for part in (day, self.region, SERVICE, "aws4_request"):
            key = _hmac(key, part)
        return key


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
