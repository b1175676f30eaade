"""Runtimes with a JWT authorizer: tokens of a real provider against a real server, for every operation."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.fakes.oidc import Provider, SigningKey, provider
from tests.local_runtime import SESSION_HEADER, TO_BE_SIGNED, Answer, RunningServer, invocations, new_session

AGENTS = Path(__file__).parents[3] / "agents"
OPERATIONS = ("invocations", "commands", "stopruntimesession")
BODIES = {"invocations": b"{}", "commands": b'{"command": "echo hello"}', "stopruntimesession": b"{}"}


@pytest.fixture(scope="module")
def oidc() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def arn(server: RunningServer, oidc: Provider) -> str:
    return server.deploy(
        AGENTS / "many_answers.py",
        name="guarded",
        authorizerConfiguration={
            "customJWTAuthorizer": {
                "discoveryUrl": oidc.discovery_url,
                "allowedAudience": ["app"],
                "allowedClients": ["robot", "person"],
                "allowedScopes": ["talk"],
                "customClaims": [
                    {
                        "inboundTokenClaimName": "groups",
                        "inboundTokenClaimValueType": "STRING_ARRAY",
                        "authorizingClaimMatchValue": {
                            "claimMatchValue": {"matchValueString": "staff"},
                            "claimMatchOperator": "CONTAINS",
                        },
                    }
                ],
            }
        },
        requestHeaderConfiguration={"requestHeaderAllowlist": ["Authorization"]},
    )


def fitting(oidc: Provider, **claims: Any) -> str:
    whole = {"aud": "app", "client_id": "robot", "scope": "read talk", "groups": ["staff"]}
    return oidc.token(**(whole | claims))


def call(server: RunningServer, arn: str, authorization: str | None, operation: str = "invocations") -> Answer:
    path = f"/runtimes/{quote(arn, safe='')}/{operation}?qualifier=DEFAULT"
    sent = {SESSION_HEADER: new_session(), "Content-Type": "application/json"}
    return server.ask(
        "POST", path, BODIES[operation], sent | ({"Authorization": authorization} if authorization else {})
    )


def test_a_fitting_token_serves_all_operations(server: RunningServer, arn: str, oidc: Provider) -> None:
    session = new_session()
    sent = {SESSION_HEADER: session, "Authorization": f"Bearer {fitting(oidc)}"}
    answers = {}
    for operation in OPERATIONS:
        path = f"/runtimes/{quote(arn, safe='')}/{operation}"
        answers[operation] = server.ask("POST", path, BODIES[operation], sent)
    assert {answer.status for answer in answers.values()} == {200}
    assert b"hello" in answers["commands"].body


def test_the_agent_gets_the_token_only_where_the_allowlist_says_so(
    server: RunningServer, arn: str, oidc: Provider
) -> None:
    other = server.deploy(
        AGENTS / "many_answers.py",
        name="not_told",
        authorizerConfiguration={
            "customJWTAuthorizer": {"discoveryUrl": oidc.discovery_url, "allowedAudience": ["app"]}
        },
    )
    token = fitting(oidc)
    for runtime, told in ((arn, f"Bearer {token}"), (other, None)):
        sent = {SESSION_HEADER: new_session(), "Authorization": f"Bearer {token}"}
        seen = server.ask("POST", invocations(runtime), b'{"do": "headers"}', sent).json()
        assert {name.lower(): value for name, value in seen.items()}.get("authorization") == told


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic eDp5"])
def test_without_a_token(server: RunningServer, arn: str, operation: str, authorization: str | None) -> None:
    refused = call(server, arn, authorization, operation)
    assert (refused.status, refused.headers["x-amzn-errortype"]) == (401, "UnauthorizedException")
    address = f"http://{server.info.host}:{server.info.port}/runtimes/{quote(arn, safe='')}"
    assert refused.headers["www-authenticate"] == (
        f'Bearer resource_metadata="{address}/invocations/.well-known/oauth-protected-resource?qualifier=DEFAULT"'
    )


def test_the_way_from_a_401_to_the_provider(server: RunningServer, arn: str, oidc: Provider) -> None:
    challenge = call(server, arn, None).headers["www-authenticate"]
    with urlopen(challenge.partition('"')[2].rstrip('"')) as answer:
        assert answer.headers["content-type"] == "application/json"
        told = json.load(answer)
    assert told == {
        "resource": f"{server.info.url}/runtimes/{quote(arn, safe='')}/invocations",
        "authorization_servers": [oidc.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["talk"],
    }


@pytest.mark.parametrize(
    ("claims", "status", "words"),
    [
        pytest.param({"exp": 1}, 401, "the token has expired", id="expired"),
        pytest.param({"iss": "https://example.org"}, 401, "the token is of another issuer", id="another issuer"),
        pytest.param({"aud": "other"}, 401, "the token is for another audience", id="another audience"),
        pytest.param({"client_id": "spy"}, 401, "issued to a client that is not allowed", id="another client"),
        pytest.param({"scope": "read"}, 403, "the token has none of the allowed scopes", id="too few scopes"),
        pytest.param({"groups": ["guests"]}, 403, "the token's claim groups is not as required", id="another group"),
    ],
)
def test_tokens_that_do_not_fit(
    server: RunningServer, arn: str, oidc: Provider, claims: dict[str, Any], status: int, words: str
) -> None:
    token = fitting(oidc, **claims)
    refused = call(server, arn, f"Bearer {token}")
    assert (refused.status, "www-authenticate" in refused.headers) == (status, status == 401)
    assert words in refused.json()["message"]
    assert token not in refused.body.decode()
    assert token not in server.home.server_log.read_text()


def test_a_person_with_an_id_token(server: RunningServer, arn: str, oidc: Provider) -> None:
    token = fitting(oidc, client_id=None, azp="person", aud=["other", "app"])
    assert call(server, arn, f"bearer {token}").status == 200


def test_keys_rotate_while_the_server_runs(server: RunningServer, arn: str, oidc: Provider) -> None:
    before = fitting(oidc)
    assert call(server, arn, f"Bearer {before}").status == 200
    oidc.rotate("ES256")
    assert call(server, arn, f"Bearer {fitting(oidc)}").status == 200
    assert call(server, arn, f"Bearer {before}").status == 401
    forged = fitting(oidc, key=SigningKey.make("ES256"))
    assert "not signed by a key of the issuer" in call(server, arn, f"Bearer {forged}").json()["message"]


def test_the_wrong_kind_of_authorization(server: RunningServer, arn: str, answers: str, oidc: Provider) -> None:
    words = "Authorization method mismatch. The agent is configured for a different authorization method"
    for operation in OPERATIONS:
        for runtime, authorization in ((arn, TO_BE_SIGNED), (answers, f"Bearer {fitting(oidc)}")):
            refused = call(server, runtime, authorization, operation)
            assert (refused.status, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
            assert refused.json()["message"].startswith(words)
            assert "www-authenticate" not in refused.headers
    with pytest.raises(ClientError, match="AccessDeniedException"):
        server.data.invoke_agent_runtime(agentRuntimeArn=arn, payload=b"{}")


def test_no_metadata_of_a_runtime_without_an_authorizer(server: RunningServer, answers: str) -> None:
    path = f"/runtimes/{quote(answers, safe='')}/invocations/.well-known/oauth-protected-resource"
    assert server.ask("GET", path, None, {}).status == 403


def test_a_token_is_no_key_to_the_rest(server: RunningServer, oidc: Provider) -> None:
    bearer = {"Authorization": f"Bearer {fitting(oidc)}"}
    assert server.ask("POST", "/runtimes/", b"{}", bearer).status == 403
    assert server.ask("GET", "/_local/health", None, bearer).status == 403


def test_a_provider_that_is_not_there(server: RunningServer, oidc: Provider) -> None:
    gone = "http://127.0.0.1:9/.well-known/openid-configuration"
    arn = server.deploy("", name="alone", authorizerConfiguration={"customJWTAuthorizer": {"discoveryUrl": gone}})
    refused = call(server, arn, f"Bearer {fitting(oidc)}")
    assert refused.status == 500
    assert refused.json()["message"].startswith(f"OAuth authorization failed: {gone}: ")


def test_others_are_served_while_a_provider_keeps_us_waiting(server: RunningServer, answers: str) -> None:
    import socket
    from concurrent.futures import ThreadPoolExecutor

    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as pool:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/.well-known/openid-configuration"
        arn = server.deploy("", name="waiting", authorizerConfiguration={"customJWTAuthorizer": {"discoveryUrl": url}})
        token = fitting_of_nobody()
        waiting = pool.submit(call, server, arn, f"Bearer {token}")
        asked, _ = silent.accept()
        with asked:
            assert server.invoke(answers, b"{}", new_session()).status == 200
            assert not waiting.done()
        assert waiting.result().status == 500


def fitting_of_nobody() -> str:
    import jwt

    return jwt.encode({}, SigningKey.make("ES256").private, algorithm="ES256")


def test_a_websocket_wants_the_token_too(server: RunningServer, oidc: Provider) -> None:
    arn = server.deploy(
        AGENTS / "servers" / "websocket.py",
        name="guarded_sockets",
        interpreter=Path(sys.executable),
        authorizerConfiguration={
            "customJWTAuthorizer": {"discoveryUrl": oidc.discovery_url, "allowedAudience": ["app"]}
        },
    )
    uri = f"ws://{server.info.host}:{server.info.port}/runtimes/{quote(arn, safe='')}/ws"
    token = fitting(oidc)
    with connect(uri, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as connection:
        connection.send("by header")
        assert connection.recv(timeout=60) == "by header"
    encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    offered = [f"base64UrlBearerAuthorization.{encoded}", "base64UrlBearerAuthorization"]
    with connect(uri, subprotocols=offered, proxy=None) as connection:  # type: ignore[arg-type]
        assert connection.subprotocol == "base64UrlBearerAuthorization"
        connection.send('{"do": "headers"}')
        seen = {name.lower() for name in json.loads(connection.recv(timeout=60))}
        assert not {"authorization", "sec-websocket-protocol"} & seen
    with connect(uri, subprotocols=[*offered, "voice.v1"], proxy=None) as connection:  # type: ignore[list-item]
        assert connection.subprotocol == "voice.v1"
    signed = server.signed("GET", f"/runtimes/{quote(arn, safe='')}/ws", {})
    for wrong in ({}, {"additional_headers": signed}, {"subprotocols": [f"{offered[1]}.!", offered[1]]}):
        with pytest.raises(InvalidStatus) as refused, connect(uri, proxy=None, **wrong):  # type: ignore[arg-type]
            pass
        assert refused.value.response.status_code == (403 if "additional_headers" in wrong else 401)
