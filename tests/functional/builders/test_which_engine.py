"""Build, local runtime and doctor use the engine that the docker command would use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agentcore_cli.builders.images import docker_engine
from agentcore_cli.builders.images.docker_engine import EngineMissingError
from agentcore_cli.local.containers.engine import Engine
from agentcore_cli.operations.doctor import aws
from agentcore_cli.operations.selection import Options


class Docker:
    """A ~/.docker with contexts in it, as `docker context create` makes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "docker"
        self.folder.mkdir()

    def context(self, name: str, host: str, **more: object) -> Path:
        key = hashlib.sha256(name.encode()).hexdigest()
        kept = self.folder / "contexts" / "meta" / key
        kept.mkdir(parents=True)
        endpoint = {"Host": host, **more}
        (kept / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
        return self.folder / "contexts" / "tls" / key / "docker"

    def use(self, name: str) -> None:
        (self.folder / "config.json").write_text(json.dumps({"currentContext": name}))


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    made = Docker(tmp_path)
    for variable in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(made.folder))
    return made


@pytest.mark.parametrize(
    ("variables", "current", "used"),
    [
        ({"DOCKER_HOST": "unix:///nowhere/host.sock"}, None, "host"),
        ({"DOCKER_HOST": "unix:///nowhere/host.sock", "DOCKER_CONTEXT": "colima"}, "desktop", "host"),
        ({"DOCKER_CONTEXT": "colima"}, None, "colima"),
        ({"DOCKER_CONTEXT": "colima"}, "desktop", "colima"),
        ({}, "desktop", "desktop"),
    ],
)
def test_all_three_ask_the_same_engine(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], current: str | None, used: str
) -> None:
    for name in ("colima", "desktop"):
        docker.context(name, f"unix:///nowhere/{name}.sock")
    if current:
        docker.use(current)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    path = f"/nowhere/{used}.sock"

    assert Engine.of_environment().address == path
    with pytest.raises(EngineMissingError, match=f"nothing answers at unix://{path}"), docker_engine.connected():
        pass
    checks = {check.name: check for check in aws.checks(None, Options(), {})}
    assert checks["docker"].detail == f"no Docker Engine: nothing answers at unix://{path}"


@pytest.mark.parametrize("chosen", ["default", "gone", "broken", "strange"])
def test_a_context_that_leads_nowhere_leaves_the_usual_socket(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    docker.context("broken", "unix:///nowhere/broken.sock")
    next((docker.folder / "contexts" / "meta").glob("*/meta.json")).write_text("{")
    (docker.folder / "config.json").write_text('["currentContext"]')
    if chosen != "strange":
        docker.use(chosen)
    assert Engine.of_environment().address == "/var/run/docker.sock"
    assert docker_engine.is_on_this_machine()


def test_a_context_of_another_machine_brings_its_certificates(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentcore_cli.docker_context import engine_address

    folder = docker.context("farm", "tcp://farm.example:2376", SkipTLSVerify=True)
    docker.use("farm")
    assert engine_address().certificates is None
    folder.mkdir(parents=True)
    for part in ("ca", "cert", "key"):
        (folder / f"{part}.pem").touch()
    assert engine_address().certificates == folder
    assert not engine_address().verified
    assert not docker_engine.is_on_this_machine()
