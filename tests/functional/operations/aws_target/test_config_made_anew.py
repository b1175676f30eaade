"""A config with another project id than the one that deployed: what is there is not its own, and stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import ConflictError
from agentcore_cli.events import Note
from tests.functional.operations.aws_target.cloud import Cloud, Project

EARLIER = "cloudy-1a2b3c"
HINT = f"if an earlier config of yours made it, `project: {EARLIER}` in the config reaches it"


def change_project(project: Project, earlier: str, now: str) -> None:
    config = project.root / ".agentcore.yaml"
    config.write_text(config.read_text().replace(f"project: {earlier}", f"project: {now}"))


def test_a_deploy_changes_nothing_and_its_hint_goes_on(project: Project, cloud: Cloud) -> None:
    arn = project.deploy().arn
    change_project(project, EARLIER, "anew-4d5e6f")
    records, roles = project.state.read_text(), cloud.roles()
    with pytest.raises(ConflictError, match=f"belongs to project {EARLIER}") as refused:
        project.deploy()
    assert (refused.value.hint or "").startswith(HINT)
    assert (project.state.read_text(), cloud.roles()) == (records, roles)
    change_project(project, "anew-4d5e6f", EARLIER)
    assert (project.deploy().arn, project.plan().pending) == (arn, ())
    project.destroy()
    assert (cloud.runtimes(), cloud.roles()) == ({}, [])


def test_a_destroy_leaves_all_of_it_and_says_so(project: Project, cloud: Cloud) -> None:
    """With it the role, whose name has the project in it, and the log group that AgentCore made without tags."""
    deployed = project.deploy()
    logs = cloud.moto.client("logs")
    group = f"/aws/bedrock-agentcore/runtimes/{deployed.runtime_id}-DEFAULT"
    logs.create_log_group(logGroupName=group)
    there = cloud.runtimes(), cloud.roles()
    change_project(project, EARLIER, "anew-4d5e6f")
    would = project.destroy(dry_run=True)
    gone = project.destroy()
    assert (would.deletions, would.left) == (gone.deletions, gone.left) == ((), gone.left)
    assert {(change.key, change.action) for change in gone.left} == {
        (key, Action.FORGET) for key in ("runtime", "role", "log_group")
    }
    assert all(change.name for change in gone.left)
    assert [EARLIER in change.reason for change in gone.left if change.key != "log_group"] == [True, True]
    assert any(isinstance(event, Note) and HINT in event.message for event in project.heard.events)
    assert (cloud.runtimes(), cloud.roles()) == there
    (left,) = logs.describe_log_groups()["logGroups"]
    assert logs.list_tags_for_resource(resourceArn=left["arn"].removesuffix(":*"))["tags"] == {}
    assert project.destroy().left == ()
    change_project(project, "anew-4d5e6f", EARLIER)
    assert {change.key for change in project.destroy().deletions} == {"runtime", "role", "log_group"}
    assert (cloud.runtimes(), cloud.roles(), logs.describe_log_groups()["logGroups"]) == ({}, [], [])


def test_a_memory_that_stays_is_not_said_to_go_with_an_option(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path / "project", cloud, memory="notes")
    project.deploy()
    change_project(project, EARLIER, "anew-4d5e6f")
    for _ in range(2):
        memory_id = project.destroy().kept_memory
        said = [event.message for event in project.heard.events if isinstance(event, Note)]
        told = f"memory {memory_id} stays, with what users said: it was made for project {EARLIER}"
        assert (memory_id is not None, told in said, "--include-memory" in " ".join(said)) == (True, True, False)
    assert [change.key for change in project.destroy(include_memory=True).left] == ["memory"]
    with cloud.agentcore() as client:
        assert [memory["id"] for memory in client.list_memories()["memories"]] == [memory_id]
