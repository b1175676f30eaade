"""A plan looks at what can be looked at: without a Docker Engine it says what it could not see, and a deploy stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.docker_engine import EngineMissingError
from agentcore_cli.events import Note
from tests.functional.aws_target.cloud import Cloud, Project


@pytest.fixture
def built(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    project = Project.open(tmp_path / "project", cloud)
    project.configure(image="null")
    return project


def test_a_plan_goes_on_and_says_so(built: Project) -> None:
    assert [change.key for change in built.plan().pending] == ["role", "repository", "image", "runtime"]
    notes = [event.message for event in built.heard.events if isinstance(event, Note)]
    assert any(note.startswith("not looked at whether the image can be built: no Docker Engine") for note in notes)


def test_a_deploy_stops_before_anything_is_made(built: Project, cloud: Cloud) -> None:
    with pytest.raises(EngineMissingError, match="no Docker Engine"):
        built.deploy()
    assert (cloud.roles(), cloud.runtimes()) == ([], {})
