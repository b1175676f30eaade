"""What every answer at `/_page/` carries, so that nothing of an agent's is ever shown as a page of this origin."""

from __future__ import annotations

from typing import Any, Final

from agentcore_cli.local.http.proxy import Send

AGAIN: Final = "sha256-5Aqt8PcQItGrpssS+PzPg+NuR7eKTRU6G8F48k8CpRo="
"""The only script that stands in the page itself: it loads the page again when a file of it did not come."""
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'self' '{AGAIN}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    )
)
_ALWAYS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_OF_OTHERS: Final = _ALWAYS | {  # who goes to such an address sees a download, and no script of it runs
    "content-security-policy": f"{POLICY}; sandbox",
    "content-disposition": "attachment",
    "cache-control": "no-store",
}


def secured(send: Send, *, is_file: bool) -> Send:
    """`send`, with the headers of the page's own files, or of what anybody else may have written."""
    named = _ALWAYS if is_file else _OF_OTHERS
    added = [(name.encode(), value.encode()) for name, value in named.items()]
    taken = {name for name, _ in added}

    async def send_secured(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0].lower() not in taken]
            message = message | {"headers": [*kept, *added]}
        await send(message)

    return send_secured
