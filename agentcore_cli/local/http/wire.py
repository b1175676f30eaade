"""How both planes speak on the wire: paths split before they are decoded, and failures in the service's shape.

Every refusal is a `ServiceFault`; `fault_response` is the one place that turns it into status, headers and body
(rest-json: `x-amzn-ErrorType`, `{"message"}`, and for a ValidationException `reason` and `fieldList`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from agentcore_cli.contract import HEADER_ERROR_TYPE, HEADER_REQUEST_ID

T = TypeVar("T")
Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]
Reason = Literal[
    "CannotParse",
    "FieldValidationFailed",
    "IdempotentParameterMismatchException",
    "EventInOtherSession",
    "ResourceConflict",
]

JSON_HEADERS: Final = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One member of a request that breaks a rule: its path in the request, and the rule in the service's words."""

    name: str
    message: str


class ServiceFault(Exception):
    """A refusal in the service's terms: the HTTP status, the modelled exception's name and its message."""

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        *,
        reason: Reason | None = None,
        fields: Sequence[FieldFault] = (),
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.reason = reason
        self.fields = tuple(fields)
        self.detail = detail  # ours alone: what a person wants to know beyond the service's words

    @classmethod
    def validation(
        cls, message: str, *, reason: Reason = "FieldValidationFailed", fields: Sequence[FieldFault] = ()
    ) -> ServiceFault:
        return cls(400, "ValidationException", message, reason=reason, fields=fields)

    @classmethod
    def invalid(cls, name: str, message: str) -> ServiceFault:
        """The ValidationException for one member."""
        return cls.validation(message, fields=[FieldFault(name, message)])

    @classmethod
    def constraints(cls, fields: Sequence[FieldFault]) -> ServiceFault:
        """The ValidationException for members that break their shape's constraints, all of them at once."""
        errors = "1 validation error" if len(fields) == 1 else f"{len(fields)} validation errors"
        return cls.validation(f"{errors} detected: " + "; ".join(field.message for field in fields), fields=fields)

    @classmethod
    def unauthorized(cls, message: str) -> ServiceFault:
        return cls(401, "UnauthorizedException", message)

    @classmethod
    def quota(cls, message: str) -> ServiceFault:
        return cls(402, "ServiceQuotaExceededException", message)

    @classmethod
    def access_denied(cls, message: str) -> ServiceFault:
        return cls(403, "AccessDeniedException", message)

    @classmethod
    def not_found(cls, message: str) -> ServiceFault:
        return cls(404, "ResourceNotFoundException", message)

    @classmethod
    def unknown_operation(cls) -> ServiceFault:
        """The answer to a path or method that no operation has."""
        return cls(404, "UnknownOperationException", "The requested operation is not recognized by the service.")

    @classmethod
    def conflict(cls, message: str) -> ServiceFault:
        return cls(409, "ConflictException", message)

    @classmethod
    def retryable_conflict(cls, message: str = "Session operation in progress, please retry") -> ServiceFault:
        return cls(409, "RetryableConflictException", message)

    @classmethod
    def runtime_client_error(cls, message: str, *, detail: str = "") -> ServiceFault:
        """The agent itself failed (runtime-http-protocol-contract); `detail` may hold its last log lines."""
        return cls(424, "RuntimeClientError", message, detail=detail)

    @classmethod
    def throttling(cls, message: str = "Rate exceeded") -> ServiceFault:
        return cls(429, "ThrottlingException", message)

    @classmethod
    def internal(cls, message: str) -> ServiceFault:
        return cls(500, "InternalServerException", message)


def fault_response(fault: ServiceFault, request_id: str) -> Answer:
    """Status, headers and JSON body of a refusal."""
    body: dict[str, Any] = {"message": fault.message}
    if fault.reason:
        body["reason"] = fault.reason
    if fault.fields:
        body["fieldList"] = [{"name": field.name, "message": field.message} for field in fault.fields]
    if fault.detail:
        body["detail"] = fault.detail
    headers = [*JSON_HEADERS, (HEADER_ERROR_TYPE, fault.type), (HEADER_REQUEST_ID, request_id)]
    return fault.status, headers, msgspec.json.encode(body)


def parsed(body: bytes, shape: type[T]) -> T:
    """A JSON body as `shape`. Raises ServiceFault 400 for what is no JSON, is another shape, or nests without end."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ServiceFault.validation(f"The request's body can't be read: {error}", reason="CannotParse") from error


def split_path(raw_path: bytes) -> list[str]:
    """The segments of an undecoded path, each decoded by itself, so that an ARN's `%2F` stays inside its segment.

    One trailing slash is tolerated; bytes that are no UTF-8 become U+FFFD, which no pattern of the service accepts.
    """
    path = raw_path.partition(b"?")[0].removeprefix(b"/").removesuffix(b"/")
    return [unquote_to_bytes(segment).decode(errors="replace") for segment in path.split(b"/")]
