"""Which requests are the page's own: by Host, Origin, Sec-Fetch-Site, and the two secrets of a visit.

A page at a foreign origin can send requests here, but not the marker: a header of its own makes the browser ask first,
and it is refused. A name that was made to lead here (DNS rebinding) is not our Host. A browser that says nothing of
where a request comes from still needs both secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.page import VISIT_SECONDS
from agentcore_cli.local.page.visits import Admission, Visits

HOST: Final = "127.0.0.1"
MARKER: Final = b"x-agentcore-page"
OPENING: Final = b"open"  # the marker of a request that has no visit yet

HeaderList = Sequence[tuple[bytes, bytes]]


def refused() -> ServiceFault:
    """What everybody hears who is not let in, whatever was wrong."""
    return ServiceFault.access_denied("The page answers to a browser that was let in by: agentcore open")


class PageGuard:
    """Every method raises ServiceFault 403 for what is not the page's. Header names are lower-case."""

    def __init__(self, port: int, visits: Visits) -> None:
        self._host = f"{HOST}:{port}".encode()
        self._cookie = f"agentcore_page_{port}"
        self._visits = visits

    def require_host(self, headers: HeaderList) -> None:
        """Let whoever names this server by its own address see what holds no secret."""
        if _values(headers, b"host") != [self._host]:
            raise refused()

    def require_opening(self, headers: HeaderList) -> None:
        """Let the page's own script ask to be let in."""
        self._require_own(headers, must_have_origin=True)
        if _values(headers, MARKER) != [OPENING]:
            raise refused()

    def require_visit(self, method: str, headers: HeaderList) -> None:
        """Let the page's own script ask, in a visit that goes on."""
        self._require_own(headers, must_have_origin=method != "GET")
        markers = _values(headers, MARKER)
        if len(markers) != 1 or not any(
            self._visits.admits(cookie, markers[0].decode("latin-1")) for cookie in self._cookies(headers)
        ):
            raise refused()

    def cookie(self, admission: Admission) -> str:
        """The value of Set-Cookie."""
        return f"{self._cookie}={admission.cookie}; HttpOnly; SameSite=Strict; Path=/_page; Max-Age={VISIT_SECONDS}"

    def _require_own(self, headers: HeaderList, *, must_have_origin: bool) -> None:
        self.require_host(headers)
        origins = _values(headers, b"origin")
        if (must_have_origin or origins) and origins != [b"http://" + self._host]:
            raise refused()
        if _values(headers, b"sec-fetch-site") not in ([], [b"same-origin"]):
            raise refused()

    def _cookies(self, headers: HeaderList) -> list[str]:
        """Every value that is sent under the cookie's name: another port of this host may have set it, too."""
        pairs = [pair.strip() for value in _values(headers, b"cookie") for pair in value.decode("latin-1").split(";")]
        return [value for name, _, value in (pair.partition("=") for pair in pairs) if name == self._cookie]


def _values(headers: HeaderList, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]
