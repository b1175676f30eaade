"""Where AWS's data plane is, and how this machine gets there, by the rules and variables of AWS's SDKs."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit

from agentcore_cli.aws.http import BrokenAnswer, send
from agentcore_cli.contract import SERVICE, dns_suffix, partition
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    import ssl

CONNECT_SECONDS: Final = 10.0
_KEEPALIVE_SECONDS: Final = 45  # less than what NATs and load balancers on the way bear of silence (350 s)
_DUALSTACK: Final = {"aws": "api.aws", "aws-us-gov": "api.aws", "aws-cn": "api.amazonwebservices.com.cn"}


def data_plane_url(region: str, environ: Mapping[str, str] = os.environ) -> str:
    """The URL of a region's data plane, or the one that AWS's own variables put in its place."""
    configured = environ.get("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE") or environ.get("AWS_ENDPOINT_URL")
    if configured and not _is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", environ):
        return configured
    name = f"{SERVICE}-fips" if _is_on("AWS_USE_FIPS_ENDPOINT", environ) else SERVICE
    is_dualstack = _is_on("AWS_USE_DUALSTACK_ENDPOINT", environ)
    suffix = _DUALSTACK[partition(region)] if is_dualstack else dns_suffix(region)
    return f"https://{name}.{region}.{suffix}"


def parsed(url: str) -> SplitResult:
    """The parts of an endpoint's URL. Raises InputError for one that names no host, or no port there can be."""
    try:
        parts = urlsplit(url)
        is_good = parts.hostname and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise InputError(f"endpoint {url}: not a URL", hint="https://HOST")
    return parts


def connect(url: str, timeout: float) -> socket.socket:
    """A connection to `url`'s host that bears `timeout` seconds of silence; through the proxy that HTTPS_PROXY names.

    Raises OSError when nobody is there within 10 seconds, InputError for a URL that names no host.
    """
    parts = parsed(url)
    proxy = _proxy(parts)
    tls = _trusted() if parts.scheme == "https" else None
    connection = _dial(proxy or parts)
    try:
        if proxy is not None:
            if tls is not None and proxy.scheme == "https":
                connection = tls.wrap_socket(connection, server_hostname=proxy.hostname)
            _tunnel(connection, proxy, parts)
        if tls is not None:
            connection = _secured(connection, tls, parts.hostname)
    except BaseException:
        connection.close()
        raise
    connection.settimeout(timeout)
    return connection


def _dial(at: SplitResult) -> socket.socket:
    port = at.port or {"http": 80, "https": 443}[at.scheme]
    host = at.hostname or ""
    # As bytes, where it is ASCII: for a string Python imports a codec for international names.
    name = host.encode() if host.isascii() else host
    try:
        connection = socket.create_connection((name, port), timeout=CONNECT_SECONDS)  # type: ignore[arg-type]
    except UnicodeError as error:
        raise OSError(f"{host} is not a host name") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
    return connection


def _tunnel(connection: socket.socket, proxy: SplitResult, parts: SplitResult) -> None:
    at = f"{parts.hostname}:{parts.port or 443}"
    try:
        answer = send(connection, "CONNECT", at, {"Host": at, **_proxy_headers(proxy)}, b"")
    except BrokenAnswer as error:
        raise OSError(f"the proxy {proxy.hostname}: {error}") from error
    if answer.status != 200:
        raise OSError(f"the proxy {proxy.hostname} refused: HTTP {answer.status}")


def _secured(connection: socket.socket, tls: ssl.SSLContext, name: str | None) -> socket.socket:
    """TLS to the host of this name; inside the TLS to a proxy, for which `ssl` has no socket and urllib3 has."""
    import ssl

    if not isinstance(connection, ssl.SSLSocket):
        return tls.wrap_socket(connection, server_hostname=name)
    from urllib3.util.ssltransport import SSLTransport

    inside: Any = SSLTransport(connection, tls, server_hostname=name)
    return cast("socket.socket", inside)


def _trusted() -> ssl.SSLContext:
    from agentcore_cli.certificates import trusted  # a call by plain http does without `ssl`

    return trusted()


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The proxy for an https URL, unless NO_PROXY leaves its host out. What is plain http is a test's, and near."""
    url = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if parts.scheme != "https" or not url:
        return None
    from urllib.request import proxy_bypass

    if proxy_bypass(parts.hostname or ""):
        return None
    return urlsplit(url if "//" in url else f"http://{url}")


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    import base64

    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(user.encode()).decode()}


def _is_on(variable: str, environ: Mapping[str, str]) -> bool:
    return environ.get(variable, "").lower() == "true"
