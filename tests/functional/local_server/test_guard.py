"""Who is let in."""

from __future__ import annotations

import pytest

from tests.local_runtime import RunningServer, invocations, new_session

WRONG_KEY = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-west-2/bedrock-agentcore/aws4_request"


@pytest.fixture(params=["data plane", "control plane", "extension"])
def request_line(request: pytest.FixtureRequest, answers: str) -> tuple[str, str]:
    lines = {
        "data plane": ("POST", invocations(answers)),
        "control plane": ("POST", "/runtimes/"),
        "extension": ("GET", "/_local/health"),
    }
    return lines[request.param]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"Authorization": WRONG_KEY}, "UnrecognizedClientException", id="another key"),
        pytest.param({"Authorization": ""}, "MissingAuthenticationTokenException", id="no key"),
        pytest.param({"Authorization": "Basic eDp5"}, "MissingAuthenticationTokenException", id="not SigV4"),
        pytest.param({"Authorization": "Bearer a.b.c"}, "AccessDeniedException", id="a bearer"),
        pytest.param({"Host": "example.org"}, "AccessDeniedException", id="foreign host"),
        pytest.param({"Host": "localhost:1"}, "AccessDeniedException", id="another port"),
        pytest.param({"Origin": "null"}, "AccessDeniedException", id="a web page"),
        pytest.param({"Origin": "http://localhost"}, "AccessDeniedException", id="a local web page"),
    ],
)
def test_refused(server: RunningServer, request_line: tuple[str, str], changed: dict[str, str], error: str) -> None:
    answer = server.ask(*request_line, b"{}", server.headers(new_session()) | changed)
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == error
    assert answer.headers["x-amzn-requestid"]
    assert answer.json()["message"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_loopback_names(server: RunningServer, host: str) -> None:
    headers = server.headers() | {"Host": f"{host}:{server.info.port}"}
    assert server.ask("GET", "/_local/health", None, headers).status == 200


def test_a_presigned_address(server: RunningServer) -> None:
    scope = f"{server.info.access_key}%2F20260101%2Fus-west-2%2Fbedrock-agentcore%2Faws4_request"
    assert server.ask("GET", f"/_local/health?X-Amz-Credential={scope}", None, {}).status == 200
    assert server.ask("GET", f"/_local/health?X-Amz-Credential=X{scope}", None, {}).status == 403


def test_the_words_for_the_wrong_kind_of_authorization(server: RunningServer, answers: str) -> None:
    refused = server.ask("POST", invocations(answers), b"{}", {"Authorization": "Bearer a.b.c"})
    assert refused.json()["message"].startswith("Authorization method mismatch.")


def test_a_deployers_key_is_let_in_once_it_was_put(server: RunningServer, answers: str) -> None:
    headers = server.headers(new_session()) | {"Authorization": WRONG_KEY}
    assert server.ask("POST", invocations(answers), b"{}", headers).status == 403
    server.local.put_credentials(answers, {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "PATH": "/no"})
    try:
        assert server.ask("POST", invocations(answers), b"{}", headers).status == 200
    finally:
        server.local.put_credentials(answers, {})
    assert server.ask("POST", invocations(answers), b"{}", headers).status == 403
