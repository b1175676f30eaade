"""`invoke` on an agent that takes tokens: which are taken, and what is said of those that are not."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.fakes.oidc import Provider, SigningKey, provider
from tests.functional.commands.aws_project import arn_of, on_aws
from tests.functional.commands.conftest import AGENT
from tests.same_process import SameProcess

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@pytest.fixture(scope="module")
def oidc() -> Iterator[Provider]:
    with provider(robot="its-secret") as running:
        yield running


def jwt(oidc: Provider) -> tuple[str, ...]:
    """The options for an authorizer that names both."""
    return ("--jwt-discovery-url", oidc.discovery_url, "--jwt-audience", "app", "--jwt-client", "robot")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, oidc: Provider) -> Iterator[CommandLine]:
    """The agent behind an authorizer, here."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copy(AGENT, folder / "agent.py")
    command = SameProcess(folder, {"AGENTCORE_HOME": str(home)})
    command.run("configure", "--entrypoint", "agent.py", "--name", "answers", *jwt(oidc))
    command.run("deploy", "--local")
    yield command
    command.run("destroy", "--local", "--yes")
    leave(home)


@pytest.fixture
def aws(guarded: CommandLine, tmp_path: Path) -> CommandLine:
    """The same as if it were on AWS; a caller with a token has no credentials."""
    return on_aws(guarded, tmp_path, **NO_KEYS)


def with_token(command: CommandLine, token: str) -> CommandLine:
    return SameProcess(command.folder, {**command.environment, "AGENTCORE_BEARER_TOKEN": token})


def fitting(oidc: Provider, **claims: Any) -> str:
    return oidc.token(**{"aud": "app", "client_id": "robot"} | claims)


def test_a_fitting_token_is_all_that_a_caller_needs(guarded: CommandLine, aws: CommandLine, oidc: Provider) -> None:
    token = fitting(oidc)
    (aws.folder / "token").write_text(f"Bearer {token}\n")
    for command in (aws, with_token(guarded, token)):
        arguments = ("--bearer-token", "@token") if command is aws else ("--local",)
        answer = command.json("invoke", "{}", *arguments, "-s", "known")
        assert answer["response"]["payload"] == {}
    assert aws.json("sessions", "stop", "known", "--bearer-token", "@token")["stopped"]
    assert aws.run("exec", "echo there", "--bearer-token", "@token").stdout == "there\n"


@pytest.mark.parametrize(
    ("claims", "says", "next_step"),
    [
        pytest.param({"exp": 1}, "the token has expired", "the token expired", id="expired"),
        pytest.param({"aud": "other"}, "for another audience", "issuer, audience and client", id="another audience"),
        pytest.param({"iss": "https://example.org"}, "another issuer", "issuer, audience", id="another issuer"),
        pytest.param({"client_id": "spy"}, "client that is not allowed", "issuer, audience", id="another client"),
    ],
)
@pytest.mark.parametrize("where", ["aws", "local"])
def test_a_token_that_does_not_fit_is_exit_3(
    guarded: CommandLine,
    aws: CommandLine,
    oidc: Provider,
    where: str,
    claims: dict[str, Any],
    says: str,
    next_step: str,
) -> None:
    token = fitting(oidc, **claims)
    command = with_token(aws if where == "aws" else guarded, token)
    ran = command.run("invoke", "{}", f"--{'target=aws' if where == 'aws' else 'local'}", code=3)
    assert says in ran.stderr
    assert next_step in ran.stderr
    assert ran.stdout == ""
    failed = json.loads(
        command.run("--json", "invoke", "{}", *(["--local"] if where == "local" else []), code=3).stdout
    )
    assert failed["error"]["code"] == "AccessDenied"
    assert token not in ran.stderr + json.dumps(failed)


def test_a_token_without_an_audience_is_told_with_the_flags_that_let_it_in(
    guarded: CommandLine, oidc: Provider, tmp_path: Path
) -> None:
    """The token that Cognito gives to a user has none. What is advised is typed, and the same token gets in."""
    shutil.copytree(guarded.folder, tmp_path / "project", ignore=shutil.ignore_patterns(".agentcore"))
    command = with_token(CommandLine(tmp_path / "project", guarded.environment), oidc.token(client_id="robot"))
    command.run("configure", "--name", "without_aud", "-e", "agent.py", "--default", *jwt(oidc))
    command.run("deploy", "--local")
    told = command.run("invoke", "--local", "{}", code=3).stderr
    assert "the token has no aud" in told
    advised = re.search(r"agentcore (configure .*), then deploy", told)
    assert advised
    command.run(*shlex.split(advised[1]))
    command.run("deploy", "--local")
    assert command.json("invoke", "--local", "{}")["response"]["payload"] == {}
    command.run("destroy", "--local", "--yes")


def test_a_forged_token_is_exit_3(aws: CommandLine, oidc: Provider) -> None:
    forged = fitting(oidc, key=SigningKey.make("RS256"))
    assert "not signed by a key of the issuer" in with_token(aws, forged).run("invoke", "{}", code=3).stderr
    assert with_token(aws, "no.real.token").run("invoke", "{}", code=3).stdout == ""


def test_a_signature_on_an_agent_that_takes_tokens(guarded: CommandLine, aws: CommandLine) -> None:
    signed = SameProcess(
        aws.folder, {**aws.environment, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    )
    for ran in (guarded.run("invoke", "--local", "{}", code=3), signed.run("invoke", "{}", code=3)):
        assert "takes a bearer token: --bearer-token @FILE, or AGENTCORE_BEARER_TOKEN" in ran.stderr


def test_without_either_the_token_is_asked_for(aws: CommandLine) -> None:
    """Not AWS's credentials, which would not help."""
    said = aws.run("invoke", "{}", code=3).stderr
    assert "takes a bearer token" in said
    by_arn = SameProcess(Path("/"), aws.environment).run("invoke", "--arn", arn_of(aws), "{}", code=3)
    assert "credentials" in by_arn.stderr


def test_the_provider_may_change_its_key(guarded: CommandLine, oidc: Provider) -> None:
    before = fitting(oidc)
    oidc.rotate("ES256", keep_old=True)
    for token in (before, fitting(oidc)):
        assert with_token(guarded, token).json("invoke", "--local", "{}")["response"]["payload"] == {}


def test_an_issuer_on_this_machine_is_nothing_for_aws(guarded: CommandLine) -> None:
    signed = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    command = SameProcess(guarded.folder, {**guarded.environment, **signed})
    for verb in ("plan", "deploy"):
        said = command.run(verb, "--target", "aws", code=2).stderr
        assert "agents.answers.authorizer.discovery_url: http://127.0.0.1" in said
        assert "is not an https URL" in said
