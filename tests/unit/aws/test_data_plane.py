"""One request only; what was refused before the agent ran is asked again; what broke is said."""

from __future__ import annotations

import json

import pytest

from agentcore_cli.aws.data_plane import AgentCall, DataPlane
from agentcore_cli.aws.signing import Bearer, LocalKey
from agentcore_cli.errors import (
    AgentcoreError,
    AgentFailedError,
    CredentialsError,
    InputError,
    NotFoundError,
    ServiceError,
    StillInProgressError,
)
from agentcore_cli.signature import SigningKey
from tests.fakes.scripted_plane import ScriptedPlane, answer

ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/bot-AbCdEf0123"
SESSION = "s" * 36
OK = answer(200, b'"fine"', Content_Type="application/json", x_amzn_RequestId="r-1")


def refused(status: int, kind: str, message: str = "words") -> bytes:
    return answer(status, json.dumps({"message": message}).encode(), x_amzn_ErrorType=kind, x_amzn_RequestId="r-9")


def rpc(code: int) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "words"}}).encode()
    return answer(200, body, Content_Type="application/json")


def call(body: bytes = b"{}", endpoint: str = "DEFAULT", *, is_fresh: bool = True, **headers: str) -> AgentCall:
    return AgentCall(ARN, endpoint, SESSION, body, headers, is_fresh)


def plane(server: ScriptedPlane, timeout: float = 5) -> DataPlane:
    return DataPlane(server.url, LocalKey(SigningKey("key", "secret"), "us-west-2"), timeout)


def test_a_call_is_one_post_of_the_apis_own_shape() -> None:
    with ScriptedPlane([OK]) as server:
        got = plane(server).invoke(call(b'{"a": 1}', "a/b", Accept="x/y"))
        assert (got.whole(), got.status, got.request_id) == (b'"fine"', 200, "r-1")
        (asked,) = server.asked
    assert (
        asked.line
        == f"POST /runtimes/{ARN.replace(':', '%3A').replace('/', '%2F')}/invocations?qualifier=a%2Fb HTTP/1.1"
    )
    assert asked.body == b'{"a": 1}'
    assert asked.headers["x-amzn-bedrock-agentcore-runtime-session-id"] == SESSION
    assert asked.headers["accept"] == "x/y"
    assert asked.headers["host"] == server.url.removeprefix("http://")
    assert asked.headers["user-agent"].startswith("agentcore-toolkit/")


@pytest.mark.parametrize(
    "first",
    [
        refused(409, "RetryableConflictException"),
        refused(429, "ThrottlingException"),
        refused(404, "ResourceNotFoundException", "No endpoint or agent found with qualifier 'DEFAULT'"),
    ],
    ids=["conflict", "throttle", "404-after-ready"],
)
def test_what_was_refused_before_the_agent_ran_is_asked_again(first: bytes) -> None:
    with ScriptedPlane([first, first, OK]) as server:
        assert plane(server).invoke(call()).whole() == b'"fine"'
        assert len(server.asked) == 3


def test_a_conflict_in_a_json_rpc_answer_is_asked_again() -> None:
    with ScriptedPlane([rpc(-32005), OK]) as server:
        assert plane(server).invoke(call(b'{"jsonrpc": "2.0"}')).whole() == b'"fine"'
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (refused(400, "ValidationException"), InputError),
        (refused(403, "AccessDeniedException"), CredentialsError),
        (refused(404, "ResourceNotFoundException", "Session not found"), NotFoundError),
        (refused(409, "ConflictException"), ServiceError),
        (refused(424, "RuntimeClientError"), AgentFailedError),
        (refused(500, "InternalServerException"), ServiceError),
        (refused(504, "GatewayTimeoutException"), StillInProgressError),
        (answer(503, b"<html>"), ServiceError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_the_agent_may_have_seen_is_never_sent_twice(said: bytes, kind: type[AgentcoreError]) -> None:
    with ScriptedPlane([said]) as server:
        with pytest.raises(kind):
            plane(server).invoke(call())
        assert len(server.asked) == 1


def test_a_mistyped_endpoint_is_not_waited_for_as_long_as_a_fresh_one() -> None:
    missing = refused(404, "ResourceNotFoundException", "No endpoint or agent found with qualifier 'x'")
    with ScriptedPlane([missing]) as server, pytest.raises(NotFoundError):
        plane(server).invoke(call(is_fresh=False))
    assert call(is_fresh=False).not_found_seconds < call().not_found_seconds / 2


def test_silence_is_given_up_and_not_asked_again() -> None:
    with ScriptedPlane([None]) as server:
        with pytest.raises(StillInProgressError, match=r"silent for 0\.2 s"):
            plane(server, timeout=0.2).invoke(call())
        assert len(server.asked) == 1


def test_a_connection_that_ends_without_an_answer_is_not_asked_again() -> None:
    with ScriptedPlane([b"HTTP/1."]) as server:
        with pytest.raises(ServiceError, match="may have been called"):
            plane(server).invoke(call())
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ],
    ids=["length", "between-chunks", "in-a-chunk"],
)
def test_what_arrived_of_a_broken_answer_is_given(said: bytes) -> None:
    with ScriptedPlane([said]) as server:
        pieces = plane(server).invoke(call()).pieces()
        assert next(pieces) == b"half"
        with pytest.raises(AgentFailedError, match="broke off"):
            next(pieces)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_who_cannot_be_reached_is_named(url: str) -> None:
    with pytest.raises(ServiceError, match="can't be reached") as caught:
        DataPlane(url, LocalKey(SigningKey("key", "secret"), "us-west-2"), 5).invoke(call())
    assert caught.value.exit_code == 1
    assert "region" in (caught.value.hint or "")
    with pytest.raises(ServiceError) as caught:
        DataPlane(url, Bearer("token"), 5, "start it").invoke(call())
    assert caught.value.hint == "start it"


def test_the_signer_knows_what_to_do_about_a_refusal() -> None:
    with ScriptedPlane([refused(403, "AccessDeniedException", "Authorization method mismatch.")]) as server:
        with pytest.raises(CredentialsError) as caught:
            DataPlane(server.url, Bearer("secret-token"), 5).invoke(call())
        assert server.asked[0].headers["authorization"] == "Bearer secret-token"
    assert caught.value.hint == "this agent takes IAM signatures: leave the bearer token out"
    assert caught.value.request_id == "r-9"
    assert "secret" not in str(caught.value)


def test_a_card_is_a_get_and_a_stop_a_post() -> None:
    with ScriptedPlane([OK]) as server:
        plane(server).agent_card(call(b"")).whole()
        plane(server).stop_session(ARN, "DEFAULT", SESSION)
        lines = [asked.line.split(" ")[:2] for asked in server.asked]
    assert lines[0][0] == "GET"
    assert "/invocations/.well-known/agent-card.json?" in lines[0][1]
    assert lines[1][0] == "POST"
    assert "/stopruntimesession?" in lines[1][1]
