"""Our SigV4 against botocore's: the same signature for whatever is signed."""

from __future__ import annotations

import base64
import datetime
import json
import time

import pytest
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from agentcore_cli.aws.credentials import Credentials
from agentcore_cli.aws.signing import Bearer, LocalKey, SignedRequest
from agentcore_cli.aws.sigv4 import SigV4
from agentcore_cli.signature import SigningKey

NOW = 1_790_000_000.0
PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
NAMES = st.text(st.sampled_from("abcdefXYZ-0"), min_size=1, max_size=12).filter(lambda name: name[0].isalpha())
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
ENCODED = st.text(st.sampled_from("ab%2Fé~_-.:$&+".replace("é", "")), max_size=12)
HEADERS = st.dictionaries(
    st.one_of(NAMES, st.sampled_from(["User-Agent", "traceparent", "Baggage"])), VALUES, max_size=5
)
PATHS = st.lists(st.one_of(ENCODED, st.sampled_from(["..", ".", ""])), max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)
QUERIES = st.lists(st.tuples(ENCODED, ENCODED), max_size=4).map(
    lambda pairs: "&".join(f"{key.replace('&', '')}={value.replace('&', '')}" for key, value in pairs)
)


class BotocoreAtNow(SigV4Auth):
    """botocore's signer, at the moment NOW."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        request.context["timestamp"] = datetime.datetime.fromtimestamp(NOW, datetime.UTC).strftime(SIGV4_TIMESTAMP)
        super()._modify_request_before_signing(request)


def botocores(request: SignedRequest, credentials: Credentials, region: str) -> str:
    """The Authorization header that botocore makes of the same request."""
    theirs = BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    asked = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    BotocoreAtNow(theirs, "bedrock-agentcore", region).add_auth(asked)
    return str(asked.headers["Authorization"])


@given(
    method=st.sampled_from(["GET", "POST"]),
    path=PATHS,
    query=QUERIES,
    headers=HEADERS,
    body=st.binary(max_size=100),
    secret=PLAIN,
    token=st.none() | PLAIN,
)
def test_any_request_is_signed_as_botocore_signs_it(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes, secret: str, token: str | None
) -> None:
    url = f"https://bedrock-agentcore.us-west-2.amazonaws.com{path}{'?' + query if query else ''}"
    by_name = {name.lower(): (name, value) for name, value in headers.items()}
    said = {"Host": "bedrock-agentcore.us-west-2.amazonaws.com"} | dict(by_name.values())
    said = {name: value for name, value in said.items() if name.lower() != "host" or name == "Host"}
    credentials = Credentials("AKIDEXAMPLE", secret, token)
    request = SignedRequest(method, url, dict(said), body)
    expected = botocores(request, credentials, "us-west-2")
    SigV4(lambda: credentials, "us-west-2", now=lambda: NOW).sign(request)
    assert request.headers["Authorization"] == expected
    assert request.headers.get("X-Amz-Security-Token") == token


def test_an_arn_in_the_path_is_encoded_once_more_for_the_signature() -> None:
    url = "http://127.0.0.1:8/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-west-2%3A1%3Aruntime%2Fa/invocations?qualifier=a%20b"
    request = SignedRequest("POST", url, {"Host": "127.0.0.1:8"}, b"{}")
    credentials = Credentials("AKIDEXAMPLE", "secret")
    expected = botocores(request, credentials, "us-west-2")
    SigV4(lambda: credentials, "us-west-2", now=lambda: NOW).sign(request)
    assert request.headers["Authorization"] == expected


def test_secrets_are_in_no_repr() -> None:
    signers = [Bearer("hidden-token"), SigV4(lambda: Credentials("AK", "hidden-secret", "hidden-token"), "us-west-2")]
    assert "hidden" not in repr(signers)
    assert "hidden" not in repr(Credentials("AK", "hidden-secret", "hidden-token"))


def token(**claims: object) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{middle}.sig"


@pytest.mark.parametrize(
    ("signer", "kind", "message", "says"),
    [
        (Bearer(token(exp=time.time() - 60)), "AccessDeniedException", "no", "expired "),
        (
            Bearer(token(exp=time.time() + 86_400, aud="x")),
            "AccessDeniedException",
            "no",
            "issuer, audience and client",
        ),
        (Bearer(token(client_id="abc")), "AccessDeniedException", "no", "--jwt-audience '' --jwt-client abc"),
        (Bearer("nonsense"), "UnauthorizedException", "no", "issuer, audience and client"),
        (Bearer("x"), "AccessDeniedException", "Authorization method mismatch.", "leave the bearer token out"),
        (
            LocalKey(SigningKey("k", "s"), "r"),
            "AccessDeniedException",
            "Authorization method mismatch.",
            "--bearer-token",
        ),
        (SigV4(lambda: Credentials("a", "b"), "r"), "AccessDeniedException", "not authorized", "InvokeAgentRuntime"),
        (SigV4(lambda: Credentials("a", "b"), "r"), "ExpiredTokenException", "expired", "renew"),
    ],
)
def test_a_refusal_leads_somewhere(signer: Bearer | LocalKey | SigV4, kind: str, message: str, says: str) -> None:
    assert says in (signer.advice(kind, message) or "")
