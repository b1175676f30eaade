"""Without a Docker Engine: a plan says what it could not see and a deploy stops, unless another builder may do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.images.docker_engine import EngineMissingError
from agentcore_cli.errors import InputError
from agentcore_cli.events import Note
from tests.functional.operations.aws_target.cloud import Cloud, Project


@pytest.fixture
def built(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    project = Project.open(tmp_path / "project", cloud)
    project.configure(image="null", build="docker")
    return project


def test_a_plan_goes_on_and_says_so(built: Project) -> None:
    assert [change.key for change in built.plan().pending] == ["role", "repository", "image", "runtime"]
    notes = [event.message for event in built.heard.events if isinstance(event, Note)]
    assert any(note.startswith("not looked at whether the image can be built: no Docker Engine") for note in notes)


def test_a_deploy_stops_before_anything_is_made(built: Project, cloud: Cloud) -> None:
    with pytest.raises(EngineMissingError, match="no Docker Engine"):
        built.deploy()
    assert (cloud.roles(), cloud.runtimes()) == ([], {})


def test_with_auto_the_plan_says_who_builds_and_why(built: Project) -> None:
    built.configure(image="null")
    result = built.plan()
    assert result.builder
    assert result.builder.builder == "oci"
    assert result.builder.reason.startswith("no Docker Engine: nothing answers at unix://")
    assert [change.key for change in result.pending] == ["role", "repository", "image", "runtime"]


def test_a_dockerfile_that_needs_an_engine_is_refused_with_the_ways_out(built: Project, cloud: Cloud) -> None:
    built.configure(image="null")
    (built.root / "Dockerfile").write_text("FROM python:3.13\nRUN pip install six\nCMD python handler.py\n")
    with pytest.raises(InputError, match="Dockerfile line 2: RUN") as caught:
        built.deploy()
    assert "--build docker" in (caught.value.hint or "")
    assert (cloud.roles(), cloud.runtimes()) == ([], {})
