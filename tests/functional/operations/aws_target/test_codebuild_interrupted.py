"""Deploys by CodeBuild that are killed or interrupted, as processes: what they leave is gone on with, or stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_faults import interrupt, kill_after, kill_before, named
from tests.fakes.aws_proxy import Forward, Handler
from tests.forked_commands import ForkedCommandLine, ForkedCommands
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.functional.operations.aws_target.test_codebuild import WRITES, configure, images

KILLS = {"before": kill_before, "after": kill_after}


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("AGENTCORE_HOME", str(tmp_path / "home"))
    made = Project.open(tmp_path / "project", cloud)
    (made.root / "requirements.txt").write_text("compiled-here==1\n")
    configure(made)
    return made


@pytest.fixture
def command(project: Project, cloud: Cloud, tmp_path: Path) -> Iterator[ForkedCommandLine]:
    with ForkedCommands() as commands:
        environment = {**cloud.environment, "AGENTCORE_HOME": str(tmp_path / "home")}
        yield ForkedCommandLine(commands, project.root, environment)


def there(cloud: Cloud) -> dict[str, int]:
    moto = cloud.moto
    return {
        "runtimes": len(cloud.runtimes()),
        "roles": len(cloud.roles()),
        "images": len(images(cloud)),
        "buckets": len(moto.client("s3").list_buckets()["Buckets"]),
        "objects": sum(cloud.zips().values()),
        "projects": len(moto.client("codebuild").list_projects()["projects"]),
        "groups": len(moto.client("logs").describe_log_groups()["logGroups"]),
    }


def release(cloud: Cloud) -> Handler:
    """Builds go on from this call."""

    def let_go(call: Call, request: Request, forward: Forward) -> Answer | None:
        cloud.codebuild.holds = False
        return forward(request)

    return let_go


WHOLE = {"runtimes": 1, "roles": 2, "images": 1, "buckets": 1, "objects": 1, "projects": 1, "groups": 1}
NOTHING = dict.fromkeys(WHOLE, 0)


@pytest.mark.long
def test_a_build_that_a_killed_deploy_left_is_joined_and_not_stopped_by_another(
    cloud: Cloud, command: ForkedCommandLine
) -> None:
    cloud.codebuild.holds = True
    cloud.proxy.interfere(named("codebuild:StartBuild"), kill_after(command.pid))
    assert command.end("deploy", "--yes").returncode < 0
    cloud.proxy.begin_anew()
    cloud.proxy.interfere(named("codebuild:BatchGetBuilds", 3), interrupt(command.pid))
    left = command.end("deploy", "--yes")
    assert left.returncode == 130
    assert "goes on, since another deploy started it" in left.stderr
    cloud.proxy.begin_anew()
    cloud.proxy.interfere(named("codebuild:BatchGetBuilds", 2), release(cloud))
    joined = command.run("deploy", "--yes")
    assert "joining bedrock-agentcore-bot-" in joined.stderr
    assert (list(cloud.codebuild.builds.values()), there(cloud)) == (["SUCCEEDED"], WHOLE)


@pytest.mark.long
def test_ctrl_c_stops_the_build(cloud: Cloud, command: ForkedCommandLine) -> None:
    cloud.codebuild.holds = True
    cloud.proxy.interfere(named("codebuild:BatchGetBuilds", 2), interrupt(command.pid))
    stopped = command.end("deploy", "--yes")
    assert stopped.returncode == 130
    assert list(cloud.codebuild.builds.values()) == ["STOPPED"]
    assert "agentcore deploy" in stopped.stderr
    cloud.codebuild.holds = False
    cloud.proxy.begin_anew()
    command.run("deploy", "--yes")
    assert (list(cloud.codebuild.builds.values()), there(cloud)) == (["STOPPED", "SUCCEEDED"], WHOLE)


@pytest.mark.long
def test_a_destroy_stops_what_still_builds(cloud: Cloud, command: ForkedCommandLine) -> None:
    cloud.codebuild.holds = True
    cloud.proxy.interfere(named("codebuild:StartBuild"), kill_after(command.pid))
    assert command.end("deploy", "--yes").returncode < 0
    cloud.proxy.begin_anew()
    command.run("destroy", "--yes")
    assert (list(cloud.codebuild.builds.values()), there(cloud)) == (["STOPPED"], NOTHING)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", KILLS)
def test_a_deploy_and_a_destroy_killed_at_any_call_are_completed_by_the_next(
    cloud: Cloud, command: ForkedCommandLine, moment: str
) -> None:
    faults = []
    for verb, before, after in (("deploy", NOTHING, WHOLE), ("destroy", WHOLE, NOTHING)):
        for call in calls_of(cloud, command, verb):
            command.run("deploy" if before is WHOLE else "destroy", "--yes")
            cloud.proxy.begin_anew()
            cloud.proxy.interfere(named(call.name, call.occurrence), KILLS[moment](command.pid))
            killed = command.end(verb, "--yes").returncode
            cloud.proxy.begin_anew()
            command.run(verb, "--yes")
            point = f"{verb}: {moment} {call.name} {call.occurrence}"
            faults += [f"{point}: not killed"] * (killed >= 0)
            faults += [f"{point}: {there(cloud)}"] * (there(cloud) != after)
            faults += [f"{point}: {pending}" for pending in (pending_of(command) if after is WHOLE else ())]
    assert faults == []


def calls_of(cloud: Cloud, command: ForkedCommandLine, verb: str) -> list[Call]:
    """Those of an undisturbed one that change what is CodeBuild's alone; others are those of other builders, too."""
    if verb == "destroy":
        command.run("deploy", "--yes")
    cloud.proxy.begin_anew()
    command.run(verb, "--yes")
    changing = [call for call in cloud.proxy.calls if call.operation.startswith(WRITES)]
    return [call for call in changing if re.search("codebuild|AgentCoreBuild|/source/", call.resource)]


def pending_of(command: ForkedCommandLine) -> Any:
    return command.json("plan")["pending"]
