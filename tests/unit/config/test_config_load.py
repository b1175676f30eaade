"""What `.agentcore.yaml` may hold, and how every fault in it is told."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from agentcore_cli.config import LifecycleConfig, find, load, nearest, parse
from agentcore_cli.errors import BAD_INPUT, ConfigError

HEAD = "version: 1\nproject: support-3f9a1c\nagents:\n  bot:\n"
AGENT = HEAD + "    entrypoint: handler.py\n"


def agent_with(*lines: str) -> str:
    """A config of one agent with more keys, which begin on line 6."""
    return AGENT + "".join(f"    {line}\n" for line in lines)


FAULTS = {
    "unknown key": (
        HEAD + "    entrypont: handler.py\n",
        ".agentcore.yaml:5: agents.bot.entrypont: unknown key; did you mean entrypoint?",
    ),
    "unknown key like no other": (
        AGENT + "zzz: 1\n",
        ".agentcore.yaml:6: zzz: unknown key; known: version, project, agents, default_agent, targets, default_target, "
        "local",
    ),
    "missing entrypoint": (HEAD + "    otel: true\n", ".agentcore.yaml:4: agents.bot.entrypoint: missing"),
    "no agents": ("version: 1\nproject: a\nagents: {}\n", ".agentcore.yaml:3: agents: empty; at least 1 needed"),
    "missing version": (
        "project: a\nagents: {bot: {entrypoint: a.py}}\n",
        ".agentcore.yaml:1: version: missing; write version: 1",
    ),
    "another version": ("version: 2\n" + AGENT.partition("\n")[2], ".agentcore.yaml:1: version: 2 is not 1"),
    "number for a string": (
        agent_with("description: 7"),
        '.agentcore.yaml:6: agents.bot.description: 7 is not a string; put it in quotes: "7"',
    ),
    "truth value for a string": (
        agent_with("environment: {DEBUG: true}"),
        '.agentcore.yaml:6: agents.bot.environment.DEBUG: true is not a string; put it in quotes: "true"',
    ),
    "string for a number": (
        agent_with("lifecycle: {idle_timeout: soon}"),
        ".agentcore.yaml:6: agents.bot.lifecycle.idle_timeout: 'soon' is not a whole number",
    ),
    "string for a truth value": (
        agent_with("otel: maybe"),
        ".agentcore.yaml:6: agents.bot.otel: 'maybe' is not true or false",
    ),
    "list for a mapping": (agent_with("tags: [a]"), ".agentcore.yaml:6: agents.bot.tags: a list, expected a mapping"),
    "word for a list": (
        agent_with("header_allowlist: X-Tenant"),
        ".agentcore.yaml:6: agents.bot.header_allowlist: 'X-Tenant' is not a list",
    ),
    "nothing for a mapping": (
        agent_with("environment:"),
        ".agentcore.yaml:6: agents.bot.environment: nothing is given, expected a mapping",
    ),
    "idle timeout too short": (
        agent_with("lifecycle:", "  idle_timeout: 30"),
        ".agentcore.yaml:7: agents.bot.lifecycle.idle_timeout: 30 is below 60 (seconds)",
    ),
    "idle timeout of nothing": (
        agent_with("lifecycle: {idle_timeout: 0}"),
        ".agentcore.yaml:6: agents.bot.lifecycle.idle_timeout: 0 is below 60 (seconds)",
    ),
    "lifetime too long": (
        agent_with("lifecycle: {max_lifetime: 28801}"),
        ".agentcore.yaml:6: agents.bot.lifecycle.max_lifetime: 28801 is above 28800 (seconds)",
    ),
    "idle timeout beyond the lifetime": (
        agent_with("lifecycle: {idle_timeout: 900, max_lifetime: 600}"),
        ".agentcore.yaml:6: agents.bot.lifecycle.idle_timeout: 900 is above max_lifetime, 600 (seconds)",
    ),
    "session storage outside /mnt": (
        agent_with("session_storage: /mnt/.."),
        ".agentcore.yaml:6: agents.bot.session_storage: '/mnt/..' is not a folder right below /mnt, such as /mnt/data",
    ),
    "session storage over a mount": (
        agent_with("session_storage: /mnt/data") + "local: {mounts: [{path: /mnt/data/models}]}\n",
        ".agentcore.yaml:6: agents.bot.session_storage: /mnt/data and /mnt/data/models of local.mounts lie in one "
        "another",
    ),
    "bad agent name": (
        "version: 1\nproject: a\nagents:\n  my-bot: {entrypoint: a.py}\n",
        ".agentcore.yaml:4: agents.my-bot: 'my-bot' is not a letter, then letters, digits and _, at most 48 characters",
    ),
    "unknown build": (
        agent_with("build: dokcer"),
        ".agentcore.yaml:6: agents.bot.build: 'dokcer' is none of auto, codebuild, docker, oci, zip; "
        "did you mean docker?",
    ),
    "protocol in small letters": (
        agent_with("protocol: mcp"),
        ".agentcore.yaml:6: agents.bot.protocol: 'mcp' is none of A2A, AGUI, HTTP, MCP; did you mean MCP?",
    ),
    "old python": (agent_with("python: 3.9"), ".agentcore.yaml:6: agents.bot.python: 3.9 is below 3.10"),
    "python that zips can't have": (
        agent_with("python: 3.11", "build: zip"),
        ".agentcore.yaml:6: agents.bot.python: 3.11 is none of 3.12, 3.13, 3.14, to which AgentCore limits "
        "`build: zip` since 2026-08-31; an image may have any",
    ),
    "entrypoint of another kind": (
        HEAD + "    entrypoint: handler\n",
        ".agentcore.yaml:5: agents.bot.entrypoint: 'handler' is neither a Python file nor module:app; "
        "write handler.py or handler:app",
    ),
    "entrypoint that is a notebook": (
        HEAD + "    entrypoint: nb/my bot.ipynb\n",
        ".agentcore.yaml:5: agents.bot.entrypoint: nb/my bot.ipynb is a notebook, not a Python file; "
        "jupyter nbconvert --to script 'nb/my bot.ipynb', then --entrypoint 'nb/my bot.py'",
    ),
    "entrypoint elsewhere": (
        HEAD + "    entrypoint: ../handler.py\n",
        ".agentcore.yaml:5: agents.bot.entrypoint: ../handler.py lies outside the project; "
        "give a path relative to the folder of the config",
    ),
    "requirements elsewhere": (
        agent_with("requirements: /r.txt"),
        ".agentcore.yaml:6: agents.bot.requirements: '/r.txt' lies outside the project; give a relative path",
    ),
    "requirements of another kind": (
        agent_with("requirements: Pipfile"),
        ".agentcore.yaml:6: agents.bot.requirements: 'Pipfile' is neither a requirements file (.txt) "
        "nor pyproject.toml",
    ),
    "role by name": (
        agent_with("execution_role: MyRole"),
        ".agentcore.yaml:6: agents.bot.execution_role: 'MyRole' is not a role's ARN, "
        "arn:aws:iam::123456789012:role/NAME",
    ),
    "image by no name": (
        agent_with("image: my bot"),
        ".agentcore.yaml:6: agents.bot.image: 'my bot' is not an image in ECR, "
        "123456789012.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG, or NAME:TAG of the Docker Engine here",
    ),
    "network by half": (
        agent_with("network: {subnets: [subnet-01234567]}"),
        ".agentcore.yaml:6: agents.bot.network.security_groups: missing",
    ),
    "header that is never forwarded": (
        agent_with("header_allowlist:", "  - X-Tenant", "  - X-Amz-Date"),
        ".agentcore.yaml:8: agents.bot.header_allowlist[1]: X-Amz-Date: AgentCore forwards no x-amz- header",
    ),
    "header that is restricted": (
        agent_with("header_allowlist: [Cookie]"),
        ".agentcore.yaml:6: agents.bot.header_allowlist[0]: Cookie: AgentCore never forwards it to an agent",
    ),
    "header twice": (
        agent_with("header_allowlist: [X-Tenant, x-tenant]"),
        ".agentcore.yaml:6: agents.bot.header_allowlist[1]: x-tenant is given twice",
    ),
    "header of AgentCore's own": (
        agent_with("header_allowlist: [X-Amzn-Trace-Id]"),
        ".agentcore.yaml:6: agents.bot.header_allowlist[0]: X-Amzn-Trace-Id: of x-amzn- headers only "
        "X-Amzn-Bedrock-AgentCore-Runtime-Custom-* pass",
    ),
    "tag that is taken": (
        agent_with("tags: {agentcore:project: mine}"),
        ".agentcore.yaml:6: agents.bot.tags.agentcore:project: keys that begin with aws: or agentcore: are taken",
    ),
    "unknown region": (
        AGENT + "targets:\n  aws: {region: us-wset-2}\n",
        ".agentcore.yaml:7: targets.aws.region: 'us-wset-2' is no AWS region; did you mean us-west-2?",
    ),
    "profile for the local runtime": (
        AGENT + "targets: {local: {profile: me}}\n",
        ".agentcore.yaml:6: targets.local.profile: means nothing to the local runtime; remove it",
    ),
    "default agent that is not there": (
        AGENT + "default_agent: cat\n",
        ".agentcore.yaml:6: default_agent: 'cat' is none of the agents bot",
    ),
    "default target that is not there": (
        AGENT + "default_target: prod\n",
        ".agentcore.yaml:6: default_target: 'prod' is none of the targets local",
    ),
    "key given twice": (
        agent_with("otel: true", "otel: false"),
        ".agentcore.yaml:7: agents.bot.otel: given twice, first on line 6",
    ),
    "control character": (
        "version: \x00\n",
        ".agentcore.yaml: not YAML: unacceptable character #x0000: control characters are not allowed",
    ),
    "list at the top": ("- version: 1\n", ".agentcore.yaml: not a mapping of keys to values"),
    "comments alone": ("# nothing\n", ".agentcore.yaml: the file is empty"),
    "empty": ("", ".agentcore.yaml: the file is empty"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, ".agentcore.yaml")
    assert caught.value.message == message
    assert caught.value.exit_code == BAD_INPUT


@pytest.mark.parametrize(
    ("text", "where", "line"),
    [
        pytest.param(HEAD + "    environment: {A: b\n", "6:1", "(end of the file)", id="not closed"),
        pytest.param("version: 1\n\tproject: a\n", "2:1", "project: a", id="tab"),
        pytest.param("version: 1\n  project: a\n", "2:10", "project: a", id="indented too far"),
        pytest.param("? {a: b}\n: 1\n", "1:3", "? {a: b}", id="mapping for a key"),
        pytest.param(
            "a: !!python/object/apply:os.getcwd []\n", "1:4", "a: !!python/object/apply:os.getcwd []", id="code"
        ),
        pytest.param("a: *b\n", "1:4", "a: *b", id="unknown alias"),
        pytest.param("a: 1\n---\nb: 2\n", "2:1", "---", id="two documents"),
    ],
)
def test_what_is_no_yaml_is_told_with_line_and_column(text: str, where: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, ".agentcore.yaml")
    problem, _, shown = caught.value.message.partition("\n  ")
    assert problem.startswith(f".agentcore.yaml:{where}: not YAML: ")
    assert shown == line


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://example.org/.well-known/openid-configuration", True),
        ("https://example.org/realms/a/.well-known/oauth-authorization-server/b", True),
        ("http://localhost:8080/realms/a/.well-known/openid-configuration", True),
        ("http://127.0.0.1/.well-known/openid-configuration", True),
        ("http://[::1]:1/.well-known/openid-configuration", True),
        ("http://example.org/.well-known/openid-configuration", False),
        ("http://localhost.example.org/.well-known/openid-configuration", False),
        ("https://example.org/openid-configuration", False),
        ("https://example.org/.well-known/openid-configuration?a=b", False),
    ],
)
def test_where_an_issuer_may_be(url: str, is_taken: bool) -> None:
    text = agent_with(f"authorizer: {{discovery_url: '{url}'}}")
    if is_taken:
        authorizer = parse(text, ".agentcore.yaml").agents["bot"].authorizer
        assert authorizer
        assert authorizer.discovery_url == url
    else:
        with pytest.raises(ConfigError, match="an https URL"):
            parse(text, ".agentcore.yaml")


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = agent_with("buld: docker", "otel: 3", "lifecycle: {idle_timeout: 1}") + "default_agnt: bot\n"
    with pytest.raises(ConfigError) as caught:
        parse(text, "x.yaml")
    assert [line.partition(": ")[0] for line in caught.value.message.splitlines()] == [
        f"x.yaml:{n}" for n in (6, 7, 8, 9)
    ]


def test_without_lines_a_fault_begins_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"^agents\.bot\.otel: 3 is not true or false$"):
        parse(agent_with("otel: 3"), "x.yaml", with_lines=False)


def test_an_alias_that_holds_itself_is_a_fault_and_no_loop() -> None:
    with pytest.raises(ConfigError, match=r"agents\.bot\.tags\.a: a mapping, expected a string"):
        parse(agent_with("tags: &loop {a: *loop}"), "x.yaml")


def test_plain_scalars_are_what_they_look_like() -> None:
    config = parse(agent_with("python: 3.10", "environment: {A: 1.50, B: on, C: 012, D: 2026-11-22}"), "x.yaml")
    assert config.agents["bot"].python == "3.10"
    assert config.agents["bot"].environment == {"A": "1.50", "B": "on", "C": "012", "D": "2026-11-22"}


@pytest.mark.parametrize(
    ("lifecycle", "idle_timeout"),
    [("{}", 900), ("{max_lifetime: 600}", 600), ("{max_lifetime: 1200}", 900), ("{idle_timeout: 60}", 60)],
)
def test_the_idle_timeout_that_holds(lifecycle: str, idle_timeout: int) -> None:
    assert parse(agent_with(f"lifecycle: {lifecycle}"), "x").agents["bot"].lifecycle.idle_timeout == idle_timeout
    assert LifecycleConfig().idle_timeout == 900


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_a_byte_order_mark_is_no_fault(tmp_path: Path, mark: bytes, encoding: str) -> None:
    path = tmp_path / ".agentcore.yaml"
    path.write_bytes(mark + AGENT.encode(encoding))
    assert load(path).root == tmp_path


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / ".agentcore.yaml"
    path.write_bytes(b"version: 1\nproject: \xff\n")
    with pytest.raises(ConfigError, match=r"\.agentcore\.yaml:2: not UTF-8 text"):
        load(path)


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / ".agentcore.yaml").mkdir()
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        load(find(None, tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / ".agentcore.yaml").touch(mode=0)
    with pytest.raises(ConfigError, match="can't be read: Permission denied"):
        load(tmp_path / ".agentcore.yaml")


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".agentcore.yaml").symlink_to("nowhere")
    assert nearest(tmp_path) is None
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / ".agentcore.yaml")


def test_the_nearest_parent_has_the_config(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".agentcore.yaml").write_text(AGENT)
    assert find(None, inner) == tmp_path / ".agentcore.yaml"
    (tmp_path / "a" / ".agentcore.yaml").write_text(AGENT)
    assert find(None, inner) == tmp_path / "a" / ".agentcore.yaml"


def test_no_config_anywhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \.agentcore\.yaml in") as caught:
        find(None, tmp_path)
    assert caught.value.hint == "agentcore configure --entrypoint FILE"


def test_an_explicit_config_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"other\.yaml: there is no such config file"):
        find(tmp_path / "other.yaml", tmp_path)


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi")
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n" for before, name in pairwise("abcdefghi")
)
HOSTILE = {
    "flow": "[" * 100_000,
    "mappings": "{a: " * 100_000,
    "lists": "- " * 100_000,
    "keys": "? " * 100_000,
    "laughs": LAUGHS,
    "merges": MERGES,
    "itself": "a: &a [*a]\n",
    "large": "#" * (1024 * 1024 + 1),
    "binary": "\0\1\2",
    "number": "version: " + "9" * 10_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_strangers_yaml_is_a_fault_and_no_crash(tmp_path: Path, text: str) -> None:
    """libyaml's own loader ends the process with a segmentation fault at some of these."""
    path = tmp_path / ".agentcore.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"\.agentcore\.yaml"):
        load(path)
