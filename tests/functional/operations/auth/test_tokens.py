"""Tokens for programs from any OpenID provider, and where secrets are, and are not, to be found."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest

from tests.command_line import AGENTCORE, CommandLine
from tests.conftest import leave
from tests.fakes.oidc import DISCOVERY, TOKEN, Provider, provider
from tests.same_process import SameProcess
from tests.stand_ins import Moto

AGENT = Path(__file__).parents[3] / "agents" / "answers.py"
SECRET = "the robot's %/:+ secret"


@pytest.fixture(scope="module")
def oidc() -> Iterator[Provider]:
    with provider(robot=quote(SECRET, safe="")) as running:  # as it comes by Basic (RFC 6749, section 2.3.1)
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, oidc: Provider) -> Iterator[CommandLine]:
    """An agent here that lets the provider's robot in."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copy(AGENT, folder / "agent.py")
    command = SameProcess(folder, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})
    jwt = ("--jwt-discovery-url", oidc.discovery_url, "--jwt-client", "robot")
    command.run("configure", "--entrypoint", "agent.py", "--name", "answers", *jwt)
    command.run("deploy")
    yield command
    command.run("destroy", "--yes")
    leave(home)


@pytest.fixture
def project(tmp_path: Path, moto: Moto) -> CommandLine:
    """One on AWS, where Cognito is."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(AGENT, folder / "agent.py")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": moto.url}
    command = SameProcess(folder, {**keys, "AGENTCORE_HOME": str(tmp_path / "home")})
    command.run("configure", "--entrypoint", "agent.py", "--name", "answers", "--region", "us-west-2")
    return command


def with_secret(command: CommandLine, secret: str = SECRET) -> CommandLine:
    return SameProcess(command.folder, {**command.environment, "AGENTCORE_CLIENT_SECRET": secret})


def through(command: CommandLine, line: str) -> subprocess.CompletedProcess[str]:
    """A line for a shell, with `agentcore` as the command."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("agentcore", str(AGENTCORE))],
        cwd=command.folder,
        env=command.whole_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_token_goes_from_the_provider_into_a_call(guarded: CommandLine) -> None:
    line = "agentcore auth token --client-id robot | agentcore invoke --bearer-token - '{}' -s piped"
    ran = through(with_secret(guarded), line)
    assert (ran.returncode, json.loads(ran.stdout)["calls"]) == (0, 1), ran.stderr
    assert "seen by all processes" not in ran.stderr


def test_a_secret_comes_from_a_file_or_stdin_too(guarded: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    from_file = guarded.run("auth", "token", "--client-id", "robot", "--client-secret", f"@{tmp_path}/secret")
    line = f"agentcore auth token --client-id robot --client-secret - < {tmp_path}/secret"
    for token in (from_file.stdout, through(guarded, line).stdout):
        called = SameProcess(guarded.folder, {**guarded.environment, "AGENTCORE_BEARER_TOKEN": token.strip()})
        assert called.json("invoke", "{}")["status_code"] == 200


def test_scopes_are_asked_for(guarded: CommandLine, oidc: Provider) -> None:
    token = with_secret(guarded).json("auth", "token", "--client-id", "robot", "--scope", "talk", "--scope", "read")
    claims = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert (claims["scope"], claims["client_id"], claims["iss"]) == ("talk read", "robot", oidc.issuer)


def test_tokens_of_old_and_new_keys_are_taken(guarded: CommandLine, oidc: Provider) -> None:
    command = with_secret(guarded)
    tokens = [command.run("auth", "token", "--client-id", "robot").stdout.strip()]
    oidc.rotate("ES256", keep_old=True)
    tokens.append(command.run("auth", "token", "--client-id", "robot").stdout.strip())
    for token in tokens:
        called = SameProcess(guarded.folder, {**guarded.environment, "AGENTCORE_BEARER_TOKEN": token})
        assert called.json("invoke", "{}")["status_code"] == 200


@pytest.mark.parametrize(
    ("client", "secret", "says"),
    [
        pytest.param("robot", "a-wrong-secret", "refused: invalid_client", id="wrong secret"),
        pytest.param("nobody", SECRET, "refused: invalid_client", id="unknown client"),
    ],
)
def test_a_refusal_is_exit_3_and_holds_no_secret(guarded: CommandLine, client: str, secret: str, says: str) -> None:
    command = with_secret(guarded, secret)
    ran = command.run("-v", "auth", "token", "--client-id", client, code=3)
    assert says in ran.stderr
    assert "next: check the client id, its secret and its scopes" in ran.stderr
    assert secret not in ran.stderr
    assert ran.stdout == ""


def test_a_provider_that_is_busy_or_gone_is_exit_1(guarded: CommandLine, oidc: Provider) -> None:
    command = with_secret(guarded)
    oidc.failing = True
    try:
        assert "refused: temporarily_unavailable" in command.run("auth", "token", "--client-id", "robot", code=1).stderr
    finally:
        oidc.failing = False
    config = guarded.folder / ".agentcore.yaml"
    text = config.read_text()
    config.write_text(text.replace(oidc.issuer, "http://127.0.0.1:1"))
    try:
        ran = command.run("auth", "token", "--client-id", "robot", code=1)
    finally:
        config.write_text(text)
    assert f"http://127.0.0.1:1{DISCOVERY}: no usable answer" in ran.stderr
    assert SECRET not in ran.stderr


def test_a_user_of_a_provider_that_is_not_cognito_cannot_be_asked_for(guarded: CommandLine, oidc: Provider) -> None:
    asked = oidc.asked.get(TOKEN, 0)
    assert (
        "the local runtime has none" in guarded.run("auth", "token", "--user", "ann", "--password", "-", code=2).stderr
    )
    assert oidc.asked.get(TOKEN, 0) == asked


def test_a_password_is_shown_once_and_kept_nowhere(project: CommandLine, tmp_path: Path) -> None:
    made = project.json("-v", "auth", "create-pool", "--user", "ann", "--service")
    secrets = [made["users"][0]["password"], made["service"]["client_secret"]]
    assert [user["password"] for user in project.json("auth", "create-pool", "--user", "ann")["users"]] == [None]
    shown = project.run("auth", "create-pool", "--user", "ann")
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and "moto" not in path.parts]
    assert len(kept) > 2
    for secret in secrets:
        assert len(secret) >= 20
        assert not [path for path in kept if secret.encode() in path.read_bytes()]
    assert secrets[0] not in shown.stdout + shown.stderr


def test_people_see_it_once_on_stdout_alone(project: CommandLine) -> None:
    ran = project.run("auth", "create-pool", "--user", "ann", "--user", "bob")
    rows = [line.split() for line in ran.stdout.splitlines() if line.startswith(("ann", "bob"))]
    assert [row[0] for row in rows] == ["ann", "bob"]
    for _, password in rows:
        assert password not in ran.stderr
        assert any(letter.isdigit() for letter in password)


def test_a_pool_without_our_tags_is_not_deleted(project: CommandLine, moto: Moto) -> None:
    made = project.json("auth", "create-pool")
    cognito = moto.client("cognito-idp")
    pool = cognito.describe_user_pool(UserPoolId=made["pool_id"])["UserPool"]
    cognito.update_user_pool(UserPoolId=made["pool_id"], UserPoolTags={"team": "others"})
    config = (project.folder / ".agentcore.yaml").read_text()
    said = project.run("auth", "delete-pool", "--yes", code=1).stderr
    assert f"user pool {pool['Name']} ({made['pool_id']}) exists and is not ours: it has no tags" in said
    assert cognito.describe_user_pool(UserPoolId=made["pool_id"])["UserPool"]["Name"] == pool["Name"]
    assert (project.folder / ".agentcore.yaml").read_text() == config


def test_of_two_pools_with_the_name_ours_is_the_one_deleted(project: CommandLine, moto: Moto) -> None:
    made = project.json("auth", "create-pool")
    cognito = moto.client("cognito-idp")
    name = cognito.describe_user_pool(UserPoolId=made["pool_id"])["UserPool"]["Name"]
    theirs = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    assert project.json("auth", "delete-pool", "--yes")["pool_id"] == made["pool_id"]
    assert [pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]] == [theirs]
