"""What AWS and botocore say went wrong, as our errors. The one place that reads their codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from agentcore_cli.aws.denials import denial
from agentcore_cli.errors import (
    AgentcoreError,
    ConflictError,
    CredentialsError,
    DeniedError,
    InputError,
    NotFoundError,
    ServiceError,
)

_UNREACHABLE_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 45.0  # one more attempt after a silence as long as `access` waits for an answer
_TRANSIENT_SECONDS: Final = 60.0  # a conflict or a throttle may last; boto3's own three attempts span 0.15 s
_TRANSIENT: Final = frozenset(
    {
        "ConditionalRequestConflict",  # S3: somebody else writes the same key at this moment
        "ConcurrentModification",  # IAM: another call is changing the same role
        "ConcurrentModificationException",
        "EntityTemporarilyUnmodifiable",  # IAM: a role that was just deleted and is made again
        "EntityTemporarilyUnmodifiableException",
        "InternalFailure",
        "InternalServerException",
        "OperationAborted",  # S3: a bucket is being made or removed
        "OperationAbortedException",  # CloudWatch Logs: several calls about one group at once
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "RetryableConflictException",
        "ServerException",
        "ServiceFailure",
        "ServiceUnavailable",
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
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
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
_NAMES: Final[dict[str, type[AgentcoreError]]] = {
    "BucketAlreadyExists": ConflictError,
    "BucketAlreadyOwnedByYou": ConflictError,
    "BucketNotEmpty": ConflictError,
    "ConflictException": ConflictError,
    "DeleteConflict": ConflictError,
    "EntityAlreadyExists": ConflictError,
    "EntityAlreadyExistsException": ConflictError,
    "ImageAlreadyExistsException": ConflictError,
    "PreconditionFailed": ConflictError,
    "RepositoryAlreadyExistsException": ConflictError,
    "ResourceAlreadyExistsException": ConflictError,
    "ImageNotFoundException": NotFoundError,
    "LifecyclePolicyNotFoundException": NotFoundError,
    "NoSuchBucket": NotFoundError,
    "NoSuchBucketPolicy": NotFoundError,
    "NoSuchEntity": NotFoundError,
    "NoSuchEntityException": NotFoundError,
    "NoSuchKey": NotFoundError,
    "NoSuchLifecycleConfiguration": NotFoundError,
    "NoSuchPublicAccessBlockConfiguration": NotFoundError,
    "NoSuchTagSet": NotFoundError,
    "NoSuchUpload": NotFoundError,
    "OwnershipControlsNotFoundError": NotFoundError,
    "RepositoryNotFoundException": NotFoundError,
    "ResourceNotFoundException": NotFoundError,
    "ServerSideEncryptionConfigurationNotFoundError": NotFoundError,
    "UserNotFoundException": NotFoundError,
    "UsernameExistsException": ConflictError,
    "NotAuthorizedException": CredentialsError,
    "InvalidInput": InputError,
    "InvalidInputException": InputError,
    "InvalidParameterException": InputError,
    "InvalidTagParameterException": InputError,
    "MalformedPolicyDocument": InputError,
    "ValidationError": InputError,
    "ValidationException": InputError,
}


def patience(error: ClientError | BotoCoreError) -> float:
    """For how many seconds the same call is worth repeating; 0 when it would fail again."""
    if isinstance(error, exceptions.ReadTimeoutError):
        return _SILENCE_SECONDS
    if not isinstance(error, ClientError):
        unreachable = isinstance(error, _UNREACHABLE) and not isinstance(error, exceptions.SSLError)
        return _UNREACHABLE_SECONDS if unreachable else 0
    return _TRANSIENT_SECONDS if code_of(error) in _TRANSIENT or _status(error) >= 500 else 0


def patience_when_refused(error: ClientError | BotoCoreError) -> float:
    """The same, for a call that must not be repeated unless the service has said that it did nothing."""
    is_refused = isinstance(error, ClientError) and 400 <= _status(error) < 500 and "Timeout" not in code_of(error)
    return patience(error) if is_refused else 0


def code_of(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def translate(
    error: ClientError | BotoCoreError,
    service: str,
    operation: str,
    parameters: Mapping[str, Any] | None = None,
    region: str = "",
) -> AgentcoreError:
    """Our error for one of botocore's, with AWS's request id where there is one.

    `parameters` and `region` are those of the call: a refusal names by them what may not be touched.
    """
    if isinstance(error, ClientError):
        return _refusal(error, service, parameters or {}, region)
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsError(
            f"no usable AWS credentials: {error}", hint="`aws configure` or `--profile`; or `--local`, which needs none"
        )
    if isinstance(error, exceptions.ParamValidationError):
        return InputError(f"{service} {operation}: {error}")
    if isinstance(error, _UNREACHABLE):
        return ServiceError(f"{service}: can't be reached: {error}", hint="check the network, the region and --target")
    return ServiceError(f"{service} {operation}: {error}")


def _refusal(error: ClientError, service: str, parameters: Mapping[str, Any], region: str) -> AgentcoreError:
    request_id: str | None = error.response.get("ResponseMetadata", {}).get("RequestId")
    code, message = code_of(error), error.response.get("Error", {}).get("Message") or str(error)
    if code in _BAD_CREDENTIALS:
        return CredentialsError(
            f"{error.operation_name}: the credentials were refused: {message}",
            hint="renew them and run it again, it goes on from here; or `--local`, which needs none",
            request_id=request_id,
        )
    if code in _DENIED or (_status(error) == 403 and "not authorized" in message):
        return _denied(error, service, parameters, region)
    kind = _NAMES.get(code, ServiceError)
    return kind(f"{error.operation_name}: {message}" + _fields(error.response), request_id=request_id)


def _denied(error: ClientError, service: str, parameters: Mapping[str, Any], region: str) -> DeniedError:
    """Names the action and the resource, and the statement that would allow it."""
    message = error.response.get("Error", {}).get("Message") or str(error)
    missing = denial(message, service, error.operation_name, parameters, region)
    hint = f"allow it, and run it again: {missing.statement}; `agentcore permissions` prints all that is needed"
    if missing.denied_by:
        hint = (
            f"a {missing.denied_by} forbids it: whoever keeps that must let {missing.action} on {missing.resource} pass"
        )
    return DeniedError(
        f"{error.operation_name}: not allowed: {missing.action} on {missing.resource}: {message}",
        hint=hint,
        request_id=error.response.get("ResponseMetadata", {}).get("RequestId"),
    )


def _fields(response: Any) -> str:
    """The members that a ValidationException is about, unless its message has them already."""
    fields = response.get("fieldList") or []
    message = response.get("Error", {}).get("Message") or ""
    missing = [f"{field['name']}: {field['message']}" for field in fields if field["message"] not in message]
    return "; " * bool(missing) + "; ".join(missing)


def _status(error: ClientError) -> int:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status
