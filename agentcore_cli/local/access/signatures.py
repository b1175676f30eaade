"""Whether a request was signed with this server's key (IAM user guide, "Signature Version 4"), in a header or a query.

The payload is part of what is signed. Where a header x-amz-content-sha256 says its hash, the signature is looked at
before the body is; in any case the body is read whole, and nobody acts on it before its hash is known to be right.
A client that signs UNSIGNED-PAYLOAD has its body passed on as it comes.

Whoever knows the id of the key, which is no secret, has its body read without that header. So it may take a minute, and
large ones have to share what of the disk they take.

A stamp may be five minutes off, either by this machine's time, which is what SDKs know, or by the runtime's own clock,
which may have been advanced. A presigned address ages by the runtime's clock: an hour that was skipped counts.
"""

from __future__ import annotations

import asyncio
import calendar
import contextlib
import hmac
import re
import time
from datetime import UTC
from functools import lru_cache
from typing import Final, NamedTuple

from agentcore_cli.contract import SERVICE, Arn
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http.budget import Budget
from agentcore_cli.local.http.held_body import MEMORY_MAX
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.signature import (
    ALGORITHM,
    STAMP,
    TERMINATOR,
    Scope,
    SigningKey,
    canonical_request,
    signature,
    signing_key,
)

SKEW_SECONDS: Final = 300
UNPROVEN_MAX: Final = 512 * 1024**2  # bytes on disk of bodies whose signature waits for them
UNPROVEN_SECONDS: Final = 60.0  # that such a body may take, its turn included
EXPIRES_MAX: Final = 604_800  # seconds: a week
PAYLOAD_HASH: Final = b"x-amz-content-sha256"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
_STAMP: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_PARAMETERS: Final = ("Credential", "SignedHeaders", "Signature")
_BAD_KEY: Final = (
    "The security token included in the request is invalid: it is not the local runtime's access key "
    "(`agentcore local env` prints it)."
)
_BAD_SIGNATURE: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_BAD_PAYLOAD: Final = "The provided 'x-amz-content-sha256' header does not match what was computed."


class Claim(NamedTuple):
    """What a request says of its signature. `expires` is in seconds, None where it is no presigned address."""

    key_id: str
    scope: Scope
    stamp: str
    names: list[str]
    signature: str
    query: str
    expires: int | None


class Signatures:
    """Verifies requests that claim to be signed with `key`. What is large of them lies in `folder` meanwhile."""

    def __init__(self, key: SigningKey, clock: Clock, folder: str) -> None:
        self._key = key
        self._folder = folder
        self._clock = clock
        self._unproven = Budget(UNPROVEN_MAX)
        self._signing_key = lru_cache(maxsize=64)(lambda scope: signing_key(key.secret, scope))

    async def verify(self, request: Request, claim: Claim, limit: int) -> None:
        """Return when the request is the owner's, its body included, which may be `limit` bytes long.

        Raises ServiceFault: 403 in the service's words, 400 for a body that is too large; and CallerGone.
        """
        self._check_key(claim)
        _check_scope(claim)
        self._check_time(claim)
        declared = request.headers.get(PAYLOAD_HASH, b"").decode("latin-1")
        if declared:
            self._check_signature(request, claim, declared)
        if declared == UNSIGNED_PAYLOAD:
            return
        if not declared:
            self._check_signature(request, claim, await self._unproven_hash(request, limit))
        elif not hmac.compare_digest(declared.encode(), (await request.hold_body(limit, self._folder)).encode()):
            raise _invalid(_BAD_PAYLOAD)

    async def _unproven_hash(self, request: Request, limit: int) -> str:
        """Hold a body of somebody who is not known yet."""
        size = limit if request.length is None else min(request.length, limit)
        try:
            async with asyncio.timeout(UNPROVEN_SECONDS):
                async with self._unproven.share(size) if size > MEMORY_MAX else contextlib.nullcontext():
                    return await request.hold_body(limit, self._folder)
        except TimeoutError as error:
            raise ServiceFault.validation(f"The request's body took longer than {UNPROVEN_SECONDS:.0f} s") from error

    def _check_key(self, claim: Claim) -> None:
        if not hmac.compare_digest(claim.key_id.encode(), self._key.id.encode()):
            raise ServiceFault(403, "UnrecognizedClientException", _BAD_KEY)

    def _check_time(self, claim: Claim) -> None:
        at = _seconds(claim.stamp)
        if claim.expires is not None:
            age = self._clock.age(at)
            if not -SKEW_SECONDS <= age <= claim.expires:
                raise _invalid(_out_of_time(claim.stamp, age, claim.expires))
            return
        ages = (time.time() - at, self._clock.now() - at)
        if all(abs(age) > SKEW_SECONDS for age in ages):
            raise _invalid(_out_of_time(claim.stamp, min(ages, key=abs), SKEW_SECONDS))

    def _check_signature(self, request: Request, claim: Claim, payload_hash: str) -> None:
        signed = [(name, request.values_of(name)) for name in claim.names]
        canonical = canonical_request(request.method, request.path, claim.query, signed, payload_hash)
        expected = signature(self._signing_key(claim.scope), claim.scope, claim.stamp, canonical)
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise _invalid(_BAD_SIGNATURE)


def claim_of(request: Request) -> Claim | None:
    """What the request says, in its Authorization header or else in its query; None when that is nothing.

    Raises ServiceFault 403 for what is not whole.
    """
    authorization = request.headers.get(b"authorization", b"").decode("latin-1")
    if authorization.startswith(ALGORITHM):
        return _in_header(authorization[len(ALGORITHM) :], request)
    if "X-Amz-Credential" in request.query or "X-Amz-Signature" in request.query:
        return _in_query(request)
    return None


def _in_header(text: str, request: Request) -> Claim:
    pairs = (part.strip().partition("=") for part in text.split(","))
    told = {name: value for name, _, value in pairs}
    missing = [name for name in _PARAMETERS if not told.get(name)]
    stamp = _stamp_of(request)
    lacks = [f"Authorization header requires '{name}' parameter." for name in missing]
    if not stamp:
        lacks.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacks:
        raise _incomplete(" ".join(lacks))
    return _claim(told["Credential"], stamp, told["SignedHeaders"], told["Signature"], request.query_string, None)


def _in_query(request: Request) -> Claim:
    told = {name: values[0] for name, values in request.query.items() if name.startswith("X-Amz-")}
    wanted = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    if missing := [name for name in wanted if not told.get(f"X-Amz-{name}")]:
        raise _incomplete(" ".join(f"AWS query-string parameters must include 'X-Amz-{name}'." for name in missing))
    expires = told["X-Amz-Expires"]
    if told["X-Amz-Algorithm"] != ALGORITHM or not (expires.isdecimal() and 1 <= int(expires) <= EXPIRES_MAX):
        raise _incomplete(f"X-Amz-Algorithm must be {ALGORITHM}, and X-Amz-Expires 1 to {EXPIRES_MAX} seconds.")
    query = "&".join(pair for pair in request.query_string.split("&") if not pair.startswith("X-Amz-Signature="))
    names, proof = told["X-Amz-SignedHeaders"], told["X-Amz-Signature"]
    return _claim(told["X-Amz-Credential"], told["X-Amz-Date"], names, proof, query, int(expires))


def _claim(credential: str, stamp: str, names: str, signature: str, query: str, expires: int | None) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5:
        raise _incomplete("Credential must have exactly 5 slash-delimited elements: keyid/date/region/service/term.")
    key_id, day, region, service, terminator = parts
    listed = names.split(";")
    if terminator != TERMINATOR:
        raise _invalid(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'.")
    if "host" not in listed:
        raise _invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    return Claim(key_id, Scope(day, region, service), stamp, listed, signature, query, expires)


def _stamp_of(request: Request) -> str:
    """The time of the signature in `STAMP`'s form, from either of the headers that may hold it; "" where none does."""
    if stamp := request.headers.get(b"x-amz-date", b"").decode("latin-1"):
        return stamp
    from email.utils import parsedate_to_datetime  # signers hardly ever write this one

    try:
        at = parsedate_to_datetime(request.headers.get(b"date", b"").decode("latin-1"))
    except ValueError:
        return ""
    return at.astimezone(UTC).strftime(STAMP)


def _check_scope(claim: Claim) -> None:
    if claim.scope.service != SERVICE:
        raise _invalid(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if claim.scope.day != claim.stamp[:8]:
        raise _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.scope.day}' != '{claim.stamp[:8]}', from '{claim.stamp}'."
        )


def check_region(signed_for: str, arn: str) -> None:
    """What is in one region answers to signatures for that region alone. Raises ServiceFault 403."""
    region = Arn.of(arn).region
    if signed_for != region:
        raise _invalid(f"Credential should be scoped to a valid region, not '{signed_for}': {arn} is in {region}.")


def _seconds(stamp: str) -> float:
    """The stamp in seconds since the epoch. Raises ServiceFault."""
    try:
        if _STAMP.fullmatch(stamp):
            numbers = [int(stamp[at : at + 2]) for at in (4, 6, 9, 11, 13)]
            return calendar.timegm((int(stamp[:4]), *numbers))
    except ValueError:
        pass  # a month 13
    raise _incomplete("Date must be in ISO-8601 'basic format': YYYYMMDD'T'HHMMSS'Z'.")


def _out_of_time(stamp: str, age: float, allowed: float) -> str:
    now = _seconds(stamp) + age
    minutes = f"{allowed / 60:g} min."
    if age > 0:
        return f"Signature expired: {stamp} is now earlier than {_text(now - allowed)} ({_text(now)} - {minutes})"
    later = _text(now + SKEW_SECONDS)
    return f"Signature not yet current: {stamp} is still later than {later} ({_text(now)} + 5 min.)"


def _text(seconds: float) -> str:
    return time.strftime(STAMP, time.gmtime(seconds))


def _invalid(message: str) -> ServiceFault:
    return ServiceFault(403, "InvalidSignatureException", message)


def _incomplete(message: str) -> ServiceFault:
    return ServiceFault(403, "IncompleteSignatureException", message)
