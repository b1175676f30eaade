"""Who may use the page: tokens that open it once, and the visits that come of them. In memory, as hashes only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from agentcore_cli.local.page import VISIT_SECONDS

TOKEN_SECONDS: Final = 60.0
KEPT_MAX: Final = 64  # tokens, and visits: the oldest make room

T = TypeVar("T")


class Admission(NamedTuple):
    """What a browser proves a visit by: a cookie, and what its page sends as a header."""

    cookie: str
    secret: str


class _Visit(NamedTuple):
    secret: bytes
    ends: float


class Visits:
    """`now` counts seconds. It is the machine's time, which nobody advances."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tokens: dict[bytes, float] = {}
        self._visits: dict[bytes, _Visit] = {}

    def invite(self) -> str:
        """A token of 256 bits that `begin` takes once, within `TOKEN_SECONDS`."""
        token = secrets.token_urlsafe(32)
        _keep(self._tokens, _hash(token), self._now() + TOKEN_SECONDS)
        return token

    def begin(self, token: str) -> Admission | None:
        """What the token is exchanged for; None for one that is not valid, or no longer."""
        ends = self._tokens.pop(_hash(token), None)
        if ends is None or ends < self._now():
            return None
        admission = Admission(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        _keep(self._visits, _hash(admission.cookie), _Visit(_hash(admission.secret), self._now() + VISIT_SECONDS))
        return admission

    def admits(self, cookie: str, secret: str) -> bool:
        """Whether the two are of one visit that goes on."""
        visit = self._visits.get(_hash(cookie))
        return visit is not None and visit.ends >= self._now() and hmac.compare_digest(visit.secret, _hash(secret))


def _keep(kept: dict[bytes, T], key: bytes, value: T) -> None:
    kept[key] = value
    if len(kept) > KEPT_MAX:
        del kept[next(iter(kept))]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
