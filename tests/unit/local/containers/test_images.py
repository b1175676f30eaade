"""Which image of the engine a containerUri means, and what is said when none can run."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.local.containers import ImageProgram
from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.images import ImageReference, program
from agentcore_cli.local.control import ArtifactError, RuntimeSettings
from agentcore_cli.local.home import Home
from tests.fakes.container_engine import FakeEngine

REPOSITORY = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/bot"
ID = "sha256:" + "a" * 64
PUSHED = "sha256:" + "b" * 64


async def found(home: Home, engine: FakeEngine, uri: str) -> ImageProgram:
    body = {
        "agentRuntimeArtifact": {"containerConfiguration": {"containerUri": uri}},
        "lifecycleConfiguration": {"idleRuntimeSessionTimeout": 900, "maxLifetime": 3600},
    }
    async with engine.serve(home.root / "engine"):
        settings = RuntimeSettings.of(body)
        return await program(Engine(str(home.root / "engine")), "bot-0123456789/1", settings, {"A": "b"})


@pytest.mark.parametrize(
    ("uri", "name", "known"),
    [
        pytest.param(f"{REPOSITORY}@{PUSHED}", f"{REPOSITORY}@{PUSHED}", [], id="digest-of-a-push"),
        pytest.param(f"{REPOSITORY}:v1@{PUSHED}", f"{REPOSITORY}@{PUSHED}", [], id="digest-beside-a-tag"),
        pytest.param(f"{REPOSITORY}:v1", f"{REPOSITORY}:v1", [], id="tag"),
        pytest.param(REPOSITORY, f"{REPOSITORY}:latest", [], id="neither"),
        pytest.param(f"{REPOSITORY}@{ID}", "", [f"{REPOSITORY}:any"], id="its-own-id"),
    ],
)
async def test_an_image_that_the_engine_has(home: Home, uri: str, name: str, known: list[str]) -> None:
    engine = FakeEngine()
    engine.add_image(name, id=ID, RepoTags=known, Config={"Labels": {"agentcore.writable": "/app /data"}})
    assert await found(home, engine, uri) == ImageProgram(
        "bot-0123456789/1", ID, {"A": "b"}, 8080, "amd64", writable=("/app", "/data")
    )
    assert not engine.calls("/images/create")


async def test_an_id_needs_a_name_in_its_repository(home: Home) -> None:
    engine = FakeEngine()
    engine.add_image(id=ID, RepoTags=["somebody/else:v1"])
    with pytest.raises(ArtifactError, match="is not in the container engine at "):
        await found(home, engine, f"{REPOSITORY}@{ID}")


async def test_what_is_not_here_is_pulled_last(home: Home) -> None:
    engine = FakeEngine()
    with pytest.raises(ArtifactError, match="pulling it without credentials failed: no basic auth credentials"):
        await found(home, engine, f"{REPOSITORY}@{PUSHED}")
    assert engine.asked[-1] == "POST /images/create"


@pytest.mark.parametrize("told", [{"Architecture": "amd64"}, {"Os": "windows"}], ids=["amd64", "windows"])
async def test_agentcore_runs_arm64_and_nothing_else(home: Home, told: dict[str, str]) -> None:
    engine = FakeEngine()
    engine.add_image(f"{REPOSITORY}:v1", **told)
    with pytest.raises(ArtifactError, match=r"Architecture incompatible .* Supported architectures: \[arm64\]"):
        await found(home, engine, f"{REPOSITORY}:v1")


async def test_how_the_machine_runs_it_is_told(home: Home) -> None:
    for architecture, level, seconds in (("amd64", "emulated: linux/arm64 on amd64", 600), ("arm64", "native", 120)):
        engine = FakeEngine(architecture)
        engine.add_image(f"{REPOSITORY}:v1")
        made = await found(home, engine, f"{REPOSITORY}:v1")
        assert (made.level.name, made.level.reason) == ("container", level)
        assert made.initialization_seconds == seconds


async def test_no_engine_at_all(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no container engine answers at .*: No such file") as raised:
        await Engine(str(tmp_path / "nobody")).ask("GET", "/version")
    assert "start Docker" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param(None, "/var/run/docker.sock", id="none"),
        pytest.param("unix:///run/user/1000/podman/podman.sock", "/run/user/1000/podman/podman.sock", id="podman"),
        pytest.param("tcp://localhost:2375", "127.0.0.1:2375", id="loopback"),
    ],
)
def test_which_engine(host: str | None, address: str) -> None:
    environment = {"DOCKER_CONFIG": "/nowhere"} | ({"DOCKER_HOST": host} if host else {})
    assert Engine.of_environment(environment).address == address


@pytest.mark.parametrize("host", ["ssh://me@there", "tcp://10.0.0.5:2375", "npipe:////./pipe/docker"])
def test_an_engine_that_cannot_be_used(host: str) -> None:
    with pytest.raises(EngineError, match="need an engine on this machine"):
        Engine.of_environment({"DOCKER_HOST": host})


def test_a_name_with_a_port_is_no_tag() -> None:
    assert ImageReference.of("localhost:5000/bot").name == "localhost:5000/bot:latest"
