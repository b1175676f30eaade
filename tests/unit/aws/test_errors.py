"""What AWS says went wrong, as exit codes and hints."""

from __future__ import annotations

import pytest
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from agentcore_cli.aws.errors import patience, translate
from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.errors import (
    AgentcoreError,
    ConflictError,
    CredentialsError,
    DeniedError,
    InputError,
    NotFoundError,
    ServiceError,
)
from tests.fakes.control_model import service

SERVICE = "bedrock-agentcore-control"


def refusal(code: str, status: int = 400, message: str = "the service's words") -> ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": status},
    }
    return ClientError(response, "CreateAgentRuntime")  # type: ignore[arg-type]


REFUSALS = [
    ("AccessDeniedException", 403, DeniedError, 3),
    ("ExpiredTokenException", 403, CredentialsError, 3),
    ("UnrecognizedClientException", 403, CredentialsError, 3),
    ("ResourceNotFoundException", 404, NotFoundError, 4),
    ("NoSuchEntity", 404, NotFoundError, 4),
    ("RepositoryNotFoundException", 400, NotFoundError, 4),
    ("EntityAlreadyExists", 409, ConflictError, 1),
    ("RepositoryAlreadyExistsException", 400, ConflictError, 1),
    ("DeleteConflict", 409, ConflictError, 1),
    ("MalformedPolicyDocument", 400, InputError, 2),
    ("ExpiredToken", 403, CredentialsError, 3),
    ("ConflictException", 409, ConflictError, 1),
    ("ValidationException", 400, InputError, 2),
    ("ServiceQuotaExceededException", 402, ServiceError, 1),
    ("InternalServerException", 500, ServiceError, 1),
    ("SomethingNew", 418, ServiceError, 1),
]


@pytest.mark.parametrize(("code", "status", "kind", "exit_code"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_a_refusal_keeps_its_words_and_its_request_id(
    code: str, status: int, kind: type[AgentcoreError], exit_code: int
) -> None:
    error = translate(refusal(code, status), SERVICE, "create_agent_runtime")
    assert type(error) is kind
    assert (error.exit_code, error.request_id) == (exit_code, "r-1")
    assert "CreateAgentRuntime" in error.message
    assert "the service's words" in error.message


def errors_of_memory() -> list[tuple[str, int]]:
    """Code and status of every error that botocore's models have for an operation on memories."""
    found = set[tuple[str, int]]()
    for name in ("bedrock-agentcore", SERVICE):
        model = service(name)
        for operation in map(model.operation_model, model.operation_names):
            if operation.http["requestUri"].startswith("/memories"):
                found |= {(shape.name, shape.metadata["error"]["httpStatusCode"]) for shape in operation.error_shapes}
    return sorted(found)


@pytest.mark.parametrize(("code", "status"), errors_of_memory(), ids=str)
def test_each_error_of_memory_has_its_exit_code_or_passes_by_itself(code: str, status: int) -> None:
    error = refusal(code, status)
    passes = status in (429, 500) or code.startswith("Retryable")
    assert (patience(error) > 0) is passes
    expected = {400: 2, 403: 3, 404: 4}.get(status, 1)
    assert translate(error, SERVICE, "create_event").exit_code == expected


def test_access_denied_names_the_action_to_allow() -> None:
    error = translate(refusal("AccessDeniedException", 403), SERVICE, "create_agent_runtime")
    assert "not allowed: bedrock-agentcore:CreateAgentRuntime on *" in error.message
    statement = '{"Effect": "Allow", "Action": "bedrock-agentcore:CreateAgentRuntime", "Resource": "*"}'
    assert statement in (error.hint or "")


def test_fields_of_a_validation_error_are_told_unless_its_message_has_them() -> None:
    told = refusal("ValidationException", message="wrong")
    told.response["fieldList"] = [{"name": "tags", "message": "too many"}]  # type: ignore[typeddict-unknown-key]
    assert translate(told, SERVICE, "x").message.endswith("wrong; tags: too many")


@pytest.mark.parametrize(
    "error",
    [
        exceptions.NoCredentialsError(),
        exceptions.ProfileNotFound(profile="p"),
        exceptions.PartialCredentialsError(provider="env", cred_var="x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_without_credentials_the_hint_names_local(error: BotoCoreError) -> None:
    translated = translate(error, SERVICE, "x")
    assert isinstance(translated, CredentialsError)
    assert "--local" in (translated.hint or "")


UNREACHABLE = exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("error", "worth_it"),
    [
        (refusal("ThrottlingException", 429), True),
        (refusal("RetryableConflictException", 409), True),
        (refusal("InternalServerException", 500), True),
        (refusal("Unheard", 503), True),
        (refusal("ConcurrentModification", 409), True),
        (refusal("OperationAbortedException", 400), True),
        (refusal("EntityAlreadyExists", 409), False),
        (refusal("NoSuchEntity", 404), False),
        (UNREACHABLE, True),
        (exceptions.ConnectionClosedError(endpoint_url="u"), True),
        (exceptions.ReadTimeoutError(endpoint_url="u"), True),
        (refusal("ConflictException", 409), False),
        (refusal("ValidationException", 400), False),
        (exceptions.SSLError(endpoint_url="u", error="bad certificate"), False),
        (exceptions.NoCredentialsError(), False),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_worth_repeating(error: ClientError | BotoCoreError, worth_it: bool) -> None:
    assert (patience(error) > 0) is worth_it


def test_hints_about_aws_are_not_for_what_is_elsewhere() -> None:
    access = Access("us-west-2", "http://127.0.0.1:1", access_key="key", secret_key="secret", advice="start it")
    with pytest.raises(ServiceError, match="can't be reached") as caught:
        AwsSession(lambda: access).call_once(SERVICE, "list_agent_runtimes")
    assert caught.value.hint == "start it"


def test_what_cannot_be_reached_is_a_failure_of_the_service() -> None:
    error = translate(UNREACHABLE, SERVICE, "x")
    assert isinstance(error, ServiceError)
    assert "can't be reached" in error.message
