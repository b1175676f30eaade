"""What AWS and botocore say went wrong, as our errors. The one place that reads their codes."""

from __future__ import annotations

from typing import Any, Final

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from agentcore_cli.errors import (
    AgentcoreError,
    ConflictError,
    CredentialsError,
    InputError,
    NotFoundError,
    ServiceError,
)

_UNREACHABLE_SECONDS: Final = 10.0
_TRANSIENT_SECONDS: Final = 60.0  # a conflict or a throttle may last; boto3's own three attempts span 0.15 s
_TRANSIENT: Final = frozenset(
    {
        "InternalServerException",
        "RequestTimeout",
        "RetryableConflictException",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException"})
_BAD_CREDENTIALS: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NO_CREDENTIALS: Final = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.ProfileNotFound,
    exceptions.TokenRetrievalError,
    exceptions.UnauthorizedSSOTokenError,
    exceptions.SSOTokenLoadError,
)
_UNREACHABLE: Final = (
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
)
_IAM_PREFIXES: Final = {"bedrock-agentcore-control": "bedrock-agentcore"}  # where they are not the service's name
_NAMES: Final[dict[str, type[AgentcoreError]]] = {
    "ConflictException": ConflictError,
    "ResourceNotFoundException": NotFoundError,
    "ValidationException": InputError,
}


def patience(error: ClientError | BotoCoreError) -> float:
    """For how many seconds the same call is worth repeating; 0 when it would fail again."""
    if not isinstance(error, ClientError):
        unreachable = isinstance(error, _UNREACHABLE) and not isinstance(error, exceptions.SSLError)
        return _UNREACHABLE_SECONDS if unreachable else 0
    return _TRANSIENT_SECONDS if code_of(error) in _TRANSIENT or _status(error) >= 500 else 0


def code_of(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def translate(error: ClientError | BotoCoreError, service: str, operation: str) -> AgentcoreError:
    """Our error for one of botocore's, with AWS's request id where there is one."""
    if isinstance(error, ClientError):
        return _refusal(error, service)
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsError(
            f"no usable AWS credentials: {error}", hint="`aws configure` or `--profile`; or `--local`, which needs none"
        )
    if isinstance(error, exceptions.ParamValidationError):
        return InputError(f"{service} {operation}: {error}")
    if isinstance(error, _UNREACHABLE):
        return ServiceError(f"{service}: can't be reached: {error}", hint="check the network, the region and --target")
    return ServiceError(f"{service} {operation}: {error}")


def _refusal(error: ClientError, service: str) -> AgentcoreError:
    request_id: str | None = error.response.get("ResponseMetadata", {}).get("RequestId")
    code, message = code_of(error), error.response.get("Error", {}).get("Message") or str(error)
    action = f"{_IAM_PREFIXES.get(service, service)}:{error.operation_name}"
    if code in _DENIED:
        return CredentialsError(
            f"{error.operation_name}: not allowed: {message}", hint=f"allow {action}", request_id=request_id
        )
    if code in _BAD_CREDENTIALS:
        return CredentialsError(
            f"{error.operation_name}: the credentials were refused: {message}",
            hint="renew them; or `--local`, which needs none",
            request_id=request_id,
        )
    kind = _NAMES.get(code, ServiceError)
    return kind(f"{error.operation_name}: {message}" + _fields(error.response), request_id=request_id)


def _fields(response: Any) -> str:
    """The members that a ValidationException is about, unless its message has them already."""
    fields = response.get("fieldList") or []
    message = response.get("Error", {}).get("Message") or ""
    missing = [f"{field['name']}: {field['message']}" for field in fields if field["message"] not in message]
    return "; " * bool(missing) + "; ".join(missing)


def _status(error: ClientError) -> int:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status
