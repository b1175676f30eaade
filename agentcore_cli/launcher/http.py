"""HTTP for the launcher: no redirections, which would take signed headers elsewhere, and proxies for AWS alone."""

from __future__ import annotations

import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple


class HttpAnswer(NamedTuple):
    status: int
    body: bytes


class Unreachable(Exception):
    """No answer: nobody is there, or it broke off."""


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object, **more: object) -> None:
        return None


def trusted(environ: Mapping[str, str]) -> ssl.SSLContext:
    """The machine's certificates, or those of AWS_CA_BUNDLE."""
    bundle = environ.get("AWS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle if bundle and os.path.exists(bundle) else None)


def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    timeout: float,
    tls: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """One request. Through the proxies of the environment only with `tls`: metadata is at hand, and never behind one.

    `timeout` is in seconds for each step. Raises Unreachable.
    """
    handlers: list[urllib.request.BaseHandler] = [_NoRedirection()]
    handlers.append(urllib.request.HTTPSHandler(context=tls) if tls else urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body, dict(headers), method=method)
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
            return HttpAnswer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return HttpAnswer(error.code, error.read())
    except urllib.error.URLError as error:
        raise Unreachable(f"{_host(url)}: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{_host(url)}: {error or type(error).__name__}") from error


def _host(url: str) -> str:
    return url.split("/")[2].rpartition("@")[2]
