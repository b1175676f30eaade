"""An agent on AWS that fails: exit 5, with the last lines of its session's log where CloudWatch can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.names import session_id
from tests.command_line import CommandLine
from tests.fakes.scripted_plane import ScriptedPlane, answer
from tests.functional.commands.aws_project import arn_of, on_aws
from tests.functional.operations.logs.log_group import LogGroup, from_sdk
from tests.same_process import SameProcess
from tests.stand_ins import Moto

AGENT_FAILS = '{"do": "fail"}'
STREAM_BREAKS = '{"do": "break"}'
SOON = -30.0  # an age: the line is of the time of a call that is still to come
SDK_FAULT = (
    b'data: "half"\n\ndata: {"error": "no", "error_type": "ValueError",'
    b' "message": "An error occurred during streaming"}\n\n'
)


@pytest.fixture
def aws(agentcore: CommandLine, moto: Moto, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=moto.url)


@pytest.fixture
def log(aws: CommandLine, moto: Moto) -> LogGroup:
    return LogGroup(moto, arn_of(aws).rpartition("/")[2]).create()


def line(aws: CommandLine, message: str, session: str = "mine") -> str:
    return from_sdk(message, session_id(session, arn_of(aws), "DEFAULT"))


@pytest.mark.parametrize("payload", [AGENT_FAILS, STREAM_BREAKS])
def test_the_last_lines_of_the_session_are_shown(aws: CommandLine, log: LogGroup, payload: str) -> None:
    log.write(line(aws, "of an earlier call"), age=60)
    log.write(line(aws, "of another session", "other"), "printed", age=SOON)
    log.write(*(line(aws, f"step {number}") for number in range(30)), age=SOON)
    ran = aws.run("invoke", payload, "-s", "mine", code=5)
    shown = [word for word in ran.stderr.splitlines() if word.startswith("INFO ")]
    assert shown == [f"INFO step {number}" for number in range(10, 30)]
    assert "agentcore logs --target aws --session-id mine" in ran.stderr


def test_so_they_are_when_the_sdk_tells_of_the_failure_in_the_stream(aws: CommandLine, log: LogGroup) -> None:
    log.write(line(aws, "KeyError: 'customer'"), age=SOON)
    with ScriptedPlane([answer(200, SDK_FAULT, Content_Type="text/event-stream")]) as plane:
        failing = SameProcess(aws.folder, aws.environment | {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": plane.url})
        ran = failing.run("invoke", "{}", "-s", "mine", code=5)
        as_json = failing.run("--json", "invoke", "{}", "-s", "mine", code=5)
    assert ran.stdout.startswith("half")
    assert "ValueError: no" in ran.stderr
    assert "INFO KeyError: 'customer'" in ran.stderr.splitlines()
    assert "KeyError" in as_json.stdout


@pytest.mark.long
def test_where_no_line_is_of_the_session_those_that_tell_none_are_shown(aws: CommandLine, log: LogGroup) -> None:
    log.write("long ago", age=60)
    log.write(
        line(aws, "of another session", "other"), "Traceback (most recent call last):", "KeyError: 'customer'", age=SOON
    )
    ran = aws.run("invoke", AGENT_FAILS, "-s", "mine", code=5)
    assert "\nTraceback (most recent call last):\nKeyError: 'customer'\n" in ran.stderr
    assert "long ago" not in ran.stderr
    assert "of another session" not in ran.stderr


def test_a_runtime_known_by_its_arn_alone_shows_them_too(aws: CommandLine, log: LogGroup) -> None:
    log.write(line(aws, "step"), age=SOON)
    ran = SameProcess(Path("/"), aws.environment).run("invoke", "--arn", arn_of(aws), AGENT_FAILS, "-s", "mine", code=5)
    assert "INFO step" in ran.stderr.splitlines()


@pytest.mark.parametrize(
    "logs",
    [
        pytest.param("http://127.0.0.1:1", id="out of reach", marks=pytest.mark.long),
        pytest.param(None, id="no group"),
    ],
)
def test_without_them_the_failure_is_the_same(aws: CommandLine, logs: str | None) -> None:
    there = {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": logs} if logs else {}
    ran = SameProcess(aws.folder, aws.environment | there).run("invoke", STREAM_BREAKS, "-s", "mine", code=5)
    assert ran.stdout == "first\n"
    assert "broke off" in ran.stderr
    assert "agentcore logs --target aws --session-id mine" in ran.stderr
