"""An answer that breaks off, or fails at its end: what arrived is shown, wherever it goes, and the exit code is 5."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import AGENTCORE, CommandLine
from tests.fakes.scripted_plane import ScriptedPlane, answer
from tests.functional.commands.aws_project import on_aws
from tests.same_process import SameProcess
from tests.stand_ins import Moto

RPC = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
ARRIVED = b'{"result": ["one", "tw'
CUT_SHORT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + ARRIVED
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n" + ARRIVED
CUT_TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\nonce upon"
CUT_BYTES = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\n\x89PNG\xff\n"
CUT_AT_ONCE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
CUT_STREAM = (
    b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: "half"\n\ndata: "li'
)
FAULT = (
    b'data: "half"\n\ndata: {"error": "no", "error_type": "ValueError",'
    b' "message": "An error occurred during streaming"}\n\n'
)
FAILS_MIDWAY = answer(200, FAULT, Content_Type="text/event-stream")


@pytest.fixture
def aws(agentcore: CommandLine, moto: Moto, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=moto.url)


@contextmanager
def answering(aws: CommandLine, said: bytes) -> Iterator[SameProcess]:
    """The project, whose agent says this; it is asked once."""
    with ScriptedPlane([said]) as plane:
        yield SameProcess(aws.folder, aws.environment | {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": plane.url})
        assert len([asked for asked in plane.asked if "/invocations" in asked.line]) == 1


def invoke(aws: CommandLine, said: bytes, *arguments: str, code: int = 5) -> subprocess.CompletedProcess[bytes]:
    with answering(aws, said) as command:
        ran = command.outcome_in_bytes("invoke", *arguments)
    assert ran.returncode == code, ran.stderr
    return ran


@pytest.mark.parametrize(
    ("said", "payload", "shown"),
    [
        pytest.param(CUT_SHORT, "{}", ARRIVED + b"\n", id="json"),
        pytest.param(CUT_CHUNK, "{}", ARRIVED + b"\n", id="json in chunks"),
        pytest.param(CUT_SHORT, RPC, ARRIVED + b"\n", id="json-rpc"),
        pytest.param(CUT_TEXT, "{}", b"once upon\n", id="text"),
        pytest.param(CUT_BYTES, "{}", b"\x89PNG\xff\n", id="bytes"),
        pytest.param(CUT_STREAM, "{}", b"half\n", id="stream"),
        pytest.param(CUT_AT_ONCE, "{}", b"", id="nothing"),
    ],
)
def test_what_arrived_is_on_stdout(aws: CommandLine, said: bytes, payload: str, shown: bytes) -> None:
    ran = invoke(aws, said, payload)
    assert ran.stdout == shown
    assert b"error: the answer broke off" in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("said", "arrived"),
    [(CUT_SHORT, ARRIVED), (CUT_TEXT, b"once upon"), (CUT_STREAM, b'data: "half"\n\ndata: "li'), (FAILS_MIDWAY, FAULT)],
    ids=["json", "text", "stream", "fails at its end"],
)
def test_the_bytes_that_arrived_are_kept(aws: CommandLine, said: bytes, arrived: bytes) -> None:
    assert invoke(aws, said, "{}", "--raw").stdout == arrived
    ran = invoke(aws, said, "{}", "--output", "kept")
    assert ran.stdout == b""
    assert (aws.folder / "kept").read_bytes() == arrived
    assert f"the {len(arrived)} bytes that arrived are in kept".encode() in ran.stderr
    failed = invoke(aws, said, "--json", "{}", "--output", "kept")
    assert json.loads(failed.stdout)["error"]["code"] == "AgentFailed"


def test_an_answer_that_is_whole_is_written_as_it_is(aws: CommandLine) -> None:
    stream = b'data: "one"\n\ndata: {"two": 2}\n\n'
    whole = answer(200, stream, Content_Type="text/event-stream")
    assert invoke(aws, whole, "{}", "--raw", code=0).stdout == stream
    told = json.loads(invoke(aws, whole, "--json", "{}", "--output", "kept", code=0).stdout)
    assert (told["output"], told["bytes"], told["content_type"]) == ("kept", len(stream), "text/event-stream")
    assert (aws.folder / "kept").read_bytes() == stream


def test_with_json_stdout_has_the_error_alone(aws: CommandLine) -> None:
    ran = invoke(aws, CUT_SHORT, "--json", "{}")
    failed = json.loads(ran.stdout)
    assert failed["error"]["code"] == "AgentFailed"
    assert ARRIVED in ran.stderr
    *events, last = [json.loads(line) for line in invoke(aws, CUT_STREAM, "--json", "{}").stdout.splitlines()]
    assert [event["data"] for event in events] == ["half"]
    assert last["error"]["code"] == "AgentFailed"


def test_the_session_can_be_gone_on_with(aws: CommandLine) -> None:
    invoke(aws, CUT_SHORT, "{}", "-s", "cut")
    (turn,) = aws.json("sessions", "show", "cut")["turns"]
    assert (turn["outcome"], turn["received"]) == ("broken", len(ARRIVED))
    assert aws.json("invoke", "{}", "--continue")["session"] == "cut"


def test_on_a_terminal_it_can_steer_nothing(aws: CommandLine) -> None:
    with answering(aws, CUT_SHORT.replace(b"one", b"\x1b[2J")) as command:
        master, slave = pty.openpty()
        with subprocess.Popen(
            [AGENTCORE, "invoke", "{}"],
            cwd=command.folder,
            env=command.whole_environment(),
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=subprocess.DEVNULL,
        ) as running:
            os.close(slave)
            shown = os.read(master, 10_000)
            assert running.wait(60) == 5
        os.close(master)
    assert b'"tw' in shown
    assert b"\x1b" not in shown
