"""Who is let in, and on what proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import botocore.auth
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local_runtime import SESSION_HEADER, UNSIGNED, Answer, RunningServer, invocations, new_session, signed
from tests.stand_ins import boto3_client

OTHER_KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
INVALID = "InvalidSignatureException"
INCOMPLETE = "IncompleteSignatureException"


@pytest.fixture(params=["data plane", "commands", "control plane", "extension"])
def request_line(request: pytest.FixtureRequest, answers: str) -> tuple[str, str]:
    lines = {
        "data plane": ("POST", invocations(answers)),
        "commands": ("POST", invocations(answers).replace("invocations", "commands")),
        "control plane": ("POST", "/runtimes/"),
        "extension": ("PUT", "/_local/credentials"),
    }
    return lines[request.param]


def refused(answer: Answer, error: str) -> str:
    """The words of a refusal."""
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, error)
    assert answer.headers["x-amzn-requestid"]
    message: str = answer.json()["message"]
    return message


@pytest.mark.parametrize(
    ("changed", "error"),
    [
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
    headers = server.signed(*request_line, {SESSION_HEADER: new_session()}, b"{}")
    assert refused(server.ask(*request_line, b"{}", headers | changed), error)


def test_another_key_is_told_as_that(server: RunningServer, request_line: tuple[str, str]) -> None:
    method, path = request_line
    headers = signed(server.info.url + path, method, {}, b"{}", key=OTHER_KEY)
    assert "agentcore local env" in refused(server.ask(method, path, b"{}", headers), "UnrecognizedClientException")


def altered(name: str, change: Callable[[str], str]) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda headers: headers | {name: change(headers[name])}


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(altered("Authorization", lambda text: text.rpartition("=")[0] + "=0"), id="the signature 0"),
        pytest.param(
            altered("Authorization", lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")), id="its last digit"
        ),
        pytest.param(lambda headers: headers | {"X-Plan": "gold"}, id="a header"),
        pytest.param(lambda headers: headers | {SESSION_HEADER: new_session()}, id="the session"),
        pytest.param(lambda headers: {**headers, "X-Plan": "free, gold"}, id="one more value"),
        pytest.param(
            altered("Authorization", lambda text: text.replace(";x-plan", "")), id="a header that is no longer signed"
        ),
        pytest.param(lambda headers: headers | UNSIGNED, id="unsigned-payload, and not signed as such"),
        pytest.param(lambda headers: headers | {"X-Amz-Content-SHA256": "0" * 64}, id="the hash of another body"),
    ],
)
def test_what_was_altered_on_the_way(
    server: RunningServer, request_line: tuple[str, str], forge: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    headers = server.signed(*request_line, {SESSION_HEADER: new_session(), "X-Plan": "free"}, b"{}")
    assert server.ask(*request_line, b"{}", headers).headers.get("x-amzn-errortype") != INVALID
    assert "does not match the signature" in refused(server.ask(*request_line, b"{}", forge(headers)), INVALID)


def test_a_secret_that_is_guessed(server: RunningServer, request_line: tuple[str, str]) -> None:
    method, path = request_line
    for secret in ("local", "", "000000000000", server.info.access_key):
        headers = signed(server.info.url + path, method, {}, b"{}", key=(server.info.access_key, secret or " "))
        assert refused(server.ask(method, path, b"{}", headers), INVALID)


def test_a_signature_is_for_one_request(server: RunningServer, answers: str) -> None:
    path = invocations(answers)
    headers = server.signed("POST", path, {SESSION_HEADER: new_session()}, b'{"a": 1}')
    assert server.ask("POST", path, b'{"a": 1}', headers).status == 200
    for method, elsewhere, body in (
        ("POST", path, b'{"a": 2}'),
        ("POST", path, b""),
        ("POST", path, b'{"a": 1}' * 300_000),
        ("POST", path.replace("invocations", "commands"), b'{"a": 1}'),
        ("POST", f"{path}&accountId=000000000000", b'{"a": 1}'),
        ("GET", path, None),
        ("PUT", "/_local/credentials", b'{"a": 1}'),
    ):
        assert refused(server.ask(method, elsewhere, body, headers), INVALID), (method, elsewhere)


@pytest.mark.parametrize("size", [10, 200_000, 3_000_000])
def test_a_body_reaches_nobody_before_it_is_known_to_be_right(server: RunningServer, answers: str, size: int) -> None:
    session, path = new_session(), invocations(answers)
    body = b'{"pad": "%b"}' % (b"a" * size)
    right = server.signed("POST", path, {SESSION_HEADER: session}, body)
    hashed = server.signed("POST", path, {SESSION_HEADER: session, "X-Amz-Content-SHA256": "0" * 64}, body)
    assert refused(server.ask("POST", path, body[:-3] + b'b"}', right), INVALID)
    assert "x-amz-content-sha256" in refused(server.ask("POST", path, body, hashed), INVALID)
    assert [record for record in server.sessions(answers) if record.session_id == session] == []
    assert server.ask("POST", path, body, right).json()["calls"] == 1


@pytest.mark.parametrize("pieces", [1, 50])
def test_a_signed_body_in_chunks(server: RunningServer, answers: str, pieces: int) -> None:
    body = b'{"text": "%b"}' % (b"x" * 2_000_000)
    headers = server.signed("POST", invocations(answers), {SESSION_HEADER: new_session()}, body)
    size = len(body) // pieces + 1
    parts = (body[at : at + size] for at in range(0, len(body), size))
    assert server.ask("POST", invocations(answers), parts, headers).status == 200


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param({"service": "bedrock"}, "correct service: 'bedrock-agentcore'", id="service"),
        pytest.param({"service": "s3"}, "correct service: 'bedrock-agentcore'", id="another service"),
        pytest.param({"region": "eu-west-1"}, "valid region, not 'eu-west-1'", id="region"),
    ],
)
def test_a_signature_for_elsewhere(server: RunningServer, answers: str, scope: dict[str, str], words: str) -> None:
    path = invocations(answers)
    headers = signed(server.info.url + path, "POST", {}, b"{}", key=server.info.key, **scope)
    assert words in refused(server.ask("POST", path, b"{}", headers), INVALID)


def test_boto3_hears_of_the_wrong_region_and_service(server: RunningServer, answers: str) -> None:
    other = boto3_client("bedrock-agentcore", server.info.url, *server.info.key, region_name="eu-west-1")
    with pytest.raises(ClientError, match=r"InvalidSignatureException.*valid region, not 'eu-west-1'"):
        other.invoke_agent_runtime(agentRuntimeArn=answers, payload=b"{}")
    other.close()


def stamped(
    server: RunningServer, path: str, at: float, *, day: str = "", header: str = "X-Amz-Date"
) -> dict[str, str]:
    """A request signed at another time, by our own hand: botocore knows only now."""
    from agentcore_cli.signature import ALGORITHM, Scope, canonical_request, hash_of, signature, signing_key

    moment = datetime.fromtimestamp(at, UTC)
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    shown = stamp if header == "X-Amz-Date" else moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    sent = {"host": f"{server.info.host}:{server.info.port}", header.lower(): shown}
    scope = Scope(day or stamp[:8], "us-west-2", "bedrock-agentcore")
    names = sorted(sent)
    canonical = canonical_request("GET", path, "", [(name, sent[name]) for name in names], hash_of(b""))
    proof = signature(signing_key(server.info.secret_key, scope), scope, stamp, canonical)
    credential = f"Credential={server.info.access_key}/{scope}"
    return {
        header: shown,
        "Authorization": f"{ALGORITHM} {credential}, SignedHeaders={';'.join(names)}, Signature={proof}",
    }


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-290, ""), (290, ""), (-310, "Signature expired: "), (320, "Signature not yet current: "), (-90_000, "expired")],
)
def test_the_time_of_a_signature(server: RunningServer, seconds: int, words: str) -> None:
    for header in ("X-Amz-Date", "Date"):
        headers = stamped(server, "/_local/health", time.time() + seconds, header=header)
        answer = server.ask("GET", "/_local/health", None, headers)
        if words:
            assert words in refused(answer, INVALID)
        else:
            assert answer.status == 200


def test_the_day_of_the_scope_is_that_of_the_time(server: RunningServer) -> None:
    headers = stamped(server, "/_local/health", time.time(), day="20200101")
    assert "Date in Credential scope" in refused(server.ask("GET", "/_local/health", None, headers), INVALID)


@pytest.mark.parametrize(
    ("authorization", "words"),
    [
        ("AWS4-HMAC-SHA256", "requires 'Credential' parameter. Authorization header requires 'SignedHeaders'"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e", "'SignedHeaders' parameter"),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "5 slash-delimited"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0", "terminator"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=x-amz-date, Signature=0", "SignedHeader"),
    ],
)
def test_half_a_signature(server: RunningServer, authorization: str, words: str) -> None:
    headers = {"Authorization": authorization, "X-Amz-Date": "20260101T000000Z"}
    answer = server.ask("GET", "/_local/health", None, headers)
    assert answer.status == 403
    assert words in answer.json()["message"]


@pytest.mark.parametrize("stamp", ["", "now", "20261301T000000Z", "2026-01-01T00:00:00Z"])
def test_a_time_that_is_none(server: RunningServer, stamp: str) -> None:
    headers = server.signed("GET", "/_local/health", {}) | {"X-Amz-Date": stamp}
    answer = server.ask("GET", "/_local/health", None, headers)
    assert answer.headers["x-amzn-errortype"] in (INCOMPLETE, INVALID)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_loopback_names(server: RunningServer, host: str) -> None:
    headers = {"Host": f"{host}:{server.info.port}"}
    request = AWSRequest("GET", f"{server.info.url}/_local/health", headers)
    SigV4Auth(Credentials(*server.info.key), "bedrock-agentcore", "us-west-2").add_auth(request)
    assert server.ask("GET", "/_local/health", None, dict(request.headers.items())).status == 200


def test_a_name_was_signed_too(server: RunningServer) -> None:
    headers = server.signed("GET", "/_local/health", {}) | {"Host": f"localhost:{server.info.port}"}
    assert refused(server.ask("GET", "/_local/health", None, headers), INVALID)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/_local/sessions?runtime_arn=arn%3Aaws%3Aa%2Fb", {}),
        ("/_local/sessions?b=2&a=2&a=1&c", {}),
        ("/_local/sessions?runtime_arn=a%20b~c", {}),
        ("/_local//./health/../health", {}),
        ("/_local/health", {"X-Blanks": "  a   b  ", "X-Empty": ""}),
    ],
)
def test_ways_to_write_a_request(server: RunningServer, path: str, headers: Mapping[str, str]) -> None:
    answer = server.ask("GET", path, None, server.signed("GET", path, headers))
    assert answer.headers.get("x-amzn-errortype") in (None, "UnknownOperationException")


def presigned(server: RunningServer, path: str, expires: int = 300, key: tuple[str, str] | None = None) -> str:
    """The path and query of an address that botocore signs."""
    request = AWSRequest("GET", f"{server.info.url}{path}")
    credentials = Credentials(*(key or server.info.key))
    SigV4QueryAuth(credentials, "bedrock-agentcore", "us-west-2", expires=expires).add_auth(request)
    return str(request.url).removeprefix(server.info.url)


def test_a_presigned_address(server: RunningServer) -> None:
    path = presigned(server, "/_local/sessions?runtime_arn=arn%3Aaws")
    assert server.ask("GET", path, None, {}).status == 200
    forgeries = {
        path.replace("arn%3Aaws", "arn%3Aawz"): INVALID,
        path[:-1] + ("0" if path[-1] != "0" else "1"): INVALID,
        path.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"): INVALID,
        path.replace("X-Amz-Expires=300", "X-Amz-Expires=0"): INCOMPLETE,
        path.replace("X-Amz-Expires=300", "X-Amz-Expires=604801"): INCOMPLETE,
        path.partition("&X-Amz-Signature")[0]: INCOMPLETE,
        presigned(server, "/_local/health", key=OTHER_KEY): "UnrecognizedClientException",
    }
    for forged, error in forgeries.items():
        assert refused(server.ask("GET", forged, None, {}), error), forged


def test_a_presigned_address_is_for_its_method_and_no_body(server: RunningServer) -> None:
    path = presigned(server, "/_local/clock")
    assert refused(server.ask("POST", path, b'{"seconds": 1}', {}), INVALID)
    assert refused(server.ask("GET", path, b'{"seconds": 1}', {}), INVALID)


def test_the_words_for_the_wrong_kind_of_authorization(server: RunningServer, answers: str) -> None:
    answer = server.ask("POST", invocations(answers), b"{}", {"Authorization": "Bearer a.b.c"})
    assert answer.json()["message"].startswith("Authorization method mismatch.")


def test_a_deployers_key_opens_nothing(server: RunningServer, answers: str) -> None:
    """It stands in presigned addresses and logs; a session has even its secret."""
    given = {"AWS_ACCESS_KEY_ID": OTHER_KEY[0], "AWS_SECRET_ACCESS_KEY": OTHER_KEY[1]}
    server.local.put_credentials(answers, given)
    try:
        for method, path in (("POST", invocations(answers)), ("POST", "/runtimes/"), ("GET", "/_local/health")):
            headers = signed(server.info.url + path, method, {}, b"{}", key=OTHER_KEY)
            assert refused(server.ask(method, path, b"{}", headers), "UnrecognizedClientException")
    finally:
        server.local.put_credentials(answers, {})


def test_clients_are_not_locked_out_when_the_clock_is_advanced(
    server: RunningServer, answers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was signed before, two seconds ago, does not outlive the time that was skipped."""
    with monkeypatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: datetime.now(UTC) - timedelta(seconds=2))
        before = presigned(server, "/_local/health")
    assert server.ask("GET", before, None, {}).status == 200
    server.local.advance_clock(16 * 60)
    assert server.data.invoke_agent_runtime(agentRuntimeArn=answers, payload=b"{}")["statusCode"] == 200
    assert server.ask("GET", presigned(server, "/_local/health"), None, {}).status == 200
    by_its_clock = stamped(server, "/_local/health", time.time() + timedelta(minutes=16).total_seconds())
    assert server.ask("GET", "/_local/health", None, by_its_clock).status == 200
    between = stamped(server, "/_local/health", time.time() + timedelta(minutes=8).total_seconds())
    assert refused(server.ask("GET", "/_local/health", None, between), INVALID)
    assert "expired" in refused(server.ask("GET", before, None, {}), INVALID)


def test_nothing_secret_is_written_down(server: RunningServer, answers: str) -> None:
    """The secret stands in server.json, which its owner alone can read, and nowhere else."""
    server.invoke(answers, b"{}", new_session())
    assert list(server.files_with(server.info.secret_key)) == [server.home.server_file]
    assert server.home.server_file.stat().st_mode & 0o777 == 0o600
    assert server.info.secret_key not in repr(server.info)
    assert len(server.info.secret_key) == 40


def test_websockets_want_the_same_proof(server: RunningServer, answers: str) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    path = f"/runtimes/{quote(answers, safe='')}/ws"
    base = f"ws://{server.info.host}:{server.info.port}"
    good = server.signed("GET", path, {})
    attempts: list[tuple[str, dict[str, Any]]] = [
        (path, good | {"Authorization": good["Authorization"][:-64] + "0" * 64}),
        (f"{path}?{urlencode({'qualifier': 'x'})}", good),
        (presigned(server, path, key=(server.info.access_key, "guessed")), {}),
    ]
    for target, headers in attempts:
        with (
            pytest.raises(InvalidStatus) as failed,
            connect(base + target, additional_headers=headers, compression=None, proxy=None),
        ):
            pass
        assert failed.value.response.headers["x-amzn-errortype"] == INVALID
