"""`agentcore configure` as a user runs it: what it writes, what it keeps, and that a fault writes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.command_line import CommandLine
from tests.same_process import SameProcess

SDK = "bedrock-agentcore\n"
AGENT = """\
from bedrock_agentcore import BedrockAgentCoreApp

app = BedrockAgentCoreApp()


@app.entrypoint
def handler(payload, context):
    return payload


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "support"
    folder.mkdir()
    (folder / "handler.py").write_text(AGENT)
    (folder / "requirements.txt").write_text(SDK)
    return folder


@pytest.fixture
def agentcore(project: Path, tmp_path: Path) -> CommandLine:
    """No region and no credentials anywhere, and uv without a network."""
    return SameProcess(project, {"HOME": str(tmp_path), "UV_OFFLINE": "1", "VIRTUAL_ENV": ""})


def config_of(project: Path) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load((project / ".agentcore.yaml").read_text())
    return content


def contents(project: Path) -> Mapping[str, str]:
    """Every file by its digest: nothing was written if it stays the same."""
    files = (path for path in sorted(project.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_first_agent(agentcore: CommandLine, project: Path) -> None:
    done = CommandLine(project, agentcore.environment).run(
        "configure", "--entrypoint", "handler.py", "--python", "3.13"
    )
    assert re.fullmatch("support-[0-9a-f]{6}", str(config_of(project).pop("project")))
    assert {key: value for key, value in config_of(project).items() if key != "project"} == {
        "version": 1,
        "agents": {"handler": {"entrypoint": "handler.py", "requirements": "requirements.txt", "python": "3.13"}},
        "default_agent": "handler",
        "targets": {"aws": {"region": "us-west-2"}},
        "default_target": "aws",
    }
    assert (project / "Dockerfile").read_text().startswith("# agentcore: generated ")
    assert "**/.env*" in (project / ".dockerignore").read_text().splitlines()
    assert "region us-west-2: nothing in the environment or ~/.aws/config says another" in done.stderr
    assert "agent:        handler\n" in done.stdout


def test_without_a_terminal_the_protocol_of_the_code_is_taken_and_told(agentcore: CommandLine, project: Path) -> None:
    (project / "server.py").write_text(
        "from strands.multiagent.a2a import A2AServer\nA2AServer(agent=None, host='0.0.0.0').serve()\n"
    )
    done = agentcore.run("configure", "-e", "server.py", "-n", "sums", "--requirements", "requirements.txt")
    assert "protocol A2A: server.py:2: A2AServer (--protocol changes it)" in done.stderr
    assert config_of(project)["agents"]["sums"]["protocol"] == "A2A"
    assert config_of(project)["agents"]["sums"]["header_allowlist"] == ["A2A-Version"]
    said = agentcore.run("configure", "-e", "server.py", "-n", "other", "--protocol", "HTTP").stderr
    assert "configured as HTTP: agentcore configure --protocol A2A" in said
    assert "protocol A2A:" not in said
    assert "protocol A2A:" not in agentcore.run("configure", "-e", "server.py", "-n", "third", "--no-check").stderr


def test_every_option(agentcore: CommandLine, project: Path) -> None:
    role, policy = "arn:aws:iam::123456789012:role/Bot", "arn:aws:iam::123456789012:policy/Edge"
    key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    discovery = "https://example.com/.well-known/openid-configuration"
    agentcore.run(
        *("configure", "-e", "handler.py", "-n", "bot", "--requirements", "requirements.txt", "--python", "3.12"),
        *("--build", "zip", "--protocol", "mcp", "--env", "A=1", "--env", "B=x=y", "--idle-timeout", "60"),
        *("--max-lifetime", "120", "--execution-role", role, "--permissions-boundary", policy),
        *("--ecr-repository", "team/bot", "--vpc-subnets", "subnet-01234567,subnet-89abcdef"),
        *("--vpc-security-groups", "sg-01234567", "--jwt-discovery-url", discovery, "--jwt-client", "c1"),
        *("--jwt-client", "c2", "--jwt-audience", "a", "--allow-header", "X-Tenant", "--memory", "notes"),
        *("--session-storage", "/mnt/data", "--secret", "DB=ssm:/db", "--secrets-key", key),
        *("--tag", "team=support", "--default", "--region", "eu-west-1", "--profile", "dev"),
    )
    assert config_of(project)["agents"] == {
        "bot": {
            "entrypoint": "handler.py",
            "requirements": "requirements.txt",
            "python": "3.12",
            "build": "zip",
            "protocol": "MCP",
            "environment": {"A": "1", "B": "x=y"},
            "lifecycle": {"idle_timeout": 60, "max_lifetime": 120},
            "execution_role": role,
            "permissions_boundary": policy,
            "ecr_repository": "team/bot",
            "network": {"subnets": ["subnet-01234567", "subnet-89abcdef"], "security_groups": ["sg-01234567"]},
            "authorizer": {"discovery_url": discovery, "clients": ["c1", "c2"], "audience": ["a"]},
            "header_allowlist": ["X-Tenant"],
            "memory": "notes",
            "session_storage": "/mnt/data",
            "tags": {"team": "support"},
            "secrets": {"DB": "ssm:/db"},
            "secrets_keys": [key],
        }
    }
    assert config_of(project)["targets"] == {"aws": {"region": "eu-west-1", "profile": "dev"}}
    assert not (project / "Dockerfile").exists(), "a zip needs none"


def test_an_empty_word_takes_a_list_away(agentcore: CommandLine, project: Path) -> None:
    """As `--env NAME=` takes a variable."""
    issuer = ("--jwt-discovery-url", "https://example.com/.well-known/openid-configuration")
    agentcore.run("configure", "-e", "handler.py", "-n", "bot", *issuer, "--jwt-audience", "a", "--allow-header", "X-A")
    agentcore.run("configure", "--jwt-audience", "", "--jwt-client", "c", "--allow-header", "")
    told = config_of(project)["agents"]["bot"]
    assert told["authorizer"] == {"discovery_url": issuer[1], "clients": ["c"]}
    assert "header_allowlist" not in told
    agentcore.run("configure", "-e", "handler.py", "-n", "new", "--allow-header", "", "--vpc-subnets", "")
    assert config_of(project)["agents"]["new"].keys() <= {"entrypoint", "python", "requirements"}


def test_again_with_one_setting_changes_that_setting_alone(agentcore: CommandLine, project: Path) -> None:
    agentcore.run("configure", "-e", "handler.py", "--env", "A=1", "--python", "3.13")
    path = project / ".agentcore.yaml"
    edited = (
        path.read_text()
        .replace("agents:", "# ours\nagents:")
        .replace("entrypoint: handler.py", "entrypoint: handler.py # it")
    )
    path.write_text(edited)
    result = agentcore.json("configure", "--env", "B=2")
    assert path.read_text() == edited.replace('{A: "1"}', '{A: "1", B: "2"}')
    assert (result["created"], result["written"]) == (False, [str(path)])
    assert agentcore.json("configure")["written"] == []


def test_a_second_agent_leaves_the_first_alone(agentcore: CommandLine, project: Path) -> None:
    agentcore.run("configure", "-e", "handler.py")
    first = (project / "Dockerfile").read_text()
    (project / "other.py").write_text(AGENT)
    said = agentcore.run("configure", "-e", "other.py")
    assert "next: agentcore deploy --local --agent other, then agentcore invoke --local --agent other" in said.stderr
    assert list(config_of(project)["agents"]) == ["handler", "other"]  # type: ignore[call-overload]
    assert config_of(project)["default_agent"] == "handler"
    assert (project / "Dockerfile").read_text() == first
    assert '"other.py"' in (project / "Dockerfile.other").read_text()
    said = agentcore.run("configure", "--name", "other", "--default")
    assert "next: agentcore deploy --local, then" in said.stderr
    assert config_of(project)["default_agent"] == "other"


def test_the_same_entrypoint_is_the_same_agent(agentcore: CommandLine, project: Path) -> None:
    agentcore.run("configure", "-e", "handler.py", "--name", "bot")
    agentcore.run("configure", "-e", "handler.py", "--idle-timeout", "120")
    assert list(config_of(project)["agents"]) == ["bot"]  # type: ignore[call-overload]


def test_the_advice_for_an_application_can_be_followed_and_means_the_same_agent(
    agentcore: CommandLine, project: Path
) -> None:
    """A package below src/ is imported by its own name, and the agent that was configured by its file goes on."""
    package = project / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "tools.py").write_text("PATH = '/ping'\n")
    application = "from starlette.applications import Starlette\nfrom .tools import PATH\napp = Starlette()\n"
    (package / "app.py").write_text(application)
    (project / "requirements.txt").write_text("starlette\n")
    warned = agentcore.run("configure", "-e", "src/shop/app.py").stderr
    assert "nothing serves app: give --entrypoint shop.app:app, which uvicorn serves" in warned
    agentcore.run("configure", "-e", "shop.app:app")
    assert config_of(project)["agents"]["shop"]["entrypoint"] == "shop.app:app"  # type: ignore[index]
    assert list(config_of(project)["agents"]) == ["shop"]  # type: ignore[call-overload]
    agentcore.run("configure", "-e", "shop.app:other", "--name", "other", "--no-check")
    assert list(config_of(project)["agents"]) == ["shop", "other"]  # type: ignore[call-overload]


def test_a_generated_dockerfile_follows_the_config_and_an_edited_one_stays(
    agentcore: CommandLine, project: Path
) -> None:
    dockerfile = project / "Dockerfile"
    agentcore.run("configure", "-e", "handler.py", "--python", "3.13")
    agentcore.run("configure", "--python", "3.12", "--protocol", "A2A")
    assert "python:3.12-slim" in dockerfile.read_text()
    assert "EXPOSE 9000" in dockerfile.read_text()
    dockerfile.write_text(dockerfile.read_text() + "LABEL mine=yes\n")
    (project / ".dockerignore").write_text("mine\n")
    before = contents(project)
    agentcore.run("configure", "--python", "3.13")
    after = contents(project)
    assert {name for name in after if after[name] != before[name]} == {str(project / ".agentcore.yaml")}


def test_from_a_folder_below(agentcore: CommandLine, project: Path) -> None:
    agentcore.run("configure", "-e", "handler.py")
    below = project / "bots"
    below.mkdir()
    (below / "agent.py").write_text(AGENT)
    SameProcess(below, agentcore.environment).run("configure", "-e", ".", "--name", "inner")
    assert config_of(project)["agents"]["inner"]["entrypoint"] == "bots/agent.py"  # type: ignore[index]
    assert not (below / ".agentcore.yaml").exists()


def test_without_an_entrypoint_the_folder_is_looked_at(agentcore: CommandLine, project: Path) -> None:
    (project / "main.py").write_text(AGENT)
    assert agentcore.json("configure")["entrypoint"] == "main.py"


@pytest.mark.parametrize(
    ("variables", "config", "arguments", "region", "said"),
    [
        pytest.param({"AWS_REGION": "eu-west-1"}, "", (), "eu-west-1", "region eu-west-1: AWS_REGION", id="AWS_REGION"),
        pytest.param(
            {"AWS_DEFAULT_REGION": "eu-west-2"},
            "",
            (),
            "eu-west-2",
            "region eu-west-2: AWS_DEFAULT_REGION",
            id="default",
        ),
        pytest.param(
            {}, "[default]\nregion = eu-north-1\n", (), "eu-north-1", "eu-north-1: profile default", id="file"
        ),
        pytest.param(
            {"AWS_PROFILE": "x"},
            "[profile x]\nregion = ap-south-1\n",
            (),
            "ap-south-1",
            "ap-south-1: profile x",
            id="profile",
        ),
        pytest.param({"AWS_REGION": "eu-west-1"}, "", ("--region", "us-east-1"), "us-east-1", "", id="option"),
    ],
)
def test_the_region(
    agentcore: CommandLine,
    project: Path,
    tmp_path: Path,
    variables: Mapping[str, str],
    config: str,
    arguments: tuple[str, ...],
    region: str,
    said: str,
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(config)
    command = SameProcess(project, {**agentcore.environment, **variables})
    done = command.run("configure", "-e", "handler.py", *arguments)
    assert config_of(project)["targets"] == {"aws": {"region": region}}
    assert said in done.stderr


def test_a_secret_is_warned_of(agentcore: CommandLine) -> None:
    done = agentcore.run("configure", "-e", "handler.py", "--env", "API_TOKEN=abc", "--env", "MONKEY=1")
    assert done.stderr.count("warning:") == 1
    assert "warning: --env API_TOKEN looks like a secret" in done.stderr


BAD_OPTIONS = {
    "no such file": (("-e", "nope.py"), "nope.py: there is no such file"),
    "a folder with nothing": (("-e", "empty"), "empty: the folder has none of agent.py, app.py, main.py"),
    "a folder with two": (("-e", "two"), "two: the folder has agent.py and app.py"),
    "malformed": (("-e", "handler.py:app"), "'handler.py:app' is not of the form module:app"),
    "module missing": (("-e", "nope:app"), "module nope is missing"),
    "attribute missing": (("-e", "handler:nope"), "handler.py: has no 'nope' at its top level; app is the application"),
    "bad name": (("-e", "handler.py", "-n", "1-bad name"), "agent name '1-bad name': AgentCore takes a letter"),
    "bad region": (("-e", "handler.py", "--region", "mars-1"), "targets.aws.region: 'mars-1' is no AWS region"),
    "bad python": (("-e", "handler.py", "--python", "2.7"), "agents.handler.python: '2.7' is not a version"),
    "bad build": (("-e", "handler.py", "--build", "podman"), "agents.handler.build: 'podman' is none of"),
    "bad protocol": (("-e", "handler.py", "--protocol", "SOAP"), "agents.handler.protocol: 'SOAP' is none of"),
    "idle timeout": (("-e", "handler.py", "--idle-timeout", "30"), "idle_timeout: 30 is below 60 (seconds)"),
    "lifetime": (("-e", "handler.py", "--max-lifetime", "99999"), "max_lifetime: 99999 is above 28800 (seconds)"),
    "not a number": (("-e", "handler.py", "--idle-timeout", "soon"), "Invalid value for '--idle-timeout'"),
    "variable without a value": (("-e", "handler.py", "--env", "A"), "--env 'A': not of the form NAME=VALUE"),
    "role by name": (("-e", "handler.py", "--execution-role", "Bot"), "'Bot' is not a role's ARN"),
    "half a network": (("-e", "handler.py", "--vpc-subnets", "subnet-01234567"), "network.security_groups: missing"),
    "requirements missing": (("-e", "handler.py", "--requirements", "r.txt"), "--requirements r.txt: there is no such"),
    "requirements outside": (("-e", "handler.py", "--requirements", "../r.txt"), "lies outside the project"),
    "unknown option": (("-e", "handler.py", "--entrypont", "x"), "No such option"),
    "config missing": (("--config", "none.yaml", "-e", "handler.py"), "none.yaml: there is no such config file"),
    "nothing to find": ((), ".: the folder has none of agent.py, app.py, main.py"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_bad_options_write_nothing(
    agentcore: CommandLine, project: Path, arguments: tuple[str, ...], message: str
) -> None:
    for name in ("empty/x.txt", "two/agent.py", "two/app.py", "../r.txt"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).touch()
    before = contents(project)
    done = agentcore.run("configure", *arguments, code=2)
    assert message in done.stderr
    assert done.stdout == ""
    assert contents(project) == before


BAD_AGENTS = {
    "syntax": ("def f(:\n", ": invalid syntax\n    def f(:"),
    "no server": ("def f(): ...\n", "handler.py: no application and no server"),
    "not started": (AGENT.partition("if __name__")[0], "handler.py:3: app is never started"),
    "context by another name": (AGENT.replace("context", "ctx"), "handler.py:7: handler has a second parameter 'ctx'"),
    "unrequired import": (
        "import strands\n" + AGENT,
        "handler.py:1: no requirement provides strands: add strands-agents",
    ),
    "no such module": (
        "from bedrock_agentcore.context import RequestContext\n" + AGENT,
        "handler.py:1: there is no module bedrock_agentcore.context; "
        "write: from bedrock_agentcore import RequestContext",
    ),
    "a field that does not exist": (
        AGENT.replace("return payload", "return context.actor_id"),
        "handler.py:8: RequestContext has no actor_id",
    ),
}


@pytest.mark.parametrize(("code", "message"), BAD_AGENTS.values(), ids=BAD_AGENTS.keys())
def test_a_bad_agent_writes_nothing(
    agentcore: CommandLine, project: Path, uv_settings: Path, code: str, message: str
) -> None:
    (project / "handler.py").write_text(code)
    before = contents(project)
    command = SameProcess(project, {**agentcore.environment, "UV_CONFIG_FILE": str(uv_settings)})
    done = command.run("configure", "-e", "handler.py", code=2)
    assert message in done.stderr
    assert "--no-check" in done.stderr
    assert contents(project) == before
    command.run("configure", "-e", "handler.py", "--no-check")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nagents: {\n", ".agentcore.yaml:3:1: not YAML"),
        ("version: 1\nproject: a\nagents:\n  bot:\n    entrypont: a.py\n", "agents.bot.entrypont: unknown key"),
        ("", ".agentcore.yaml: the file is empty"),
    ],
)
def test_a_broken_config_is_left_as_it_is(agentcore: CommandLine, project: Path, text: str, message: str) -> None:
    (project / ".agentcore.yaml").write_text(text)
    before = contents(project)
    assert message in agentcore.run("configure", "-e", "handler.py", code=2).stderr
    assert contents(project) == before


def test_an_error_is_an_object_with_json(agentcore: CommandLine) -> None:
    error = agentcore.run("--json", "configure", "-e", "nope.py", code=2)
    assert yaml.safe_load(error.stdout)["error"] == {
        "code": "InvalidEntrypoint",
        "message": "nope.py: there is no such file",
        "hint": "there is: handler.py",
        "request_id": None,
    }


def test_the_entrypoint_s_name_that_is_taken(agentcore: CommandLine, project: Path) -> None:
    agentcore.run("configure", "-e", "handler.py")
    (project / "sub").mkdir()
    (project / "sub" / "handler.py").write_text(AGENT)
    done = agentcore.run("configure", "-e", "sub/handler.py", code=2)
    assert "agent handler exists, with the entrypoint handler.py" in done.stderr


def test_a_project_that_windows_wrote(agentcore: CommandLine, project: Path) -> None:
    """Marks at the beginning of the code and the requirements; a config in UTF-16 is changed and stays readable."""
    (project / "handler.py").write_bytes(AGENT.encode("utf-8-sig"))
    (project / "requirements.txt").write_bytes(SDK.encode("utf-16"))
    agentcore.run("configure", "--entrypoint", "handler.py", "--region", "us-west-2")
    config = project / ".agentcore.yaml"
    config.write_bytes(config.read_text().encode("utf-16"))
    agentcore.run("configure", "--env", "LEVEL=high")
    assert config_of(project)["agents"]["handler"]["environment"] == {"LEVEL": "high"}  # type: ignore[index]


def test_code_that_python_does_not_read_is_told_as_that(agentcore: CommandLine, project: Path) -> None:
    (project / "handler.py").write_bytes(AGENT.encode("utf-16"))
    done = agentcore.run("configure", "--entrypoint", "handler.py", "--region", "us-west-2", code=2)
    assert "it is UTF-16, which Python does not read: save it as UTF-8" in done.stderr


def test_an_a2a_agent_hears_which_version_its_callers_speak(agentcore: CommandLine, project: Path) -> None:
    """Once it is one: what was taken off the list stays off."""

    def listed() -> object:
        return config_of(project)["agents"]["handler"].get("header_allowlist")  # type: ignore[index]

    first = ("configure", "--entrypoint", "handler.py", "--region", "us-west-2", "--no-check")
    agentcore.run(*first, "--protocol", "A2A")
    assert listed() == ["A2A-Version"]
    config = project / ".agentcore.yaml"
    config.write_text(config.read_text().replace("A2A-Version", "X-Tenant"))
    agentcore.run("configure", "--no-check", "--env", "LEVEL=high")
    assert listed() == ["X-Tenant"]


@pytest.mark.parametrize("name", ["Cookie", "host", "X-Forwarded-For", "Content-Type", "X-Amz-Date"])
def test_a_header_that_is_never_forwarded_is_refused(agentcore: CommandLine, project: Path, name: str) -> None:
    before = contents(project)
    done = agentcore.run(
        "configure", "--entrypoint", "handler.py", "--region", "us-west-2", "--no-check", "--allow-header", name, code=2
    )
    assert contents(project) == before
    assert name in done.stderr


@pytest.mark.parametrize("root", ["", '[project]\nname = "all"\nversion = "1"\ndependencies = []\n'])
def test_a_member_of_a_workspace_has_its_own_requirements(
    agentcore: CommandLine, project: Path, uv_settings: Path, root: str
) -> None:
    (project / "requirements.txt").unlink()
    member = '[project]\nname = "{0}"\nversion = "1"\ndependencies = {1}\n'.format
    for name, text in {
        "pyproject.toml": f'{root}[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "packages/kit/pyproject.toml": member("kit", []),
        "packages/kit/src/kit/__init__.py": "WORD = 'kit'\n",
        "packages/bot/pyproject.toml": member("bot", ["bedrock-agentcore", "kit"])
        + "[tool.uv.sources]\nkit = {workspace = true}\n",
        "packages/bot/src/bot/__init__.py": "from kit import WORD\n",
        "packages/bot/src/bot/app.py": f"from . import WORD\n{AGENT}",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    command = SameProcess(project, {**agentcore.environment, "UV_CONFIG_FILE": str(uv_settings)})
    told = command.json("configure", "-e", "packages/bot/src/bot/app.py")
    assert told["requirements"] == "packages/bot/pyproject.toml"
    assert told["warnings"] == []
