"""What a data plane answers instead of the agent's answer, as our errors. The one place that reads its envelopes.

HTTP runtimes: `x-amzn-ErrorType` and `{"message"}`. MCP: a JSON-RPC error, mostly with HTTP 200; A2A: a JSON-RPC error
with the real status; AGUI: a server-sent event RUN_ERROR (runtime-{mcp,a2a,agui}-protocol-contract).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.documents import value_or_text
from agentcore_cli.errors import (
    AgentcoreError,
    AgentFailedError,
    CredentialsError,
    InputError,
    NotFoundError,
    ServiceError,
    StillInProgressError,
)
from agentcore_cli.protocol_errors import by_code, by_word

_ERRORS: Final[Mapping[str, type[AgentcoreError]]] = {
    "ValidationException": InputError,
    "NotAcceptableException": InputError,
    "AccessDeniedException": CredentialsError,
    "UnauthorizedException": CredentialsError,
    "UnrecognizedClientException": CredentialsError,
    "MissingAuthenticationTokenException": CredentialsError,
    "InvalidSignatureException": CredentialsError,
    "ExpiredTokenException": CredentialsError,
    "ResourceNotFoundException": NotFoundError,
    "RuntimeClientError": AgentFailedError,
    "GatewayTimeoutException": StillInProgressError,
}
_BY_STATUS: Final = {
    400: "ValidationException",
    401: "UnauthorizedException",
    402: "ServiceQuotaExceededException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    406: "NotAcceptableException",
    424: "RuntimeClientError",
    429: "ThrottlingException",
    504: "GatewayTimeoutException",
}
_BY_CODE: Final = by_code()
_BY_WORD: Final = by_word()
# With HTTP 200 these two are as likely the MCP server's own: "request timed out" and "resource not found" of its SDKs.
_AMBIGUOUS: Final = frozenset({-32001, -32002})


@dataclass(frozen=True, slots=True)
class ServiceRefusal:
    """The service's name of an error, its words, and what the local runtime adds to them."""

    kind: str
    message: str
    detail: str | None = None

    @property
    def is_missing_endpoint(self) -> bool:
        """The 404 that may follow READY, and not that of a session."""
        return self.kind == "ResourceNotFoundException" and "No endpoint or agent found" in self.message

    def error(self, *, hint: str | None, request_id: str | None) -> AgentcoreError:
        kind = _ERRORS.get(self.kind, ServiceError)
        text = f"{self.message}\n{self.detail}" if self.detail else self.message
        return kind(text, hint=hint if kind is CredentialsError else None, request_id=request_id)


def refusal(status: int, content_type: str, named: str | None, body: bytes) -> ServiceRefusal:
    """What an answer with another status than 200 says. `named` is its `x-amzn-ErrorType`."""
    said = _last_event(body) if content_type.startswith("text/event-stream") else _object(body)
    named = (named or str(said.get("__type", ""))).rpartition("#")[2].split(":")[0]
    fault = said.get("error") if isinstance(said.get("error"), dict) else said
    assert isinstance(fault, dict)
    message = fault.get("message") or fault.get("Message") or f"HTTP {status}"
    kind = named or _kind(fault.get("code")) or _BY_STATUS.get(status, "")
    return ServiceRefusal(kind, str(message), _detail(said) or _detail(fault.get("data")))


def rpc_refusal(body: bytes) -> ServiceRefusal | None:
    """What the service says in an answer with HTTP 200 to a JSON-RPC request; None when the answer is the agent's."""
    fault = _object(body).get("error")
    code = fault.get("code") if isinstance(fault, dict) else None
    if not isinstance(fault, dict) or not isinstance(code, int) or code in _AMBIGUOUS or code not in _BY_CODE:
        return None
    return ServiceRefusal(_BY_CODE[code], str(fault.get("message", "")), _detail(fault.get("data")))


def _detail(told: object) -> str | None:
    detail = told.get("detail") if isinstance(told, dict) else None
    return detail if isinstance(detail, str) else None


def _kind(code: object) -> str | None:
    if isinstance(code, int):
        return _BY_CODE.get(code)
    return _BY_WORD.get(code) if isinstance(code, str) else None


def _object(body: bytes) -> dict[str, Any]:
    value = value_or_text(body)
    return value if isinstance(value, dict) else {}


def _last_event(body: bytes) -> dict[str, Any]:
    """The data of the last one-line event in a stream that is an error and nothing else."""
    lines = [line for line in body.splitlines() if line.startswith(b"data:")]
    return _object(lines[-1].removeprefix(b"data:")) if lines else {}
