"""`agentcore doctor`: what is looked at, and that only what is needed makes it fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.long_cases import always
from tests.same_process import SameProcess

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
NO_DOCKER = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}


@pytest.fixture
def agentcore(tmp_path: Path) -> CommandLine:
    folder = tmp_path / "bot"
    environment = {"HOME": str(tmp_path), "AGENTCORE_HOME": str(tmp_path / "state"), "UV_OFFLINE": "1", **NO_DOCKER}
    SameProcess(tmp_path, environment).run("init", "bot")
    return CommandLine(folder, environment)


def with_variables(agentcore: CommandLine, **variables: str) -> CommandLine:
    return CommandLine(agentcore.folder, {**agentcore.environment, **variables})


def examine(agentcore: CommandLine, *arguments: str, code: int) -> tuple[bool, dict[str, dict[str, Any]]]:
    """The verdict, and the checks by name."""
    import json

    diagnosis = json.loads(agentcore.run("doctor", "--json", *arguments, code=code).stdout)
    return diagnosis["healthy"], {check["name"]: check for check in diagnosis["checks"]}


def test_a_local_target_needs_neither_docker_nor_credentials(agentcore: CommandLine) -> None:
    healthy, checks = examine(agentcore, "--local", code=0)
    assert healthy
    assert checks["docker"]["detail"].startswith("not needed for the local runtime")
    assert checks["credentials"]["status"] == "warn"
    assert {check["status"] for check in checks.values()} <= {"ok", "warn"}
    assert all(check["fix"] for check in checks.values() if check["status"] != "ok")


def test_without_docker_an_image_is_built_all_the_same(agentcore: CommandLine) -> None:
    healthy, checks = examine(with_variables(agentcore, **KEYS), code=0)
    assert healthy
    assert checks["docker"]["detail"].startswith("not needed: images are built without it (no Docker Engine: nothing")
    assert checks["dockerfile"]["status"] == "ok"


@pytest.mark.parametrize("build", always("auto", of=["auto", "oci"]))
def test_a_dockerfile_that_needs_docker_is_told(agentcore: CommandLine, build: str) -> None:
    agentcore.run("configure", "--build", build)
    (agentcore.folder / "Dockerfile").write_text("FROM python:3.13\nRUN true\nCMD python agent.py\n")
    _, checks = examine(with_variables(agentcore, **KEYS), code=1)
    assert checks["dockerfile"]["detail"].startswith("Dockerfile line 2: RUN: ")
    assert checks["docker"]["status"] == "ok"


def test_a_target_in_aws_whose_images_docker_builds_needs_both(agentcore: CommandLine) -> None:
    agentcore.run("configure", "--build", "docker")
    healthy, checks = examine(agentcore, code=1)
    assert not healthy
    assert {name for name, check in checks.items() if check["status"] == "fail"} == {"docker", "credentials"}
    assert checks["docker"]["detail"] == "no Docker Engine: nothing answers at unix:///nonexistent/docker.sock"


def test_the_region_and_profile_that_were_asked_for_are_those_it_looks_at(agentcore: CommandLine) -> None:
    _, checks = examine(with_variables(agentcore, **KEYS), "--region", "eu-central-1", code=0)
    assert checks["region"]["detail"] == "eu-central-1, from the target"
    _, checks = examine(with_variables(agentcore, **KEYS), "--profile", "elsewhere", code=1)
    assert checks["credentials"]["detail"] == "none found: no keys in the environment, profile elsewhere is not there"


def test_a_zip_needs_no_docker(agentcore: CommandLine) -> None:
    agentcore.run("configure", "--build", "zip", "--python", "3.13")
    _, checks = examine(with_variables(agentcore, **KEYS), code=0)
    assert checks["docker"]["status"] == "ok"
    assert checks["credentials"]["detail"] == "access keys in the environment (not tried)"


def test_a_broken_config_fails_with_its_line(agentcore: CommandLine) -> None:
    path = agentcore.folder / ".agentcore.yaml"
    path.write_text(path.read_text() + "zzz: 1\n")
    healthy, checks = examine(agentcore, "--local", code=1)
    assert not healthy
    assert checks["config"]["detail"].startswith(".agentcore.yaml:13: zzz: unknown key")
    assert "entrypoint" not in checks


def test_a_broken_agent_fails(agentcore: CommandLine) -> None:
    (agentcore.folder / "agent.py").write_text("def f(:\n")
    _, checks = examine(agentcore, "--local", code=1)
    assert checks["entrypoint"]["detail"].startswith("agent.py:1: syntax error")


def test_a_python_that_is_not_there_is_warned_of(agentcore: CommandLine) -> None:
    path = agentcore.folder / ".agentcore.yaml"
    path.write_text(path.read_text().replace("entrypoint: agent.py", "entrypoint: agent.py\n    python: '3.99'", 1))
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if 'python: "' not in line))
    _, checks = examine(agentcore, "--local", code=0)
    assert checks["agent's python"]["detail"].startswith("no Python 3.99 here; the local runtime would take 3.")


def test_without_a_config_it_says_how_to_begin(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    command = CommandLine(folder, {"HOME": str(tmp_path), "AGENTCORE_HOME": str(tmp_path / "state"), **NO_DOCKER})
    healthy, checks = examine(command, code=0)
    assert healthy
    assert checks["config"]["fix"] == "agentcore configure --entrypoint FILE"


def test_a_state_folder_that_can_t_be_written(agentcore: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = with_variables(agentcore, AGENTCORE_HOME=str(tmp_path / "file" / "state"))
    _, checks = examine(command, "--local", code=1)
    assert checks["state folder"]["status"] == "fail"


def test_a_person_reads_marks_and_fixes(agentcore: CommandLine) -> None:
    agentcore.run("configure", "--build", "docker")
    done = agentcore.run("doctor", code=1)
    assert "✓ config: " in done.stdout
    assert "✗ credentials: none found" in done.stdout
    assert "    fix: start Docker (" in done.stdout
