"""What a session finds in its environment."""

from __future__ import annotations

from pathlib import Path

from tests.local_runtime import RunningServer, new_session

AGENTS = Path(__file__).parents[3] / "agents"


def environment_in(server: RunningServer, arn: str) -> dict[str, str]:
    seen: dict[str, str] = server.invoke(arn, b'{"do": "environment"}', new_session()).json()
    return seen


def test_without_credentials_a_session_has_some_that_open_nothing_and_say_so(
    server: RunningServer, answers: str
) -> None:
    seen = environment_in(server, answers)
    assert seen["AWS_ACCESS_KEY_ID"] == "AGENTCOREPLACEHOLDER"
    assert "given-no-aws-credentials" in seen["AWS_SECRET_ACCESS_KEY"]
    assert not {server.info.access_key, server.info.secret_key} & {*seen.values()}
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-west-2"
    assert seen["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"].startswith(f"{server.info.url}/_session/")
    assert seen["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL"] == seen["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"]
    assert f"cloud.resource_id={answers}/runtime-endpoint/DEFAULT:DEFAULT" in seen["OTEL_RESOURCE_ATTRIBUTES"]
    assert seen["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].startswith(f"{server.info.url}/_session/")
    assert seen["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"].startswith(f"{server.info.url}/_session/")
    assert "AGENTCORE_HOME" not in seen


def test_a_deployers_credentials_are_not_on_disk(server: RunningServer) -> None:
    arn = server.deploy(AGENTS / "many_answers.py", name="credentials", environmentVariables={"AWS_PROFILE": "mine"})
    given = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-is-nowhere",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-west-1",
        "AWS_PROFILE": "theirs",
        "HOME": "/no",
    }
    server.local.put_credentials(arn, given)
    seen = environment_in(server, arn)
    assert seen["AWS_ACCESS_KEY_ID"] == given["AWS_ACCESS_KEY_ID"]
    assert seen["AWS_SECRET_ACCESS_KEY"] == given["AWS_SECRET_ACCESS_KEY"]
    assert seen["AWS_SESSION_TOKEN"] == "token"
    assert seen["AWS_REGION"] == "us-west-2"
    assert seen["AWS_PROFILE"] == "mine"
    assert seen["HOME"] != "/no"
    for path in server.home.root.rglob("*"):
        if path.is_file():
            assert b"a-secret-that-is-nowhere" not in path.read_bytes(), path
