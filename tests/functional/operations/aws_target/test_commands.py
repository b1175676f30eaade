"""The verbs on an AWS target: exit codes, streams, JSON, and what is asked for without a terminal."""

from __future__ import annotations

import json

import pytest

from tests.command_line import CommandLine
from tests.functional.operations.aws_target.cloud import OTHER_IMAGE, Cloud, Project


@pytest.fixture
def agentcore(project: Project) -> CommandLine:
    return project.command


@pytest.mark.long
def test_a_whole_life_in_json(project: Project, agentcore: CommandLine, cloud: Cloud) -> None:
    assert agentcore.run("plan", "--exit-code", code=6).stdout.splitlines()[-1] == "2 to create"
    lines = [json.loads(line) for line in agentcore.run("deploy", "--json").stdout.splitlines()]
    assert {line["event"] for line in lines} == {"note", "step", "result"}
    assert [line["message"] for line in lines if line["event"] == "note"] == [
        "first deploy of cloudy-1a2b3c by you: a deploy runs its code, the build scripts of its packages too"
    ]
    made = lines[-1]
    assert {line["schema_version"] for line in lines} == {1}
    assert (made["agent"], made["target"], made["version"], made["endpoint"]) == ("bot", "aws", "1", "DEFAULT")
    assert made["artifact"].startswith("sha256:")
    actions = {change["key"]: change["action"] for change in made["changes"]}
    assert actions == {"role": "create", "image": "keep", "runtime": "create"}
    assert agentcore.run("plan", "--exit-code").stdout.splitlines()[-1] == "nothing to do"
    project.configure(image=OTHER_IMAGE)
    planned = agentcore.json("plan")
    assert [field["field"] for field in planned["pending"][0]["fields"]] == ["artifact.image"]
    assert f"{'1' * 25} -> " in agentcore.run("plan").stdout
    assert f"{'2' * 25}\n" in agentcore.run("plan").stdout
    agentcore.run("deploy", "--no-refresh")
    assert [version["version"] for version in agentcore.json("versions")["versions"]] == ["2", "1"]
    assert agentcore.json("endpoints", "create", "prod", "--version", "1")["endpoint"]["live_version"] == "1"
    assert agentcore.json("endpoints", "update", "prod", "--version", "2")["changed"] is True
    back = agentcore.json("rollback")
    assert (back["schema_version"], back["previous"], back["version"], back["rolled_back_to"]) == (1, "2", "3", "1")
    status = agentcore.json("status")
    assert (status["version"], status["status"], status["sessions"]) == ("3", "READY", None)
    assert "rolled back to version 1" in status["drift"][0]["reason"]
    assert [endpoint["name"] for endpoint in agentcore.json("endpoints", "list")["endpoints"]] == ["DEFAULT", "prod"]
    assert agentcore.json("endpoints", "delete", "prod", "--yes")["endpoint"] is None
    assert [change["key"] for change in agentcore.json("destroy", "--dry-run")["deletions"]] == ["runtime", "role"]
    gone = agentcore.json("destroy", "--yes")
    assert (gone["event"], [change["key"] for change in gone["deletions"]]) == ("result", ["runtime", "role"])
    assert (cloud.runtimes(), cloud.roles()) == ({}, [])
    assert agentcore.json("destroy", "--yes")["deletions"] == []


def test_for_people_results_are_on_stdout_and_hints_name_the_target(project: Project, cloud: Cloud) -> None:
    """By processes."""
    staging = CommandLine(project.root, cloud.environment)
    done = staging.run("deploy", "--target", "staging")
    assert "version:  1" in done.stdout
    assert "role (create), runtime (create)" in done.stdout
    assert "agentcore invoke --target staging" in done.stderr
    assert staging.run("status", "--target", "staging").stdout.startswith("agent: ")
    other = staging.run("status", code=4)
    assert "bot: not deployed on aws" in other.stderr
    assert "it is on staging: give --target staging" in other.stderr


def test_what_would_be_deleted_is_shown_in_full_and_needs_a_yes(project: Project, agentcore: CommandLine) -> None:
    agentcore.run("deploy")
    agentcore.run("endpoints", "create", "prod")
    done = agentcore.run("destroy", code=2)
    assert "- runtime: delete arn:aws:bedrock-agentcore:" in done.stderr
    assert "with its endpoints prod" in done.stderr
    assert "- role: delete arn:aws:iam::" in done.stderr
    assert "--yes" in done.stderr


def test_an_adoption_needs_a_yes_and_a_first_deploy_does_not(project: Project, agentcore: CommandLine) -> None:
    agentcore.run("deploy")
    project.state.unlink()
    done = agentcore.run("deploy", code=2)
    assert "^ runtime: adopt arn:aws:" in done.stderr
    assert "give --yes" in done.stderr
    agentcore.run("deploy", "--yes")


def test_wider_permissions_stand_out_in_words_without_a_terminal(project: Project, agentcore: CommandLine) -> None:
    agentcore.run("deploy")
    project.configure(services="[browser]")
    plan = agentcore.run("plan").stdout
    assert "(widens what it may do)" in plan
    assert "\033" not in plan
    assert plan.splitlines()[-1] == "1 to update, 1 with wider permissions"
    assert agentcore.json("plan")["pending"][0]["widens"] is True
    agentcore.run("deploy", code=2)
    agentcore.run("deploy", "--yes")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("status",), 4, "not deployed on aws"),
        (("versions",), 4, "not deployed on aws"),
        (("rollback",), 4, "not deployed on aws"),
        (("endpoints", "list"), 4, "not deployed on aws"),
        (("deploy", "--image", "Not An Image"), 2, "not an image's name"),
        (("deploy", "--region", "us-wets-2"), 2, "did you mean us-west-2"),
        (("endpoints", "update", "prod"), 2, "nothing to change"),
        (("plan", "--profile", "nobody"), 3, "--local"),
    ],
)
def test_what_goes_wrong_has_its_exit_code(
    agentcore: CommandLine, arguments: tuple[str, ...], code: int, says: str
) -> None:
    assert says in agentcore.run(*arguments, code=code).stderr
    failed = json.loads(agentcore.run("--json", *arguments, code=code).stdout.splitlines()[-1])
    assert failed["schema_version"] == 1
    assert failed["error"]["message"]


def test_out_of_time_is_seven(agentcore: CommandLine, cloud: Cloud) -> None:
    cloud.control.faults.arm("not-ready", 100_000)
    assert "still waiting until version 1 is live" in agentcore.run("deploy", "--timeout", "1", code=7).stderr
    agentcore.run("deploy", "--no-wait")


def test_keep_logs_and_repository_are_taken(agentcore: CommandLine, cloud: Cloud) -> None:
    agentcore.run("deploy")
    agentcore.run("destroy", "--yes", "--keep-logs", "--keep-repository")
    assert cloud.runtimes() == {}
