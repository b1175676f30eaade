"""A build by the Docker Engine that somebody else disturbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentcore_cli.builders.images import docker_image, image
from agentcore_cli.builders.images.image import ImageInputs, ImageProject
from agentcore_cli.errors import AgentcoreError
from tests.fakes.push_engine import IMAGE_ID, Event, PushEngine

BUILT: list[Event] = [{"stream": "Step 1/2 : FROM python\n"}, {"aux": {"ID": IMAGE_ID}}]
STORE = "/var/lib/docker/image/overlay2/imagedb/content/sha256/0c8c"
# As the engine says it, by the moment in which the layer goes.
LOST = {
    "parent": f"failed to set parent {IMAGE_ID}: unknown parent image ID {IMAGE_ID}",
    "image": f'failed to get destination image "{IMAGE_ID}": No such image: {IMAGE_ID}',
    "digest": f"failed to get digest {IMAGE_ID}: open {STORE}: no such file or directory",
    "layer": "failed to export image: failed to get layer sha256:0c8c: layer does not exist",
    "mount": "error creating overlay mount to /var/lib/docker/overlay2/0c8c/merged: no such file or directory",
    "containerd": "failed to prepare extraction snapshot: parent snapshot sha256:0c8c does not exist: not found",
    "content": "content digest sha256:0c8c: not found",
}
PARENT: list[Event] = [{"error": LOST["parent"]}]

Build = Callable[[list[str]], str]


@pytest.fixture
def inputs(tmp_path: Path) -> ImageInputs:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "main.py").write_text("answer = 1\n")
    entry = Path("main.py")
    return image.read(ImageProject(tmp_path / "project", "bot", ("main.py",), entry, 8080, "3.13", "python:3.13-slim"))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: ImageInputs) -> Iterator[PushEngine]:
    address = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
    with PushEngine(address, []) as engine:
        engine.missing = {image.reference("bot", inputs.tag)}
        yield engine


@pytest.fixture
def build(engine: PushEngine, inputs: ImageInputs, tmp_path: Path) -> Build:
    """Build it, and keep what is told; gives the image's id."""
    return lambda told: docker_image.build(inputs, tmp_path, tell=told.append, stopping=lambda: False).id


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_one_that_lost_a_layer_to_a_removal_is_begun_anew(build: Build, engine: PushEngine, lost: str) -> None:
    engine.builds = [[{"error": lost}], BUILT]
    told: list[str] = []
    assert build(told) == IMAGE_ID
    assert "begun anew: a layer was removed meanwhile" in told


def test_one_that_loses_layers_again_and_again_is_built_in_the_end(build: Build, engine: PushEngine) -> None:
    engine.builds = [PARENT, PARENT, PARENT, BUILT]
    assert build([]) == IMAGE_ID


@pytest.mark.parametrize("faults", [[PARENT] * 4, [[{"error": "exit code 1"}]]], ids=["each time", "of its own"])
def test_one_that_fails_by_itself_fails(build: Build, engine: PushEngine, faults: list[list[Event]]) -> None:
    engine.builds = list(faults)
    with pytest.raises(AgentcoreError, match="the image can't be built"):
        build([])
    assert engine.builds == []
