"""How each protocol of agents words the service's errors: one table, written by the local server and read by clients.

Sources: runtime-{mcp,a2a,agui}-protocol-contract; what they leave out is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ErrorCodes:
    """A JSON-RPC code for MCP, one with a status for A2A, a word with a status for AG-UI; None: nothing of its own."""

    mcp: int | None = None
    a2a: tuple[int, int] | None = None
    agui: tuple[str, int] | None = None


# Of errors that share a code, the first is what a reader takes it for.
PROTOCOL_ERRORS: Final[Mapping[str, ErrorCodes]] = {
    "UnauthorizedException": ErrorCodes(-32001, None, ("UNAUTHORIZED", 401)),
    "AccessDeniedException": ErrorCodes(-32002, None, ("ACCESS_DENIED", 403)),
    "MissingAuthenticationTokenException": ErrorCodes(-32002, None, ("ACCESS_DENIED", 403)),
    "ThrottlingException": ErrorCodes(-32003, (-32053, 429), ("RATE_LIMIT_EXCEEDED", 429)),
    "ServiceQuotaExceededException": ErrorCodes(-32003, (-32053, 429), ("SERVICE_QUOTA_EXCEEDED", 429)),
    "ResourceNotFoundException": ErrorCodes(-32004, (-32051, 404), ("RESOURCE_NOT_FOUND", 404)),  # AG-UI's word: ours
    "RetryableConflictException": ErrorCodes(-32005, (-32054, 409), ("SESSION_BUSY", 409)),
    "ConflictException": ErrorCodes(-32005, (-32054, 409), ("SESSION_BUSY", 409)),
    "ValidationException": ErrorCodes(-32006, (-32052, 400), ("VALIDATION_ERROR", 400)),
    "RuntimeClientError": ErrorCodes(-32010, (-32055, 424), ("AGENT_ERROR", 200)),
    "NotAcceptableException": ErrorCodes(-32011),
}


def by_code() -> dict[int, str]:
    """The error that a JSON-RPC code stands for, of MCP and of A2A."""
    read: dict[int, str] = {}
    for name, wording in PROTOCOL_ERRORS.items():
        for code in (wording.mcp, wording.a2a[0] if wording.a2a else None):
            if code is not None:
                read.setdefault(code, name)
    return read


def by_word() -> dict[str, str]:
    """The error that a word of AG-UI stands for."""
    read: dict[str, str] = {}
    for name, wording in PROTOCOL_ERRORS.items():
        if wording.agui is not None:
            read.setdefault(wording.agui[0], name)
    return read
