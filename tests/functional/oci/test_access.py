"""Who may ask a registry: Bearer tokens, TLS, and what `docker login` keeps."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentcore_cli.builders.registry import access
from agentcore_cli.builders.registry.access import SignIn
from agentcore_cli.errors import AgentcoreError, CredentialsError
from tests import registry_server
from tests.fakes.token_realm import IDENTITY, PASSWORD, USER, TokenRealm
from tests.functional.oci.conftest import SIGN_IN, Yard, publish_base
from tests.registry_server import RegistryServer

ANN = SignIn(USER, PASSWORD)


@pytest.fixture
def realm(tmp_path: Path) -> Iterator[TokenRealm]:
    with TokenRealm(tmp_path) as realm:
        yield realm


@pytest.fixture
def guarded(realm: TokenRealm, tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry that takes the realm's tokens alone, with the base image in it."""
    if not registry_server.is_installed():
        pytest.skip("docker-registry is not installed: apt-get install docker-registry")
    with registry_server.running(tmp_path / "guarded", token=realm.configuration) as server:
        publish_base(tmp_path / "base", server.host, ANN)
        yield server


def yard_at(folder: Path, host: str, sign_in: SignIn | None) -> Yard:
    (folder / "yard" / "project").mkdir(parents=True)
    (folder / "yard" / "project" / "main.py").write_text("answer = 1\n")
    return Yard(folder / "yard", host, sign_in=sign_in)


@pytest.mark.parametrize("who", [ANN, SignIn("<token>", identity=IDENTITY)], ids=["password", "identity token"])
def test_tokens_are_fetched_for_what_is_done(
    guarded: RegistryServer, realm: TokenRealm, tmp_path: Path, who: SignIn
) -> None:
    yard = yard_at(tmp_path, guarded.host, who)
    before = len(realm.asked)
    built = yard.build()
    assert realm.asked[before:] == [["repository:base/python:pull"]]
    assert yard.push(built) == built.digest
    assert ["repository:bot:pull,push"] in realm.asked
    assert ["repository:bot:pull,push", "repository:base/python:pull"] in realm.asked


def test_everybody_may_pull_what_is_open(guarded: RegistryServer, tmp_path: Path) -> None:
    yard = yard_at(tmp_path, guarded.host, None)
    built = yard.build()
    with pytest.raises(CredentialsError):
        yard.push(built)


def test_a_token_that_has_ended_is_renewed(guarded: RegistryServer, realm: TokenRealm, tmp_path: Path) -> None:
    yard = yard_at(tmp_path, guarded.host, ANN)
    realm.stale = 1
    assert yard.build().digest


def test_a_wrong_password_is_told_with_what_to_do(guarded: RegistryServer, tmp_path: Path) -> None:
    yard = yard_at(tmp_path, guarded.host, replace(ANN, password="stand-in-2"))
    with pytest.raises(CredentialsError, match=r"base image .*: it does not let us in") as caught:
        yard.build()
    assert caught.value.hint == f"docker login {guarded.host}; it keeps them for us too"


def test_over_tls_the_authority_must_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not registry_server.is_installed():
        pytest.skip("docker-registry is not installed: apt-get install docker-registry")
    with registry_server.running(tmp_path / "tls", tls=True, password=True) as server:
        yard = yard_at(tmp_path, server.host, SIGN_IN)
        with pytest.raises(AgentcoreError, match="certificate verify failed"):
            yard.build()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(server.authority))
        publish_base(tmp_path / "base", server.host)
        built = yard.build()
        assert yard.push(built) == built.digest
        assert server.tags("bot") == ["v1"]


@pytest.fixture
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's folder; its config is for the test to write. A helper named `own` lies on the PATH."""
    helper = tmp_path / "bin" / "docker-credential-own"
    helper.parent.mkdir()
    helper.write_text(
        '#!/bin/sh\nread host\n[ "$host" = broken.example ] && { echo cannot; exit 1; }\n'
        'printf \'{"ServerURL":"%s","Username":"ann","Secret":"of-%s"}\' "$host" "$host"\n'
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{helper.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def test_what_docker_login_kept_is_found(docker_config: Path) -> None:
    auth = base64.b64encode(b"bob:stand-in").decode()
    hub = {"auth": base64.b64encode(b"hub:stand-in").decode()}
    kept = {"a.example": {"auth": auth}, "https://index.docker.io/v1/": hub}
    docker_config.write_text(json.dumps({"auths": kept, "credHelpers": {"b.example": "own", "broken.example": "own"}}))
    assert access.of_docker("a.example") == SignIn("bob", "stand-in")
    assert access.of_docker("b.example") == SignIn("ann", "of-b.example")
    assert access.of_docker("registry-1.docker.io") == SignIn("hub", "stand-in")
    assert access.of_docker("c.example") is None
    with pytest.raises(CredentialsError, match=r"broken.example: Docker's credential helper failed") as caught:
        access.of_docker("broken.example")
    assert caught.value.hint == "docker login broken.example"


@pytest.mark.parametrize(
    "says", ["", "not JSON", "[]", '{"Username": "ann"}', "'", "{}", '{"Username": 1, "Secret": null}']
)
def test_a_helper_that_says_something_else_is_told_without_what_it_said(docker_config: Path, says: str) -> None:
    helper = docker_config.parent / "bin" / "docker-credential-odd"
    helper.write_text(
        f"#!/bin/sh\ncat > /dev/null\ncat <<'END'\n{says} stand-in-secret\nEND\n" if says else "#!/bin/sh\n"
    )
    helper.chmod(0o755)
    docker_config.write_text(json.dumps({"credHelpers": {"odd.example": "odd"}}))
    with pytest.raises(CredentialsError, match=r"odd.example: Docker's credential helper failed") as caught:
        access.of_docker("odd.example")
    assert "stand-in-secret" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"auths": []}', '{"auths": {"a.example": 7}}', '{"credHelpers": 3}'])
def test_a_config_that_is_damaged_is_told_or_none(docker_config: Path, text: str) -> None:
    docker_config.write_text(text)
    try:
        assert access.of_docker("a.example") is None
    except CredentialsError as error:
        assert error.hint == "docker login a.example"  # noqa: PT017


def test_an_identity_token_that_docker_login_kept_is_found(docker_config: Path) -> None:
    auth = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    docker_config.write_text(json.dumps({"auths": {"a.example": {"auth": auth, "identitytoken": "stand-in"}}}))
    found = access.of_docker("a.example")
    assert found
    assert found.identity == "stand-in"


def test_a_helper_that_hangs_is_told(docker_config: Path) -> None:
    gate = docker_config.parent / "gate"
    os.mkfifo(gate)
    helper = docker_config.parent / "bin" / "docker-credential-slow"
    helper.write_text(f"#!/bin/sh\nexec cat {gate}\n")
    helper.chmod(0o755)
    docker_config.write_text(json.dumps({"credHelpers": {"slow.example": "slow"}}))
    with pytest.raises(CredentialsError, match=r"slow\.example: .* no answer in 0\.05 seconds"):
        access.of_docker("slow.example", 0.05)
    gate.open("w").close()  # and the helper ends
    for thread in threading.enumerate():
        if thread.name == "credential helper":
            thread.join()


def test_without_a_config_nobody_asks(docker_config: Path) -> None:
    assert access.of_docker("a.example") is None
    assert not docker_config.exists()


def test_a_password_is_in_no_text_of_ours() -> None:
    assert "stand-in" not in repr(ANN)
