"""`--header NAME:VALUE` as headers that AgentCore lets through to the agent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from agentcore_cli.contract import HEADER_CUSTOM_PREFIX, HEADER_VALUE_MAX
from agentcore_cli.errors import InputError

_NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{0,255}"
_SYNTAX: Final = "--header Tenant:acme"
# Parameters of InvokeAgentRuntime that are headers, with the lengths that its model allows.
_PARAMETERS: Final = {
    "x-amzn-trace-id": 128,
    "traceparent": 128,
    "tracestate": 512,
    "baggage": 8192,
    "mcp-session-id": 1024,
    "mcp-protocol-version": 1024,
    "mcp-method": 1024,
    "mcp-name": 1024,
}
_OPTIONS: Final = {
    "authorization": "--bearer-token",
    "accept": "--accept",
    "content-type": "--content-type",
    "x-amzn-bedrock-agentcore-runtime-session-id": "--session-id",
    "x-amzn-bedrock-agentcore-runtime-user-id": "--user-id",
}
_OWN: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"})


def custom_headers(pairs: Iterable[str], allowlist: Iterable[str] | None) -> dict[str, str]:
    """The headers to send; AgentCore's prefix is added where it is missing.

    A header that is not in the agent's `allowlist` would be dropped on the way: InputError names it. With None nothing
    is known of the agent's list. The value may hold commas and colons. Trace and MCP headers go as they are.
    """
    headers: dict[str, str] = {}
    allowed = None if allowlist is None else {name.lower(): name for name in allowlist}
    for pair in pairs:
        name, value = _split(pair)
        whole = _whole_name(name, value, allowed)
        if whole.lower() in {known.lower() for known in headers}:
            raise InputError(f"--header {name}: given twice", hint="one value may hold commas")
        headers[whole] = value
    return headers


def _split(pair: str) -> tuple[str, str]:
    name, colon, value = pair.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not re.fullmatch(_NAME, name):
        raise InputError(f"--header {pair!r}: not NAME:VALUE", hint=_SYNTAX)
    return name, printable(f"--header {name}", value)


def _whole_name(name: str, value: str, allowed: dict[str, str] | None) -> str:
    lower = name.lower()
    if option := _OPTIONS.get(lower):
        raise InputError(f"--header {name}: has an option of its own", hint=option)
    if lower in _OWN or lower.startswith("x-amz-"):
        raise InputError(f"--header {name}: is AgentCore's own and never reaches an agent", hint=_SYNTAX)
    limit = _PARAMETERS.get(lower, HEADER_VALUE_MAX)
    if len(value) > limit:
        raise InputError(f"--header {name}: {len(value)} characters are above {limit}")
    if lower in _PARAMETERS:
        return name
    prefixed = name if lower.startswith(HEADER_CUSTOM_PREFIX.lower()) else HEADER_CUSTOM_PREFIX + name
    if allowed is None:
        return name if lower.startswith("x-") else prefixed
    for candidate in (name, prefixed):
        if candidate.lower() in allowed:
            return candidate
    raise InputError(
        f"--header {name}: {prefixed} is not in the agent's header_allowlist, so it would not get it",
        hint=f"agentcore configure --allow-header {prefixed}, then deploy",
    )


def printable(option: str, value: str) -> str:
    """`value`, if it can stand in an HTTP header. Raises InputError that names `option`, not the value."""
    if not value.isprintable() or not value.isascii():
        raise InputError(f"{option}: the value must be printable ASCII")
    return value
