"""`deploy --local --build docker`: the very image, built into the engine, run by the local runtime, and removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docker
import pytest

from agentcore_cli.local.home import Home
from tests.command_line import CommandLine
from tests.e2e.containers.engine import Engine
from tests.fakes.wheel import make_wheel

pytestmark = pytest.mark.timeout(600)

AGENT = Path(__file__).parents[2] / "agents" / "contained.py"
PROJECT = "containers-1a2b3c"
CONFIG = """\
version: 1
project: {project}
agents:
  looker:
    entrypoint: agent.py
    python: "3.13"
    base_image: {base}
"""


@pytest.fixture
def cli(tmp_path: Path, home: Home, engine: Engine) -> CommandLine:
    (tmp_path / "agent.py").write_text(AGENT.read_text())
    (tmp_path / ".agentcore.yaml").write_text(CONFIG.format(project=PROJECT, base=engine.base()))
    return CommandLine(tmp_path, {"AGENTCORE_HOME": str(home.root)})


def images() -> set[str]:
    """The names of all images of the project."""
    client = docker.from_env()
    try:
        found = client.images.list(filters={"label": f"agentcore:project={PROJECT}"})
        return {name for image in found for name in image.tags}
    finally:
        client.close()


def ask(cli: CommandLine, expression: str, session: str = "one") -> Any:
    told = cli.json("--local", "invoke", json.dumps({"python": expression}), "--session-id", session)
    return told["response"]["value"]


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {change["key"]: change["action"] for change in result["changes"]}


def test_the_whole_way(cli: CommandLine, home: Home, engine: Engine) -> None:
    first = cli.json("--local", "deploy", "--build", "docker")
    assert actions(first) == {"image": "create", "runtime": "create"}
    assert "000000000000.dkr.ecr.us-west-2.amazonaws.com/bedrock-agentcore-looker-" in first["ecr_uri"]
    assert len(images()) == 2  # the builder's name, and the one as in ECR

    assert ask(cli, "kept.append('x') or [os.uname().machine, os.getuid(), os.getcwd(), len(kept)]") == [
        *("aarch64", 10001, "/app"),
        1,
    ]
    assert ask(cli, "len(kept)") == 1
    assert ask(cli, "len(kept)", "two") == 0
    sessions = cli.json("--local", "sessions", "list")["sessions"]
    assert {session["sandbox"] for session in sessions} == {"container"}
    assert "isolation: container (" in cli.run("--local", "sessions", "list").stderr
    [container, _] = engine.containers(home.root)
    assert container.attrs["HostConfig"]["ReadonlyRootfs"] is True

    again = cli.json("--local", "deploy")
    assert (again["changed"], actions(again)) == (False, {"image": "keep", "runtime": "keep"})
    assert cli.json("--local", "status")["artifact"] == first["ecr_uri"]

    with (cli.folder / "agent.py").open("a") as file:
        file.write("# changed\n")
    assert {change["key"] for change in cli.json("--local", "status")["drift"]} == {"image", "runtime"}
    second = cli.json("--local", "deploy")
    assert actions(second) == {"image": "update", "runtime": "update"}
    assert second["ecr_uri"] != first["ecr_uri"]
    assert ask(cli, "'# changed' in Path('/app/agent.py').read_text()", "three") is True
    assert ask(cli, "len(kept)") == 1  # of the version that it started with

    destroyed = cli.json("--local", "destroy", "--yes")
    assert [change["key"] for change in destroyed["deletions"]][-1] == "image"
    assert images() == set()
    assert engine.containers(home.root) == []
    assert not list(cli.folder.joinpath(".agentcore").glob("*.json"))


def test_from_code_to_an_image_and_back(cli: CommandLine, home: Home, engine: Engine) -> None:
    assert actions(cli.json("--local", "deploy"))["source"] == "create"
    assert ask(cli, "os.environ.get('DOCKER_CONTAINER') == '1'") is False
    assert actions(cli.json("--local", "deploy", "--build", "docker")) == {"image": "create", "runtime": "update"}
    assert ask(cli, "os.environ.get('DOCKER_CONTAINER') == '1'", "two") is True
    assert actions(cli.json("--local", "deploy", "--build", "zip"))["runtime"] == "update"
    assert ask(cli, "os.environ.get('DOCKER_CONTAINER') == '1'", "three") is False
    rolled_back = cli.json("--local", "rollback")
    assert rolled_back["version"] == "4"
    assert ask(cli, "os.environ.get('DOCKER_CONTAINER') == '1'", "four") is True
    (cli.folder / ".agentcore" / "local.json").unlink()  # a lost state file: what is ours is found by looking
    cli.run("--local", "destroy", "--yes")
    assert images() == set()


def test_packages_that_lack_what_is_imported_are_refused_before_the_engine_gets_them(cli: CommandLine) -> None:
    wheel = make_wheel(cli.folder, "kit")
    (cli.folder / "requirements.txt").write_text(f"./{wheel.name}\n")
    config, _, _ = CONFIG.partition("    base_image")
    (cli.folder / ".agentcore.yaml").write_text(f"{config.format(project=PROJECT)}    requirements: requirements.txt\n")
    (cli.folder / "agent.py").write_text("import nowhere_to_be_found\n" + AGENT.read_text())
    before = images()
    refused = cli.run("--local", "deploy", "--build", "docker", code=2)
    assert "agent.py:1: " in refused.stderr
    assert "nowhere_to_be_found" in refused.stderr
    assert images() == before


def test_an_image_that_was_removed_is_built_again(cli: CommandLine, engine: Engine) -> None:
    cli.json("--local", "deploy", "--build", "docker")
    client = docker.from_env()
    for name in images():
        client.images.remove(name, force=True)
    client.close()
    again = cli.json("--local", "deploy")
    assert actions(again)["image"] == "create"
    cli.run("--local", "destroy", "--yes")


def test_without_an_engine(cli: CommandLine) -> None:
    cli.environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock"  # type: ignore[index]
    refused = cli.run("--local", "deploy", "--build", "docker", code=1)
    assert "no Docker Engine: nothing answers at unix:///nowhere/docker.sock" in refused.stderr
    assert "start Docker" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("--build", "codebuild"), "--build codebuild: not for the local runtime", id="builder"),
        pytest.param(("--image", "nginx:latest"), "has none of that name", id="image"),
    ],
)
def test_what_is_refused(cli: CommandLine, arguments: tuple[str, ...], words: str) -> None:
    assert words in cli.run("--local", "deploy", *arguments, code=2).stderr


def test_a_given_image(cli: CommandLine, image: str) -> None:
    result = cli.json("--local", "deploy", "--image", image)
    assert (actions(result), result["ecr_uri"]) == ({"runtime": "create"}, image)
    assert ask(cli, "os.environ['OF_IMAGE']") == "yes"
    cli.run("--local", "destroy", "--yes")


def test_an_image_that_the_engine_has_under_a_name(cli: CommandLine, image: str) -> None:
    """It runs as it is; its name stays, ours goes, and a later deploy is of the code again."""
    client = docker.from_env()
    try:
        client.api.tag(image.rpartition("@")[2], "somebodys/looker", "dev")
        result = cli.json("--local", "deploy", "--image", "somebodys/looker:dev")
        assert actions(result) == {"image": "create", "runtime": "create"}
        assert ask(cli, "os.environ['OF_IMAGE']") == "yes"
        again = cli.json("--local", "plan", "--image", "somebodys/looker:dev")
        assert {change["action"] for change in again["changes"]} == {"keep"}
        cli.run("--local", "destroy", "--yes")
        names = client.images.get("somebodys/looker:dev").tags
        assert not [name for name in names if "/named:" in name]
    finally:
        client.images.remove("somebodys/looker:dev", noprune=True)
        client.close()
