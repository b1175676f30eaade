"""An agent with a memory on AWS's stand-ins: what deploy makes, tells and allows, and what destroy leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.events import Note
from tests.exports import AN_EXPORT, many
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.processes import killed_when
from tests.same_process import SameProcess
from tests.stand_ins import ACCOUNT, REGION

MEMORY = "{name: notes, expiry_days: 30, strategies: [{type: semantic, name: facts}]}"


def memories(cloud: Cloud) -> list[str]:
    with cloud.agentcore() as client:
        return [memory["id"] for memory in client.list_memories()["memories"]]


def statement(cloud: Cloud, sid: str) -> Any:
    (role,) = cloud.roles()
    document = cloud.moto.client("iam").get_role_policy(RoleName=role, PolicyName="AgentCore")["PolicyDocument"]
    return next((found for found in document["Statement"] if found["Sid"] == sid), None)


@pytest.fixture
def remembering(cloud: Cloud, tmp_path: Path) -> Project:
    return Project.open(tmp_path / "project", cloud, memory=MEMORY)


def test_a_deploy_makes_it_tells_the_agent_and_lets_the_role_use_that_one(remembering: Project, cloud: Cloud) -> None:
    result = remembering.deploy()
    (memory_id,) = memories(cloud)
    assert result.changes[0].key == "memory"
    told = cloud.the_runtime()["environmentVariables"]
    assert told == {"MEMORY_ID": memory_id, "BEDROCK_AGENTCORE_MEMORY_ID": memory_id}
    used = statement(cloud, "UseMemory")
    assert used["Resource"] == f"arn:aws:bedrock-agentcore:{REGION}:000000000000:memory/{memory_id}"
    assert {change.action for change in remembering.plan().changes} == {Action.KEEP}
    assert remembering.asked == [], "a first deploy asks nothing"


def test_a_memory_that_comes_later_is_told_and_allowed_then(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path / "project", cloud)
    project.deploy()
    assert statement(cloud, "UseMemory") is None
    project.configure(memory="notes")
    project.deploy()
    assert project.asked == [("role",)], "the role may do more than before"
    assert cloud.the_runtime()["environmentVariables"]["MEMORY_ID"] == memories(cloud)[0]
    project.configure()
    project.deploy()
    assert "MEMORY_ID" not in cloud.the_runtime().get("environmentVariables", {})
    assert len(memories(cloud)) == 1, "what users said is not removed with a line of the config"


def test_the_config_s_own_variable_goes_before(cloud: Cloud, tmp_path: Path) -> None:
    project = Project.open(tmp_path / "project", cloud, memory="notes", environment="{MEMORY_ID: mine}")
    project.deploy()
    assert cloud.the_runtime()["environmentVariables"]["MEMORY_ID"] == "mine"
    assert {change.action for change in project.plan().changes} == {Action.KEEP}


def test_destroy_leaves_it_and_the_next_deploy_goes_on_with_it(remembering: Project, cloud: Cloud) -> None:
    remembering.deploy()
    (memory_id,) = memories(cloud)
    result = remembering.destroy()
    assert (memories(cloud), result.kept_memory) == ([memory_id], memory_id)
    assert any(isinstance(note, Note) and "--include-memory" in note.message for note in remembering.heard.events)
    assert cloud.roles() == []
    remembering.deploy()
    assert memories(cloud) == [memory_id]
    remembering.destroy(include_memory=True)
    assert memories(cloud) == []
    assert not remembering.state.exists()


def test_one_named_by_its_id_is_used_and_left(cloud: Cloud, tmp_path: Path) -> None:
    with cloud.agentcore() as client:
        memory_id = client.create_memory(name="theirs", eventExpiryDuration=7)["memory"]["id"]
    project = Project.open(tmp_path / "project", cloud, memory=memory_id)
    project.deploy()
    assert cloud.the_runtime()["environmentVariables"]["MEMORY_ID"] == memory_id
    assert statement(cloud, "UseMemory")["Resource"].endswith(f":memory/{memory_id}")
    project.destroy(include_memory=True)
    assert memories(cloud) == [memory_id]


def test_permissions_name_the_memory_by_its_pattern_before_and_by_its_id_after(
    remembering: Project, cloud: Cloud
) -> None:
    agentcore = SameProcess(remembering.root, cloud.environment)

    def of_role() -> Any:
        policy = agentcore.json("permissions", "--role")["policy"]
        return next(found["Resource"] for found in policy["Statement"] if found["Sid"] == "UseMemory")

    assert of_role() == f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/notes-*"
    remembering.deploy()
    assert of_role().endswith(f":memory/{memories(cloud)[0]}")


def test_the_verbs_work_on_aws_s_wire_and_an_export_goes_both_ways(
    remembering: Project, cloud: Cloud, tmp_path: Path
) -> None:
    remembering.deploy()
    agentcore = SameProcess(remembering.root, cloud.environment)
    (remembering.root / "in.jsonl").write_text(AN_EXPORT)
    done = agentcore.json("memory", "import", "notes", "in.jsonl")
    assert (done["events"], done["records"]) == (3, 1)
    assert "I like tea" in agentcore.run("memory", "events", "notes", "-s", "conv1").stdout
    shown = agentcore.json("memory", "show", "notes")
    assert (shown["memory"]["own"], shown["actors"], shown["sessions"], shown["records"]) == (True, 1, 1, 1)
    agentcore.run("memory", "export", "notes", "out.jsonl")
    lines = (remembering.root / "out.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["end"] == {"sessions": 1, "events": 3, "records": 1}
    agentcore.run("memory", "delete", "notes", "--yes")
    assert memories(cloud) == []


def said(path: Path) -> list[Any]:
    """The events of an export without their ids, which are each memory's own."""
    events = [json.loads(line).get("event") for line in path.read_text().splitlines()]
    return [{**event, "eventId": ""} for event in events if event]


@pytest.mark.long
def test_what_is_killed_on_its_way_to_aws_or_back_goes_on(remembering: Project, cloud: Cloud, tmp_path: Path) -> None:
    remembering.deploy()
    agentcore = SameProcess(remembering.root, cloud.environment | {"AGENTCORE_HOME": str(tmp_path / "home")})
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text(many(25))
    agentcore.run("--local", "memory", "create", "home")

    def is_written() -> bool:
        part = second.with_name("second.jsonl.part")
        return second.exists() or (part.exists() and part.stat().st_size > 1000)

    def holds(*memory: str) -> bool:
        return bool(agentcore.json(*memory)["sessions"] > 2)

    try:
        killed_when(lambda: holds("memory", "show", "notes"), *(agentcore, "memory", "import", "notes", str(first)))
        done = agentcore.json("memory", "import", "notes", str(first))
        assert done["events"] + done["events_there"] == 25
        killed_when(is_written, *(agentcore, "memory", "export", "notes", str(second)))
        done = agentcore.json("memory", "export", "notes", str(second), "--force")
        assert (done["sessions"], done["events"]) == (25, 25)
        killed_when(
            lambda: holds("--local", "memory", "show", "home"),
            *(agentcore, "--local", "memory", "import", "home", str(second)),
        )
        done = agentcore.json("--local", "memory", "import", "home", str(second))
        assert done["events"] + done["events_there"] == 25
        agentcore.run("--local", "memory", "export", "home", str(tmp_path / "third.jsonl"))
        assert sorted(map(str, said(tmp_path / "third.jsonl"))) == sorted(map(str, said(first)))
    finally:
        agentcore.run("local", "stop")
