"""InvokeAgentRuntimeCommand by botocore's own client, against a real server and real sessions."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError, EventStreamError

from tests.local_runtime import Answer, RunningServer, eventually, new_session
from tests.turns import TELL, UNTIL_TOLD


def events(server: RunningServer, arn: str, session: str, command: str, **body: Any) -> Iterator[dict[str, Any]]:
    """The chunks of one command, as they come."""
    answer = server.data.invoke_agent_runtime_command(
        agentRuntimeArn=arn, runtimeSessionId=session, body={"command": command, **body}
    )
    assert answer["runtimeSessionId"] == session
    assert answer["contentType"] == "application/vnd.amazon.eventstream"
    with contextlib.closing(answer["stream"]) as stream:
        for event in stream:
            yield event["chunk"]


def run(server: RunningServer, arn: str, session: str, command: str, **body: Any) -> tuple[dict[str, Any], str, str]:
    """A whole command: its stop event, stdout and stderr."""
    first, *deltas, last = events(server, arn, session, command, **body)
    assert first == {"contentStart": {}}
    said = [delta["contentDelta"] for delta in deltas]
    out, errors = ("".join(delta.get(stream, "") for delta in said) for stream in ("stdout", "stderr"))
    return last["contentStop"], out, errors


def ask(server: RunningServer, arn: str, body: bytes) -> Answer:
    path = f"/runtimes/{quote(arn, safe='')}/commands"
    return server.ask("POST", path, body, server.headers(new_session()))


def test_a_command_in_a_session_that_an_invocation_began(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    stop, out, errors = run(server, answers, session, "echo to-stdout; echo to-stderr >&2; ls; exit 3")
    assert stop == {"exitCode": 3, "status": "COMPLETED"}
    assert out.splitlines() == ["to-stdout", "main.py"]
    assert errors == "to-stderr\n"
    assert server.invoke(answers, b"{}", session).json()["calls"] == 2


def test_a_command_begins_the_session_and_leaves_files_behind(server: RunningServer, answers: str) -> None:
    session = new_session()
    assert run(server, answers, session, "echo kept > /tmp/notes; export LOST=1; cd /")[0]["exitCode"] == 0
    assert run(server, answers, session, "cat /tmp/notes; pwd; echo [$LOST]")[1].splitlines()[::2] == ["kept", "[]"]
    (record,) = [record for record in server.living(answers) if record.session_id == session]
    assert (record.state, record.invocations) == ("idle", 2)
    assert "No such file" in run(server, answers, new_session(), "cat /tmp/notes")[2]


def test_output_arrives_while_the_command_runs(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    seen = iter(events(server, answers, session, f"echo a; {UNTIL_TOLD}; echo b"))
    assert [next(seen), next(seen)] == [{"contentStart": {}}, {"contentDelta": {"stdout": "a\n"}}]
    run(server, answers, session, TELL)
    assert [chunk.get("contentDelta", {}).get("stdout") for chunk in seen] == ["b\n", None]


def test_bytes_that_are_no_text_and_text_that_is_cut(server: RunningServer, answers: str) -> None:
    session = new_session()
    assert run(server, answers, session, r"printf 'a\377b\303'")[1] == "a\ufffdb\ufffd"
    stop, out, _ = run(server, answers, session, "for i in $(seq 20000); do printf 'gr\u00fc\u00dfe \u2014 '; done")
    assert (stop["exitCode"], out) == (0, "gr\u00fc\u00dfe \u2014 " * 20000)
    stop, out, _ = run(server, answers, session, "head -c 200000 /dev/zero")
    assert (stop["exitCode"], out) == (0, "\0" * 200_000)


def test_a_command_that_takes_too_long(server: RunningServer, answers: str) -> None:
    session = new_session()
    command = "trap '' TERM; echo on; (sleep 79 & sleep 79); echo off"
    stream = iter(events(server, answers, session, command, timeout=100))
    assert [next(stream), next(stream)] == [{"contentStart": {}}, {"contentDelta": {"stdout": "on\n"}}]
    server.local.advance_clock(100)
    assert list(stream) == [{"contentStop": {"exitCode": 137, "status": "TIMED_OUT"}}]
    assert "sleep 79" not in run(server, answers, session, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | sed s/x/y/")[1]


def test_the_default_timeout_by_the_servers_clock(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(run, server, answers, session, "sleep 1000")
        eventually(lambda: server.living(answers) and _state(server, answers, session) == "active", "it runs")
        server.local.advance_clock(299)
        time.sleep(0.2)
        assert not call.done()
        server.local.advance_clock(2)
        assert call.result()[0]["status"] == "TIMED_OUT"
    assert _state(server, answers, session) == "idle"


def test_it_keeps_the_session_alive_and_does_not_hold_invocations_up(server: RunningServer, answers: str) -> None:
    session = new_session()
    with ThreadPoolExecutor(9) as pool:
        server.invoke(answers, b"{}", session)
        calls = [pool.submit(run, server, answers, session, f"{UNTIL_TOLD}; echo {number}") for number in range(8)]
        eventually(lambda: _state(server, answers, session) == "active", "they run")
        assert server.invoke(answers, b"{}", session).status == 200
        assert not any(call.done() for call in calls)
        run(server, answers, session, TELL)
        assert [call.result()[1] for call in calls] == [f"{number}\n" for number in range(8)]


def test_a_session_that_is_stopped_ends_it(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    stream = events(server, answers, session, "trap '' TERM; echo on; sleep 1000; :")
    assert [next(stream), next(stream)] == [{"contentStart": {}}, {"contentDelta": {"stdout": "on\n"}}]
    server.data.stop_runtime_session(agentRuntimeArn=answers, runtimeSessionId=session)
    with pytest.raises(EventStreamError, match=r"\(runtimeClientError\).*The session ended before the command did"):
        next(stream)


def test_a_caller_that_hangs_up_ends_it(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    path = f"/runtimes/{quote(answers, safe='')}/commands"
    with server.open("POST", path, b'{"command": "echo on; sleep 1000"}', server.headers(session)) as response:
        assert response.read1(10)
        assert _state(server, answers, session) == "active"
    eventually(lambda: _state(server, answers, session) == "idle", "it is over")
    assert "sleep 1000" not in run(server, answers, session, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | sed s/x/y/")[1]


def test_a_caller_that_does_not_read(server: RunningServer, answers: str) -> None:
    """The command has to wait, the server keeps next to nothing of it, and its time runs out all the same."""
    session = new_session()
    server.invoke(answers, b"{}", session)
    before = _memory(server)
    path = f"/runtimes/{quote(answers, safe='')}/commands"
    body = b'{"command": "yes | head -c 90000000", "timeout": 300}'
    with server.open("POST", path, body, server.headers(session)) as response:
        assert response.read1(10)
        time.sleep(1)
        assert _memory(server) - before < 20_000
        look = "cat /proc/[0-9]*/comm | grep -c '^yes$'"
        assert run(server, answers, session, look)[1] == "1\n"
        server.local.advance_clock(300)
        eventually(lambda: run(server, answers, session, look)[1] == "0\n", "its time is over")


def test_more_output_than_there_may_be(server: RunningServer, answers: str) -> None:
    with pytest.raises(EventStreamError, match=r"\(serviceQuotaExceededException\).*larger than 100000000 bytes"):
        for _ in events(server, answers, new_session(), "yes abcdefghijklmnopqrstuvwxyz"):
            pass


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"command": "true", "timeout": 0}, id="no time"),
        pytest.param({"command": "true", "timeout": 3601}, id="too much time"),
        pytest.param({"command": "x" * 65_537}, id="too long"),
        pytest.param({"command": "\u00fc" * 40_000}, id="too many bytes"),
        pytest.param({"command": "a\0b"}, id="a null character"),
    ],
)
def test_refused(server: RunningServer, answers: str, body: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        server.data.invoke_agent_runtime_command(agentRuntimeArn=answers, runtimeSessionId=new_session(), body=body)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="no body"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{", id="broken"),
        pytest.param(b'{"timeout": 3}', id="no command"),
        pytest.param(b'{"command": ""}', id="an empty command"),
        pytest.param(b'{"command": 7}', id="no text"),
        pytest.param(b'{"command": "true", "timeout": "3"}', id="a timeout in words"),
        pytest.param(b'{"command": "\\ud800"}', id="half a character"),
        pytest.param(b'{"command": "' + b"x" * 900_000 + b'"}', id="a large body"),
    ],
)
def test_what_botocore_would_not_send(server: RunningServer, answers: str, body: bytes) -> None:
    refused = ask(server, answers, body)
    assert (refused.status, refused.headers["x-amzn-errortype"]) == (400, "ValidationException")


def test_the_longest_command_there_may_be(server: RunningServer, answers: str) -> None:
    comment = "\u00fc" * 32_765
    assert run(server, answers, new_session(), f"echo {comment}")[1] == comment + "\n"


def test_the_session_id_in_the_body_is_none(server: RunningServer, answers: str) -> None:
    session = new_session()
    body = json.dumps({"command": "true", "runtimeSessionId": session, "qualifier": "other"}).encode()
    assert ask(server, answers, body).status == 200
    assert all(record.session_id != session for record in server.sessions(answers))


def test_an_agent_that_does_not_start(server: RunningServer) -> None:
    arn = server.deploy("raise SystemExit('no')", name="no_start")
    with pytest.raises(ClientError) as refused:
        run(server, arn, new_session(), "true")
    assert refused.value.response["Error"]["Code"] == "RuntimeClientError"


def _memory(server: RunningServer) -> int:
    """What the server process holds in memory, in KB."""
    with open(f"/proc/{server.info.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def _state(server: RunningServer, arn: str, session: str) -> str:
    return next(record.state for record in server.living(arn) if record.session_id == session)
