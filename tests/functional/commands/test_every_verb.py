"""What holds for every verb: JSON with a schema version, exit 4 where nothing is deployed, options on either side."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.same_process import SameProcess

ONE_OBJECT = [
    ["status"],
    ["plan"],
    ["versions"],
    ["endpoints", "list"],
    ["rollback", "--to", "1"],
    ["invoke", "{}"],
    ["invoke", '{"do": "text"}', "--output", "answer.txt"],
    ["sessions", "list"],
    ["sessions", "stop", "--all"],
    ["traces", "list"],
    ["local", "status"],
    ["local", "start"],
    ["local", "env"],
    ["local", "logs"],
    ["local", "fault", "throttle", "--count", "0"],
    ["local", "clock", "advance", "1s"],
    ["doctor"],
    ["configure"],
]
LINES = [
    ["deploy"],
    ["deploy", "--dry-run"],
    ["destroy", "--dry-run"],
    ["logs"],
    ["invoke", '{"do": "stream"}'],
    ["local", "run", "--", "echo", "--json"],
]
ABOUT_WHAT_IS_DEPLOYED = [
    ["status"],
    ["invoke", "{}"],
    ["logs"],
    ["versions"],
    ["rollback"],
    ["endpoints", "list"],
    ["endpoints", "create", "prod"],
    ["sessions", "list"],
    ["sessions", "show", "conv1"],
    ["sessions", "stop", "--all"],
    ["traces", "list"],
    ["traces", "show", "--last"],
]


@pytest.fixture(scope="module")
def undeployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A project that was configured and never deployed, with two agents and none of them the default."""
    folder = tmp_path_factory.mktemp("undeployed")
    (folder / "agent.py").write_text("# never run\n")
    agents = "{first: {entrypoint: agent.py}, second: {entrypoint: agent.py}}"
    targets = "{aws: {region: us-west-2}}"
    (folder / ".agentcore.yaml").write_text(f"version: 1\nproject: p-1\nagents: {agents}\ntargets: {targets}\n")
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    yield SameProcess(folder, {"AGENTCORE_HOME": str(home)})
    leave(home)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("verb", ONE_OBJECT, ids=" ".join)
def test_json_is_one_object(agentcore: CommandLine, verb: list[str]) -> None:
    (answer,) = objects(agentcore.run("--local", *verb, "--json").stdout)
    assert answer["schema_version"] == 1
    assert "event" not in answer


@pytest.mark.parametrize("verb", LINES, ids=" ".join)
def test_json_of_what_takes_its_time_is_lines_that_end_with_the_result(agentcore: CommandLine, verb: list[str]) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "heard")  # there is a log
    lines = objects(agentcore.run("--json", "--local", *verb).stdout)
    assert {line["schema_version"] for line in lines} == {1}
    assert [line["event"] for line in lines].index("result") == len(lines) - 1


@pytest.mark.parametrize("verb", ABOUT_WHAT_IS_DEPLOYED, ids=" ".join)
@pytest.mark.parametrize("target", ["local", "aws"])
def test_nothing_deployed_is_exit_4_and_leads_to_a_deploy(
    undeployed: CommandLine, verb: list[str], target: str
) -> None:
    (answer,) = objects(undeployed.run(*verb, "--target", target, "--agent", "second", "--json", code=4).stdout)
    assert answer["error"]["code"] == "NotFound"
    option = "--local" if target == "local" else "--target aws"
    assert answer["error"]["hint"] == f"agentcore deploy {option} --agent second"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["status", "--local"], 2, "--agent NAME", id="two-agents"),
        pytest.param(["status", "--local", "--agent", "frist"], 4, "did you mean first?", id="unknown-agent"),
        pytest.param(["status", "--target", "asw", "--agent", "first"], 4, "did you mean aws?", id="unknown-target"),
        pytest.param(["deploy", "--agent", "first"], 3, "--local", id="no-credentials"),
        pytest.param(["plan", "--agent", "first", "--region", "mars", "--local"], 2, "mars", id="unknown-region"),
        pytest.param(["local", "run", "--json"], 2, "CMD", id="no-command"),
        pytest.param(["sessions"], 2, "which command?", id="no-verb"),
        pytest.param(["sessions", "lst"], 2, "did you mean agentcore sessions list?", id="mistyped-verb"),
        pytest.param(["bogus"], 2, "agentcore --help", id="no-such-verb"),
    ],
)
def test_an_error_is_the_same_with_and_without_json(
    undeployed: CommandLine, arguments: list[str], code: int, says: str
) -> None:
    (answer,) = objects(undeployed.run("--json", *arguments, code=code).stdout)
    assert says in f"{answer['error']['message']} {answer['error']['hint']}"
    if "--json" not in arguments and arguments != ["sessions"]:
        ran = undeployed.run(*arguments, code=code)
        assert ran.stdout == ""
        assert says in ran.stderr


def test_steering_a_runtime_that_does_not_run_is_exit_4(tmp_path: Path) -> None:
    nowhere = SameProcess(tmp_path, {"AGENTCORE_HOME": str(tmp_path)})
    for verb in (["clock", "advance", "1m"], ["fault", "throttle"]):
        assert "agentcore local start" in nowhere.run("local", *verb, code=4).stderr
    assert nowhere.json("local", "status")["running"] is False


def test_deleting_needs_an_answer_and_names_what_goes(agentcore: CommandLine) -> None:
    ran = agentcore.run("destroy", "--local", code=2)
    assert "give --yes" in ran.stderr
    assert agentcore.json("status", "--local")["arn"] in ran.stderr


def test_a_folder_below_the_project_and_the_environments_target_will_do(agentcore: CommandLine) -> None:
    below = agentcore.folder / ".agentcore" / "below"
    below.mkdir()
    inside = SameProcess(below, {**agentcore.environment, "AGENTCORE_TARGET": "local"})
    assert inside.json("status")["status"] == "READY"
    assert inside.run("status", "--config", "../../.agentcore.yaml").returncode == 0


def test_a_traceback_is_shown_with_v_alone(agentcore: CommandLine) -> None:
    assert "Traceback" not in agentcore.run("invoke", "--local", "{", code=2).stderr
    assert "payload.py" in agentcore.run("-v", "invoke", "--local", "{", code=2).stderr
    assert "Traceback" not in agentcore.run("local", "run", "--", "no-such-command", "-v", code=4).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--output", "no/such/folder"], id="folder-missing"),
        pytest.param(["--output", "."], id="output-is-a-folder"),
        pytest.param(["--raw", "--json"], id="raw-json"),
        pytest.param(["--user-id", "é"], id="user-id"),
        pytest.param(["--content-type", "a\nb"], id="content-type"),
    ],
)
def test_what_cannot_be_sent_or_written_is_said_before_the_agent_is_called(
    agentcore: CommandLine, arguments: list[str]
) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "untouched", *arguments, code=2)
    agentcore.run("sessions", "show", "untouched", "--local", code=4)
