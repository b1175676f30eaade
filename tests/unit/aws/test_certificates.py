"""Behind a company's proxy all clients trust the same certificates, and a proxy is reached by the scheme of its URL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agentcore_cli.aws import endpoints, token_endpoint
from agentcore_cli.aws.http import send
from agentcore_cli.certificates import trusted
from agentcore_cli.errors import InputError, ServiceError
from agentcore_cli.local.access.fetching import Deadline, fetch
from tests.fakes.tls_servers import PrivateAuthority, answering, tunnelling

SECONDS = 30.0


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrivateAuthority:
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    return PrivateAuthority(tmp_path)


def invoke(url: str) -> object:
    with endpoints.connect(url, SECONDS) as connection:
        answer = send(connection, "GET", "/", {"Host": "localhost"}, b"")
        return json.loads(b"".join(answer.pieces()))


def local_server(url: str) -> object:
    return json.loads(fetch(url, Deadline(SECONDS), 1000, lambda _: None, proxies=True))


def auth_token(url: str) -> object:
    return token_endpoint.client_token(url, "id", "secret", ())


DOORS = [
    pytest.param(invoke, {"access_token": "given"}, id="invoke"),
    pytest.param(local_server, {"access_token": "given"}, id="the local server"),
    pytest.param(auth_token, "given", id="auth token"),
]


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize(("ask", "told"), DOORS)
def test_every_door_trusts_the_same(
    authority: PrivateAuthority,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[str], object],
    told: object,
    variable: str,
) -> None:
    with authority.serving(answering(b'{"access_token": "given"}')) as port:
        url = f"https://localhost:{port}/"
        with pytest.raises((OSError, ServiceError), match="certificate verify failed"):
            ask(url)
        monkeypatch.setenv(variable, str(authority.bundle))
        assert ask(url) == told


def test_a_bundle_that_is_missing_is_named_by_its_variable() -> None:
    with pytest.raises(InputError, match=r"^REQUESTS_CA_BUNDLE /nope\.pem: can't be read"):
        trusted({"REQUESTS_CA_BUNDLE": "/nope.pem"})


def test_a_proxy_with_an_https_address_is_spoken_to_by_tls(
    authority: PrivateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
    with authority.serving(answering(b'"through"')) as port, authority.serving(tunnelling(asked)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://me:word@localhost:{proxy}")
        assert invoke(f"https://127.0.0.1:{port}/") == "through"
    assert asked[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % port)
    assert b"Proxy-Authorization: Basic bWU6d29yZA==" in asked[0]
