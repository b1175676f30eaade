"""An address that a config names gets no credentials before the person has agreed to it, once, outside the checkout."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.command_line import CommandLine
from tests.fakes.oidc import Provider, provider
from tests.same_process import SameProcess
from tests.stand_ins import ACCOUNT, Moto
from tests.terminal import ENTER, Terminal

ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/bot-AbCdEf0123"
AUTHORIZER = ", authorizer: {{discovery_url: '{url}', clients: [robot]}}"
CONFIG = """version: 1
project: p-1
agents: {{bot: {{entrypoint: agent.py{agent}}}}}
targets: {{aws: {{region: us-west-2, profile: checkout, endpoint: '{endpoint}'}}}}
"""
VERBS = [
    ["plan"],
    ["deploy", "--yes"],
    ["status"],
    ["versions"],
    ["endpoints", "list"],
    ["rollback"],
    ["logs"],
    ["invoke", "{}"],
    ["invoke", "--bearer-token", "@token", "{}"],
    ["exec", "true"],
    ["sessions", "stop", "conv1"],
    ["destroy", "--yes"],
    ["auth", "create-pool"],
]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody at an address that is not written as one of this machine, and is: nobody is asked by name."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def address_of(listener: socket.socket) -> str:
    return f"http://0.0.0.0:{listener.getsockname()[1]}"


@pytest.fixture
def project(tmp_path: Path, home: Home) -> CommandLine:
    """A checkout that is deployed, with a profile whose credentials a program makes."""
    folder = tmp_path / "checkout"
    (folder / ".agentcore").mkdir(parents=True)
    (folder / "agent.py").write_text("import time\n")
    (folder / "token").write_text("a.b.c\n")
    outputs = {"arn": ARN, "id": ARN.rpartition("/")[2], "version": "1", "endpoint": "DEFAULT"}
    state = {"version": 1, "target": "aws", "agents": {"bot": {"runtime": {"outputs": outputs, "facts": {}}}}}
    (folder / ".agentcore" / "aws.json").write_text(json.dumps(state))
    answer = json.dumps({"Version": 1, "AccessKeyId": "test", "SecretAccessKey": "test"})
    (tmp_path / "process").write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho '{answer}'\n")
    (tmp_path / "process").chmod(0o700)
    (tmp_path / "aws").write_text(f"[profile checkout]\ncredential_process = {tmp_path}/process\n")
    settings = {"AWS_CONFIG_FILE": str(tmp_path / "aws"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    return SameProcess(folder, {"AGENTCORE_HOME": str(home.root), **settings})


def configure(project: CommandLine, endpoint: str, agent: str = "") -> None:
    (project.folder / ".agentcore.yaml").write_text(CONFIG.format(endpoint=endpoint, agent=agent))


def was_called(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_without_a_terminal_it_is_exit_2_and_nothing_goes_there(
    project: CommandLine, listener: socket.socket, verb: list[str]
) -> None:
    address = address_of(listener)
    configure(project, f"{address}/some/path")
    expected = 125 if verb[0] == "exec" else 2
    ran = project.run(*verb, code=expected)
    assert f"targets.aws.endpoint is {address}/some/path" in ran.stderr
    assert f"next: if you trust that address, give --trust {address} once" in ran.stderr
    assert not was_called(listener)
    assert not (project.folder.parent / "asked").exists(), "not even the credentials were looked for"


def test_a_script_reads_the_option_in_the_hint(project: CommandLine) -> None:
    configure(project, "https://endpoint.example:8443")
    said = json.loads(project.run("--json", "plan", code=2).stdout.splitlines()[-1])["error"]
    assert said["code"] == "AddressNotTrusted"
    assert "give --trust https://endpoint.example:8443 once" in said["hint"]


@pytest.mark.parametrize(
    "other",
    [
        *("https://endpoint.example:8444", "http://endpoint.example:8443", "https://endpoint.example"),
        *("https://endpoint.example.org:8443", "https://127.0.0.1.endpoint.example:8443"),
    ],
)
def test_another_address_than_the_one_that_was_agreed_to(project: CommandLine, other: str) -> None:
    configure(project, other)
    ran = project.run("--trust", "https://endpoint.example:8443", "plan", code=2)
    assert f"give --trust {other} once" in ran.stderr


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://evil.example\\@127.0.0.1",
            "https://127.0.0.1@evil.example",
            "https://a b",
            "https://evil.example?x",
        ),
        *("https://evil.example#x", "ftp://evil.example", "https://127.0.0.1:99999999"),
    ],
)
def test_an_address_that_two_parsers_may_read_in_two_ways_is_none(project: CommandLine, url: str) -> None:
    configure(project, url)
    assert "targets.aws.endpoint: " in project.run("plan", code=2).stderr


def test_agreed_once_it_is_kept_outside_the_checkout(project: CommandLine, moto: Moto, home: Home) -> None:
    address = moto.url.replace("127.0.0.1", "0.0.0.0")
    (project.folder / ".agentcore" / "aws.json").unlink()
    configure(project, address)
    assert ACCOUNT in project.run("--trust", address, "permissions").stdout, "as STS there says"
    assert ACCOUNT in project.run("permissions").stdout
    kept = home.root / "trusted.json"
    assert json.loads(kept.read_text())["addresses"] == [address]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not (project.folder / ".agentcore" / "trusted.json").exists()


def test_a_loopback_address_needs_no_question(project: CommandLine, moto: Moto) -> None:
    (project.folder / ".agentcore" / "aws.json").unlink()
    configure(project, moto.url)
    assert ACCOUNT in project.run("permissions").stdout


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b'{"addresses": 7}', b"\xff", b'{"addresses": [[]]}'])
def test_a_broken_record_of_agreements_agrees_to_nothing(project: CommandLine, home: Home, content: bytes) -> None:
    (home.root / "trusted.json").write_bytes(content)
    configure(project, "https://endpoint.example")
    assert "--trust https://endpoint.example" in project.run("plan", code=2).stderr


def test_a_person_is_asked_and_may_say_no(project: CommandLine, listener: socket.socket, home: Home) -> None:
    address = address_of(listener)
    configure(project, address)
    with Terminal(project, "status") as terminal:
        terminal.wait_for("Do you trust that address? [y/N]")
        assert f"targets.aws.endpoint is {address}" in terminal.shown.replace("\r\n", "").replace("\n", "")
        terminal.type("n" + ENTER)
        terminal.wait_for("the answer was no")
    assert not was_called(listener)
    assert not (home.root / "trusted.json").exists()


def test_looking_asks_nothing(project: CommandLine) -> None:
    configure(project, "https://endpoint.example")
    for records in (True, False):
        assert project.run("permissions", "--role").stdout
        if records:
            (project.folder / ".agentcore" / "aws.json").unlink()
    assert project.run("plan", "--local").stdout


# --- a provider of tokens


def test_a_secret_goes_to_no_provider_of_a_checkout_unasked(project: CommandLine) -> None:
    url = "https://idp.example/.well-known/openid-configuration"
    configure(project, "https://endpoint.example", AUTHORIZER.format(url=url))
    there = SameProcess(
        project.folder, {**project.environment, "AGENTCORE_CLIENT_SECRET": "s", "AGENTCORE_PASSWORD": "s"}
    )
    for whom in (["--client-id", "robot"], ["--user", "ann"]):
        ran = there.run("auth", "token", *whom, code=2)
        assert f"agents.bot.authorizer.discovery_url is {url}" in ran.stderr
        assert f"--trust {url} once" in ran.stderr


class Elsewhere(Provider):
    """It names another token endpoint than its own, or answers with a redirection."""

    endpoint = ""

    def answer(self, method: str, path: str, authorization: str, form: dict[str, list[str]]) -> tuple[int, object]:
        status, told = super().answer(method, path, authorization, form)
        return status, told | {"token_endpoint": self.endpoint} if method == "GET" else told


def of_elsewhere(project: CommandLine, endpoint: str, code: int) -> str:
    with provider(robot="s") as running:
        running.__class__ = Elsewhere
        running.endpoint = endpoint  # type: ignore[attr-defined]
        configure(project, "https://endpoint.example", AUTHORIZER.format(url=running.discovery_url))
        there = SameProcess(project.folder, {**project.environment, "AGENTCORE_CLIENT_SECRET": "s"})
        return there.run("auth", "token", "--client-id", "robot", code=code).stderr


def test_a_secret_goes_by_https_alone(project: CommandLine, listener: socket.socket) -> None:
    assert "a secret is sent by https alone" in of_elsewhere(project, f"{address_of(listener)}/token", 2)
    assert not was_called(listener)


def test_a_provider_here_cannot_point_elsewhere_unasked(project: CommandLine) -> None:
    assert "--trust https://idp.example/token once" in of_elsewhere(project, "https://idp.example/token", 2)


@pytest.mark.parametrize("endpoint", ["file:///etc/passwd", "", "https:", "//x"])
def test_a_token_endpoint_that_is_none(project: CommandLine, endpoint: str) -> None:
    of_elsewhere(project, endpoint, 2)
