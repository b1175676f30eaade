"""`exec` on an AWS target: signed with SigV4, and the event stream of InvokeAgentRuntimeCommand as it comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.formats.event_stream import CONTENT_TYPE, encode
from agentcore_cli.names import session_id
from tests.command_line import CommandLine
from tests.fakes.scripted_plane import ScriptedPlane, answer
from tests.functional.commands.aws_project import arn_of, on_aws
from tests.functional.operations.logs.log_group import LogGroup, from_sdk
from tests.same_process import SameProcess
from tests.stand_ins import Moto
from tests.turns import TELL, UNTIL_TOLD

DENIED = {"message": "User: u is not authorized to perform: bedrock-agentcore:InvokeAgentRuntimeCommand"}
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@pytest.fixture
def aws(agentcore: CommandLine, moto: Moto, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=moto.url)


def at(aws: CommandLine, plane: ScriptedPlane) -> CommandLine:
    return SameProcess(aws.folder, aws.environment | {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": plane.url})


def chunk(**content: Any) -> bytes:
    headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
    return encode(headers, json.dumps(content).encode())


def exception(kind: str, message: str) -> bytes:
    headers = {":message-type": "exception", ":exception-type": kind}
    return encode(headers, json.dumps({"message": message}).encode())


def streamed(*messages: bytes, missing: int = 0) -> bytes:
    """An answer with these messages; `missing` bytes of its length never come."""
    body = b"".join(messages)
    whole = answer(200, body, Content_Type=CONTENT_TYPE)
    return whole.replace(b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) + missing))


def refused(status: int, kind: str, said: dict[str, str]) -> bytes:
    return answer(status, json.dumps(said).encode(), Content_Type="application/json", x_amzn_ErrorType=kind)


BEGUN = (chunk(contentStart={}), chunk(contentDelta={"stdout": "out\n"}), chunk(contentDelta={"stderr": "err\n"}))


def ended(code: int, status: str = "COMPLETED") -> bytes:
    return chunk(contentStop={"exitCode": code, "status": status})


def test_streams_and_exit_code_pass_through(aws: CommandLine) -> None:
    ran = aws.run("exec", "echo out; echo err >&2; exit 42", "-s", "streams", code=42)
    assert (ran.stdout, ran.stderr) == ("out\n", "err\n")
    told = aws.run("--json", "exec", "printf a; printf b >&2; exit 3", "-s", "streams", code=3).stdout
    found = json.loads(told)
    assert (found["stdout"], found["stderr"], found["exit_code"], found["status"]) == ("a", "b", 3, "COMPLETED")


def test_it_shares_the_session_and_its_files_with_invoke(aws: CommandLine) -> None:
    first = aws.json("invoke", "{}", "-s", "shared")
    aws.run("exec", "echo remembered > /tmp/note", "--continue")
    again = aws.json("exec", "cat /tmp/note", "-s", "shared")
    assert (again["stdout"], again["session_id"]) == ("remembered\n", first["session_id"])
    assert aws.json("invoke", "{}", "-s", "shared")["response"]["calls"] == first["response"]["calls"] + 1


def test_output_is_shown_as_it_comes(aws: CommandLine) -> None:
    with aws.start("exec", f"echo first; {UNTIL_TOLD}; echo second", "-s", "live") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"first\n"
        aws.run("exec", TELL, "-s", "live")
        assert running.stdout.readline() == b"second\n"


def test_a_command_that_takes_too_long_is_125(aws: CommandLine) -> None:
    ran = aws.run("exec", "sleep 1000", "--timeout", "1", "-s", "slow", code=125)
    assert "agentcore: the command was stopped after 1 s" in ran.stderr


def test_what_is_asked_is_signed_and_asked_once(aws: CommandLine) -> None:
    with ScriptedPlane([streamed(*BEGUN, ended(0))]) as plane:
        ran = at(aws, plane).run("exec", "true", "--timeout", "7", "--qualifier", "prod", "-s", "asked")
        (asked,) = plane.asked
    assert (ran.stdout, ran.stderr) == ("out\n", "err\n")
    method, path, _ = asked.line.split()
    assert method == "POST"
    assert path.endswith("/commands?qualifier=prod")
    assert json.loads(asked.body) == {"command": "true", "timeout": 7}
    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
    wanted = session_id("asked", arn_of(aws), "prod")
    assert asked.headers["x-amzn-bedrock-agentcore-runtime-session-id"] == wanted


@pytest.mark.parametrize(
    ("said", "code"),
    [(streamed(*BEGUN, ended(0)), 0), (streamed(*BEGUN, ended(255)), 255), (streamed(*BEGUN, ended(137)), 137)],
    ids=["0", "255", "a signal's"],
)
def test_the_exit_code_is_the_commands(aws: CommandLine, said: bytes, code: int) -> None:
    with ScriptedPlane([said]) as plane:
        assert at(aws, plane).run("exec", "true", code=code).stdout == "out\n"


@pytest.mark.parametrize(
    ("said", "out", "says"),
    [
        pytest.param(streamed(*BEGUN, missing=9), "out\n", "the answer broke off", id="breaks"),
        pytest.param(streamed(*BEGUN), "out\n", "ended before the command did", id="ends early"),
        pytest.param(streamed(*BEGUN, ended(-1, "TIMED_OUT")), "out\n", "was stopped after", id="out of time"),
        pytest.param(
            streamed(*BEGUN, exception("runtimeClientError", "The session ended")),
            "out\n",
            "The session ended",
            id="fails",
        ),
        pytest.param(
            streamed(*BEGUN, exception("throttlingException", "Slow down")), "out\n", "Slow down", id="throttled midway"
        ),
        pytest.param(streamed(b"\0" * 64), "", "not an event stream", id="no stream"),
        pytest.param(answer(503, b"<html>busy</html>"), "", "HTTP 503", id="a gateway's page"),
        pytest.param(refused(403, "AccessDeniedException", DENIED), "", "InvokeAgentRuntimeCommand", id="not allowed"),
        pytest.param(refused(400, "ValidationException", {"message": "bad"}), "", "bad", id="not valid"),
        pytest.param(
            refused(404, "ResourceNotFoundException", {"message": "No such runtime"}),
            "",
            "next: agentcore status --target aws",
            id="not there",
        ),
    ],
)
def test_our_own_failures_are_125(aws: CommandLine, said: bytes, out: str, says: str) -> None:
    with ScriptedPlane([said]) as plane:
        ran = at(aws, plane).run("exec", "true", "-s", "failing", code=125)
        assert len(plane.asked) == 1, "a command is never run twice"
    assert ran.stdout == out
    assert says in ran.stderr
    assert "\nagentcore: " in f"\n{ran.stderr}"


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        pytest.param(NO_KEYS, "credentials", id="no credentials"),
        pytest.param({"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "http://127.0.0.1:1"}, "can't be reached", id="no host"),
        pytest.param({"AGENTCORE_BEARER_TOKEN": "a.secret.b"}, "leave the bearer token out", id="token for IAM"),
    ],
)
def test_who_may_not_or_cannot_is_125(aws: CommandLine, environment: dict[str, str], says: str) -> None:
    ran = SameProcess(aws.folder, aws.environment | environment).run("exec", "true", code=125)
    assert ran.stderr.startswith("agentcore: ")
    assert says in ran.stderr
    assert "secret" not in ran.stderr


def test_a_session_that_is_busy_is_asked_again(aws: CommandLine) -> None:
    busy = refused(409, "RetryableConflictException", {"message": "Session operation in progress, please retry"})
    with ScriptedPlane([busy, busy, streamed(*BEGUN, ended(0))]) as plane:
        assert at(aws, plane).run("exec", "true").stdout == "out\n"
        assert len(plane.asked) == 3


def test_an_agent_that_does_not_start_shows_its_log(aws: CommandLine, moto: Moto) -> None:
    line = from_sdk("ModuleNotFoundError: strands", session_id("new", arn_of(aws), "DEFAULT"))
    LogGroup(moto, arn_of(aws).rpartition("/")[2]).create().write(line, age=-30)
    failed = {"message": "Runtime initialization time exceeded."}
    with ScriptedPlane([refused(424, "RuntimeClientError", failed)]) as plane:
        ran = at(aws, plane).run("exec", "true", "-s", "new", code=125)
    assert "INFO ModuleNotFoundError: strands" in ran.stderr.splitlines()
    assert "next: agentcore logs --target aws --session-id new" in ran.stderr
    (turn,) = aws.json("sessions", "show", "new")["turns"]
    assert turn["outcome"] == "failed"
