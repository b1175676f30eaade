"""Which request headers a runtime may ask for in its allowlist (runtime-header-allowlist)."""

from __future__ import annotations

from typing import Final

from agentcore_cli.contract import HEADER_CUSTOM_PREFIX

_NAMES: Final = """
    proxy-authorization www-authenticate
    accept accept-charset accept-encoding accept-language accept-ranges accept-ch accept-ch-lifetime
    content-type content-length content-encoding content-language content-location content-range
    cache-control etag expires if-match if-modified-since if-none-match if-range if-unmodified-since last-modified
    pragma vary
    connection keep-alive proxy-connection upgrade te trailer transfer-encoding range
    host user-agent referer from server date location retry-after set-cookie cookie origin
    content-security-policy content-security-policy-report-only strict-transport-security x-content-type-options
    x-frame-options x-xss-protection referrer-policy permissions-policy feature-policy
    cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy
    access-control-allow-origin access-control-allow-methods access-control-allow-headers
    access-control-allow-credentials access-control-expose-headers access-control-max-age
    access-control-request-method access-control-request-headers
    dpr width viewport-width downlink ect rtt save-data
    clear-site-data expect-ct public-key-pins public-key-pins-report-only
    via forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip x-requested-with x-csrf-token
    true-client-ip x-client-ip x-cluster-client-ip x-originating-ip x-source-ip
    x-original-url x-original-host x-rewrite-url
    cf-ray cf-connecting-ip x-cache x-served-by link
    sec-websocket-key sec-websocket-accept sec-websocket-version sec-websocket-protocol sec-websocket-extensions
"""
_RESTRICTED: Final = frozenset(_NAMES.split())


def may_be_allowed(name: str) -> bool:
    """Whether the service accepts this header in `requestHeaderAllowlist`."""
    lower = name.lower()
    if lower.startswith("x-amz-"):
        return False
    if lower.startswith("x-amzn-"):
        return lower.startswith(HEADER_CUSTOM_PREFIX.lower())
    return lower not in _RESTRICTED
