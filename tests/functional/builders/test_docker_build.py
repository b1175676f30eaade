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
PARENT: list[Event] = [{"error": f"failed to set parent {IMAGE_ID}: unknown parent image ID {IMAGE_ID}"}]
IMAGE: list[Event] = [{"error": f'failed to get destination image "{IMAGE_ID}": No such image: {IMAGE_ID}'}]

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


@pytest.mark.parametrize("lost", [PARENT, IMAGE], ids=["parent", "image"])
def test_one_that_lost_a_layer_to_a_removal_is_begun_anew(build: Build, engine: PushEngine, lost: list[Event]) -> None:
    engine.builds = [lost, BUILT]
    told: list[str] = []
    assert build(told) == IMAGE_ID
    assert "begun anew: a layer was removed meanwhile" in told


@pytest.mark.parametrize("faults", [[PARENT, PARENT], [[{"error": "exit code 1"}]]], ids=["twice", "of its own"])
def test_one_that_fails_by_itself_fails(build: Build, engine: PushEngine, faults: list[list[Event]]) -> None:
    engine.builds = list(faults)
    with pytest.raises(AgentcoreError, match="the image can't be built"):
        build([])
    assert engine.builds == []
