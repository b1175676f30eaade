"""Secrets: named in the config, handed over in memory, and in no file, plan, log or answer of ours."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.fakes.scripted_service import ScriptedService
from tests.long_cases import always
from tests.same_process import SameProcess
from tests.stand_ins import Moto

VALUE = "s3cret-of-the-agent"
AGENT = """
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = os.environ["SEARCH_API_KEY"]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply({"status": "Healthy"})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.reply({"length": len(KEY), "last": KEY[-5:]})

    def reply(self, told):
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[CommandLine]:
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    (tmp_path / "agent.py").write_text(AGENT)
    command = SameProcess(tmp_path, {"AGENTCORE_HOME": str(home)})
    command.run("configure", "-e", "agent.py", "--name", "bot", "--region", "us-west-2")
    yield command
    command.run("destroy", "--local", "--yes")
    leave(home)


def holding(folder: Path) -> list[str]:
    """The files below a folder that hold the value."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and VALUE.encode() in path.read_bytes():
            found.append(path.name)
    return found


def test_from_the_first_failure_to_an_answer(project: CommandLine) -> None:
    (project.folder / ".env").write_text(f"SEARCH_API_KEY={VALUE}\n")
    failed = project.run("deploy", "--local", code=5)
    assert ".env has SEARCH_API_KEY, and stays behind" in failed.stderr
    assert "next: agentcore configure --secret SEARCH_API_KEY=env, then agentcore deploy --local" in failed.stderr
    project.run("configure", "--secret", "SEARCH_API_KEY=env")
    deployed = project.run("deploy", "--local")
    assert "secrets for local sessions, in memory only: SEARCH_API_KEY from .env" in deployed.stderr
    assert json.loads(project.run("invoke", "--local", "{}").stdout) == {"length": len(VALUE), "last": VALUE[-5:]}
    assert "nothing to do" in project.run("plan", "--local").stdout
    said = [project.run("--json", *verb, "--local").stdout for verb in (["status"], ["sessions", "list"], ["logs"])]
    assert VALUE not in "".join([failed.stdout, failed.stderr, deployed.stdout, deployed.stderr, *said])
    assert holding(project.folder) == [".env"]
    assert holding(Path(project.environment["AGENTCORE_HOME"])) == []


def test_the_shell_goes_first_and_a_later_deploy_hands_a_new_value_over(project: CommandLine) -> None:
    (project.folder / ".env").write_text("SEARCH_API_KEY=of-the-file\n")
    project.run("configure", "--secret", "SEARCH_API_KEY=env")
    shell = SameProcess(project.folder, {**project.environment, "SEARCH_API_KEY": VALUE})
    assert "SEARCH_API_KEY from the shell" in shell.run("deploy", "--local").stderr
    assert json.loads(project.run("invoke", "--local", "{}", "-s", "a").stdout)["last"] == VALUE[-5:]
    project.run("deploy", "--local")
    assert json.loads(project.run("invoke", "--local", "{}", "-s", "b").stdout)["last"] == "-file"


def test_one_that_is_nowhere_is_bad_input(project: CommandLine) -> None:
    project.run("configure", "--secret", "SEARCH_API_KEY=env")
    ran = project.run("deploy", "--local", code=2)
    assert "agents.bot.secrets: SEARCH_API_KEY: neither in the shell nor in .env.local or .env" in ran.stderr


def test_what_this_machine_alone_has_is_refused_on_aws_before_anything_is_made(project: CommandLine) -> None:
    project.run("configure", "--secret", "SEARCH_API_KEY=env")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "SEARCH_API_KEY": VALUE}
    away = SameProcess(project.folder, {**project.environment, **keys})
    for verb in ("plan", "deploy"):
        ran = away.run(verb, code=2)
        assert "agents.bot.secrets: SEARCH_API_KEY: `env` is this machine's" in ran.stderr
        assert "agentcore configure --secret SEARCH_API_KEY=secretsmanager:NAME" in ran.stderr
        assert VALUE not in ran.stderr


@pytest.fixture
def deployer(project: CommandLine, moto: Moto) -> CommandLine:
    """Whoever deploys, with keys of an account that keeps the secret."""
    moto.client("secretsmanager").create_secret(Name="prod/search", SecretString=json.dumps({"key": VALUE}))
    moto.client("ssm").put_parameter(Name="/team/search", Value=VALUE, Type="SecureString")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": moto.url}
    return SameProcess(project.folder, {**project.environment, **keys})


@pytest.mark.parametrize("source", ["secretsmanager:prod/search#key", "ssm:/team/search"])
def test_what_aws_keeps_is_read_by_the_deployer_for_local_sessions(deployer: CommandLine, source: str) -> None:
    deployer.run("configure", "--secret", f"SEARCH_API_KEY={source}")
    deployed = deployer.run("deploy", "--local")
    assert f"in memory only: SEARCH_API_KEY from {source}" in deployed.stderr
    assert json.loads(deployer.run("invoke", "--local", "{}").stdout) == {"length": len(VALUE), "last": VALUE[-5:]}
    assert VALUE not in deployed.stdout + deployed.stderr
    assert holding(deployer.folder) == holding(Path(deployer.environment["AGENTCORE_HOME"])) == []
    (deployer.folder / ".env").write_text("SEARCH_API_KEY=of-the-file\n")
    assert "SEARCH_API_KEY from .env" in deployer.run("deploy", "--local").stderr
    assert json.loads(deployer.run("invoke", "--local", "{}", "-s", "b").stdout)["last"] == "-file"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("secretsmanager:nowhere", "there is no such secret in us-west-2"),
        ("secretsmanager:prod/search#other", "has no key other"),
    ],
)
def test_what_aws_does_not_keep_is_told_before_anything_is_made(deployer: CommandLine, source: str, told: str) -> None:
    deployer.run("configure", "--secret", f"SEARCH_API_KEY={source}")
    ran = deployer.run("deploy", "--local", code=2)
    assert f"agents.bot: secret SEARCH_API_KEY: {source}: {told}" in ran.stderr
    assert "a line SEARCH_API_KEY=VALUE in .env takes its place on this machine" in ran.stderr
    deployer.run("sessions", "list", "--local", code=4)  # nothing is deployed


def test_what_the_deployer_may_not_read_or_has_no_keys_for_is_a_matter_of_credentials(deployer: CommandLine) -> None:
    deployer.run("configure", "--secret", "SEARCH_API_KEY=secretsmanager:prod/search")
    nobody = {name: value for name, value in deployer.environment.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    away = SameProcess(deployer.folder, nobody | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"})
    said = away.run("deploy", "--local", code=3).stderr
    assert "agents.bot.secrets: SEARCH_API_KEY: no usable AWS credentials" in said
    assert "next: `aws configure` or `--profile`; or a line SEARCH_API_KEY=VALUE in .env takes its place" in said
    refusal = {"__type": "AccessDeniedException", "Message": "User: me is not authorized"}
    with ScriptedService((400, refusal)) as service:
        refused = SameProcess(deployer.folder, {**deployer.environment, "AWS_ENDPOINT_URL": service.url})
        said = refused.run("deploy", "--local", code=3).stderr
    assert "secretsmanager:prod/search: AccessDeniedException: User: me is not authorized" in said


@pytest.mark.parametrize(
    "pair",
    always(
        "A=vault:x",
        "A=ssm:team/x",
        "A=secretsmanager:x#",
        of=[
            *("AWS_SECRET_ACCESS_KEY=env", "AGENTCORE_X=env", "A=vault:x", "A=ssm:", "A=ssm:team/x", "A B=env", "A="),
            *("A=secretsmanager:x#", "A=secretsmanager:x:y", "A=secretsmanager:arn:aws:s3:::bucket"),
        ],
    ),
)
def test_what_is_no_secret_is_refused_by_configure(project: CommandLine, pair: str) -> None:
    assert project.run("configure", "--secret", pair, code=2).stderr


def test_how_env_reaches_the_agent_is_told_until_a_secret_is_named(project: CommandLine) -> None:
    (project.folder / ".env").write_text("A=1\n")
    hint = "agentcore configure --secret NAME=env"
    assert hint in project.run("configure", "--env", "B=2").stderr
    assert hint not in project.run("configure", "--secret", "A=env").stderr
    assert hint not in project.run("configure", "--env", "B=3").stderr


def test_configure_tells_what_stays_and_what_git_ignores_and_goes(project: CommandLine) -> None:
    (project.folder / ".env").write_text("A=1\n")
    (project.folder / "certs").mkdir()
    (project.folder / "certs" / "bundle.pem").touch()
    (project.folder / ".claude").mkdir()
    (project.folder / ".claude" / "settings.json").touch()
    (project.folder / ".gitignore").write_text("data/\n*.log\n!keep.log\n")
    (project.folder / "data").mkdir()
    for name, size in (("data/model.bin", 30), ("keep.log", 20)):
        with (project.folder / name).open("wb") as file:
            os.truncate(file.fileno(), size * 1024**2)
    said = project.run("configure", "--env", "B=2").stderr
    assert "left out, since they look like secrets: .env, certs/bundle.pem" in said
    assert "taken along: 30 MB that git ignores: data (" in said
    assert "agentcore configure --secret NAME=env" in said
    listed = project.run("plan", "--local", "--largest", "9").stdout
    assert "data/model.bin" in listed
    assert ".claude" not in listed
