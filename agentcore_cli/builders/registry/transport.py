"""Requests to a registry, sent again where that is safe and of use.

urllib3 carries them, which AWS's SDK brings along: it keeps connections, streams bodies and knows proxies.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from io import RawIOBase
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from agentcore_cli import certificates
from agentcore_cli.errors import AgentcoreError, ServiceError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

Body = bytes | Callable[[], RawIOBase] | None

_CONNECT_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 60.0
_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 30.0  # also of what Retry-After asks for
_REDIRECTS: Final = 5
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LOOPBACK: Final = ("localhost", "127.", "[::1]")
_HINT: Final = "see that network and proxy lead there, then run the same command again: what is there is not sent twice"


class LostError(AgentcoreError):
    """The connection broke, or there was none; what was asked for may have happened."""


class Transport:
    """Connections to one registry and to where it sends its clients. `pause` waits so many seconds, or raises."""

    def __init__(self, host: str, pause: Callable[[float], None]) -> None:
        self.host = host
        self._pause = pause
        self._scheme = ""
        self._managers: dict[str, PoolManager] = {}
        self._making = threading.Lock()

    def url(self, path: str) -> str:
        return f"{self._chosen_scheme()}://{self.host}{path}"

    def resolved(self, url: str, location: str) -> str:
        """Where an answer of `url` leads. A registry behind a proxy may not know that it is reached over TLS."""
        there = urlsplit(urljoin(url, location))
        if there.netloc == urlsplit(url).netloc:
            there = there._replace(scheme=urlsplit(url).scheme)
        return urlunsplit(there)

    def is_ours(self, url: str) -> bool:
        """Whether credentials for this registry may go there."""
        return urlsplit(url).netloc == self.host

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body = None, *, attempts: int = _ATTEMPTS
    ) -> BaseHTTPResponse:
        """One request, again while the registry is busy or fails. The body of the answer is not read yet.

        Redirects are followed, without our credentials where they lead elsewhere. Raises LostError.
        """
        for attempt in range(attempts):
            last = attempt == attempts - 1
            try:
                answer = self._followed(method, url, headers, body)
            except LostError as error:
                if last or _is_lasting(error):
                    raise
                self._pause(_pause_of(attempt))
                continue
            if answer.status not in _BUSY or last:
                return answer
            wait = retry_after(answer)
            discard(answer)
            self._pause(_pause_of(attempt) if wait is None else wait)
        raise AssertionError("unreachable")

    def pause(self, attempt: int) -> None:
        """Wait before another attempt; longer each time."""
        self._pause(_pause_of(attempt))

    def wait(self, seconds: float) -> None:
        self._pause(seconds)

    def close(self) -> None:
        """Close every connection now: urllib3 leaves that to the garbage collector."""
        for manager in self._managers.values():
            for key in manager.pools.keys():  # noqa: SIM118  # it can't be iterated
                if pool := manager.pools.get(key):
                    pool.close()
            manager.clear()

    def _followed(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> BaseHTTPResponse:
        for _ in range(_REDIRECTS):
            answer = self._once(method, url, headers, body)
            location = answer.headers.get("Location")
            if answer.status not in _MOVED or not location or method not in ("GET", "HEAD"):
                return answer
            discard(answer)
            url = self.resolved(url, location)
            if not self.is_ours(url):
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
        raise ServiceError(f"{self.host}: redirects without an end")

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> BaseHTTPResponse:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        content: Any = body() if callable(body) else body
        try:
            return self._manager(url).request(
                method,
                url,
                body=content,
                headers=dict(headers),
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=Timeout(connect=_CONNECT_SECONDS, read=_SILENCE_SECONDS),
            )
        except (HTTPError, OSError) as error:
            raise LostError(f"{self.host}: {_reason(error)}", hint=_HINT) from error
        finally:
            if callable(body):
                content.close()

    def _manager(self, url: str) -> PoolManager:
        from urllib.request import getproxies, proxy_bypass

        import urllib3

        parts = urlsplit(url)
        proxy = "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")
        with self._making:
            if proxy not in self._managers:
                common: dict[str, Any] = {"ssl_context": certificates.trusted(), "maxsize": 8}
                self._managers[proxy] = _proxied(proxy, common) if proxy else urllib3.PoolManager(**common)
            return self._managers[proxy]

    def _chosen_scheme(self) -> str:
        """https; a registry on this machine may be plain, as for the docker command."""
        with self._making:
            known = self._scheme
        if not known:
            known = "https" if not self.host.startswith(_LOOPBACK) or self._speaks_tls() else "http"
            with self._making:
                self._scheme = known
        return known

    def _speaks_tls(self) -> bool:
        """Whether what listens here begins TLS; one whose certificate is not trusted does, and is told later."""
        from urllib3.exceptions import SSLError

        try:
            discard(self._once("GET", f"https://{self.host}/v2/", {}, None))
        except LostError as error:
            wrong = error.__cause__
            return isinstance(wrong, SSLError) and "CERTIFICATE" in str(wrong)
        return True


def discard(answer: BaseHTTPResponse) -> None:
    """Nobody wants the rest: the connection is given back, or closed where it can't be."""
    from urllib3.exceptions import HTTPError

    try:
        answer.drain_conn()
    except (HTTPError, OSError):
        answer.close()
    answer.release_conn()


def interruptible(stopping: Callable[[], bool]) -> Callable[[float], None]:
    """A pause that ends with AgentcoreError when `stopping` says so."""

    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            if stopping():
                raise AgentcoreError("interrupted")
            if (left := until - time.monotonic()) <= 0:
                return
            time.sleep(min(left, 0.1))

    return pause


def _proxied(proxy: str, common: Mapping[str, Any]) -> PoolManager:
    import urllib3

    parts = urlsplit(proxy)
    if parts.username is None:
        return urllib3.ProxyManager(proxy, **common)
    at = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
    from urllib.parse import unquote

    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    headers = urllib3.make_headers(proxy_basic_auth=user)
    return urllib3.ProxyManager(f"{parts.scheme}://{at}", proxy_headers=headers, **common)


def _pause_of(attempt: int) -> float:
    return min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE)


def retry_after(answer: BaseHTTPResponse) -> float | None:
    """How many seconds the registry asks for, within reason; it may say so by a date (RFC 9110, 10.2.3)."""
    value = answer.headers.get("Retry-After", "")
    if value.isdecimal():
        return min(float(value), _LONGEST_PAUSE)
    try:
        there = parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None
    return min(max(there - time.time(), 0.0), _LONGEST_PAUSE)


def _reason(error: BaseException) -> str:
    """What went wrong, without the URL: its query may be a secret."""
    inner = getattr(error, "reason", None) or (error.args[-1] if error.args else error)
    text = str(inner)
    for mark in (">: ", "): "):  # behind the connection's own name
        if text.startswith(("<", "HTTP")) and mark in text:
            text = text.partition(mark)[2]
    return text


def _is_lasting(error: LostError) -> bool:
    """Whether it will be so a second later: no machine has that name, or its certificate is not trusted."""
    from urllib3.exceptions import NameResolutionError, SSLError

    cause = error.__cause__
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, NameResolutionError) or (isinstance(cause, SSLError) and "CERTIFICATE" in str(cause))
