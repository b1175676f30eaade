"""On AWS a version is READY before anybody knows whether it starts: the deploy's last step finds out."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.errors import AgentFailedError
from agentcore_cli.events import Note
from tests.functional.operations.aws_target.cloud import OTHER_IMAGE, Cloud, Project

WHY = "Runtime exited with status 1 before it served a request."


def test_one_session_is_started_and_stopped_and_nothing_of_the_agent_called(cloud: Cloud, tmp_path: Path) -> None:
    result = Project.open(tmp_path, cloud).deploy()
    assert cloud.control.commands == ["true"]
    assert cloud.control.sessions == set()
    assert "start" in result.seconds


def test_what_was_seen_to_start_is_not_tried_again(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path, cloud)
    project.deploy()
    project.deploy()
    assert cloud.control.commands == ["true"]
    assert project.plan().pending == ()


def test_one_that_was_not_seen_to_start_is_tried_again(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path, cloud)
    project.deploy(smoke=False)
    assert cloud.control.commands == []
    project.deploy()
    assert cloud.control.commands == ["true"]


def test_a_version_that_does_not_start_is_the_agent_s_failure(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path, cloud)
    project.deploy()
    cloud.control.does_not_start = WHY
    project.configure(image=OTHER_IMAGE)
    with pytest.raises(AgentFailedError) as failed:
        project.deploy()
    (name,) = cloud.runtimes()
    shown = cloud.runtimes()[name][2]
    assert failed.value.message == f"version {shown} does not start: {WHY}\nDEFAULT answers with version {shown}"
    assert failed.value.hint is not None
    assert failed.value.hint.startswith("agentcore rollback --target aws goes back; or mend the code")


def test_it_is_left_again_where_that_was_said(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path, cloud)
    good = project.deploy().artifact
    cloud.control.does_not_start = WHY
    project.configure(image=OTHER_IMAGE)
    with pytest.raises(AgentFailedError, match="rolled back: DEFAULT answers with what version"):
        project.deploy(rolls_back=True)
    there = cloud.the_runtime()
    assert there["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"].endswith(good)


def test_a_first_version_has_nothing_to_go_back_to(cloud: Cloud, tmp_path: Path) -> None:
    cloud.control.does_not_start = WHY
    with pytest.raises(AgentFailedError, match="not rolled back: nothing to go back to") as failed:
        Project.open(tmp_path, cloud).deploy(rolls_back=True)
    assert failed.value.hint == "mend the code, then agentcore deploy --target aws"


def test_where_only_tokens_get_in_it_is_said_that_nobody_looked(cloud: Cloud, tmp_path: Path) -> None:
    issuer = "{discovery_url: 'https://example.com/.well-known/openid-configuration', clients: [me]}"
    project = Project.open(tmp_path, cloud, authorizer=issuer)
    project.deploy()
    assert cloud.control.commands == []
    notes = [event.message for event in project.heard.events if isinstance(event, Note)]
    assert any("only callers with a token get in: give it in AGENTCORE_BEARER_TOKEN" in note for note in notes)


def test_with_a_token_it_is_tried_there_too(cloud: Cloud, tmp_path: Path) -> None:
    issuer = "{discovery_url: 'https://example.com/.well-known/openid-configuration', clients: [me]}"
    Project.open(tmp_path, cloud, authorizer=issuer).deploy(bearer="a.b.c")
    assert cloud.control.commands == ["true"]
