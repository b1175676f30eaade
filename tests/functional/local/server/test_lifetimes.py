"""When sessions end: idle, too old, sick, gone; and what goes on meanwhile. The clock is advanced, not waited for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentcore_cli.local.protocol import SessionRecord
from tests.local_runtime import RunningServer, eventually, new_session

AGENTS = Path(__file__).parents[3] / "agents"
LIFECYCLE = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 3600}


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> str:
    return server.deploy(AGENTS / "many_answers.py", lifecycleConfiguration=LIFECYCLE)


def record_of(server: RunningServer, arn: str, session: str) -> SessionRecord:
    """The newest session of this id."""
    return max((r for r in server.sessions(arn) if r.session_id == session), key=lambda record: record.started_at)


def started(server: RunningServer, arn: str, **ping: str | float) -> str:
    session = new_session()
    asked = {"do": "ping", "ping": ping} if ping else {}
    assert server.invoke(arn, json.dumps(asked).encode(), session).status == 200
    return session


def ended(server: RunningServer, arn: str, session: str) -> SessionRecord:
    def check() -> SessionRecord | None:
        record = record_of(server, arn, session)
        return record if record.state == "stopped" else None

    record: SessionRecord = eventually(check, f"{session} has ended")
    return record


def test_an_idle_session_ends(server: RunningServer, arn: str) -> None:
    session = started(server, arn)
    server.local.advance_clock(840)
    eventually(lambda: record_of(server, arn, session).state == "idle", "still there")
    server.local.advance_clock(60.5)
    assert ended(server, arn, session).end_reason == "was idle for 900 s"
    assert server.invoke(arn, b"{}", session).json()["calls"] == 1


def test_each_call_begins_the_idle_time_anew(server: RunningServer, arn: str) -> None:
    session = started(server, arn)
    for call in (2, 3):
        server.local.advance_clock(800)
        assert server.invoke(arn, b"{}", session).json()["calls"] == call


def test_the_maximum_lifetime_is_never_begun_anew(server: RunningServer, arn: str) -> None:
    session = started(server, arn)
    for _ in range(4):
        server.local.advance_clock(890)
        server.invoke(arn, b"{}", session)
    server.local.advance_clock(100)
    assert ended(server, arn, session).end_reason == "reached its maximum lifetime of 3600 s"


def test_a_busy_session_is_not_idle(server: RunningServer, arn: str) -> None:
    session = started(server, arn, status="HealthyBusy")
    eventually(lambda: record_of(server, arn, session).state == "active", "its ping says so")
    server.local.advance_clock(1000)
    server.local.advance_clock(1000)
    assert server.invoke(arn, b'{"do": "ping", "ping": {"status": "Healthy"}}', session).status == 200
    eventually(lambda: record_of(server, arn, session).state == "idle", "its ping says so")
    server.local.advance_clock(901)
    assert ended(server, arn, session).end_reason == "was idle for 900 s"


def test_being_busy_does_not_outlast_the_maximum_lifetime(server: RunningServer, arn: str) -> None:
    session = started(server, arn, status="HealthyBusy")
    server.local.advance_clock(3601)
    assert "maximum lifetime" in (ended(server, arn, session).end_reason or "")


def test_a_sick_session_ends(server: RunningServer, arn: str) -> None:
    session = started(server, arn, status="sick")
    for _ in range(4):
        server.local.advance_clock(2)
    assert ended(server, arn, session).end_reason == "failed 3 health checks in a row"


def test_the_fault_ping_dead(server: RunningServer, arn: str) -> None:
    session = started(server, arn)
    server.local.arm_fault("ping-dead", 100)
    try:
        assert "health checks" in (ended(server, arn, session).end_reason or "")
    finally:
        server.local.arm_fault("ping-dead", 0)


def test_an_update_does_not_reach_a_session_that_runs(server: RunningServer) -> None:
    agent = AGENTS / "many_answers.py"
    pinned = server.deploy(agent, name="pinned", environmentVariables={"VERSION": "1"})
    session = started(server, pinned)
    server.update(pinned, agent, environmentVariables={"VERSION": "2"})
    asked = b'{"do": "version"}'
    assert server.invoke(pinned, asked, session).json() == {"version": "1"}
    assert server.invoke(pinned, asked, new_session()).json() == {"version": "2"}
    server.data.stop_runtime_session(agentRuntimeArn=pinned, runtimeSessionId=session)
    assert server.invoke(pinned, asked, session).json() == {"version": "2"}


def test_deleting_a_runtime_ends_its_sessions(server: RunningServer) -> None:
    doomed = server.deploy(AGENTS / "many_answers.py", name="doomed")
    session = started(server, doomed)
    server.control.delete_agent_runtime(agentRuntimeId=doomed.rpartition("/")[2])
    assert ended(server, doomed, session).end_reason == "the runtime was deleted"
    assert server.invoke(doomed, b"{}", session).status == 404


def test_an_agent_that_never_answers_its_ping(server: RunningServer) -> None:
    arn = server.deploy("import time\nprint('thinking', flush=True)\ntime.sleep(3600)\n", name="never")
    answer = starting_for(server, arn, 121)
    assert answer["message"] == (
        "Runtime initialization time exceeded. Please make sure that initialization completes in 120s."
    )
    assert answer["detail"] == "thinking"


@pytest.mark.parametrize(
    ("source", "why", "said"),
    [
        pytest.param("import nowhere\n", "exited with status 1", "No module named 'nowhere'", id="import error"),
        pytest.param("raise SystemExit(7)\n", "exited with status 7", "", id="exit"),
        pytest.param("def broken(:\n", "exited with status 1", "SyntaxError", id="syntax error"),
    ],
)
def test_an_agent_that_does_not_start(server: RunningServer, source: str, why: str, said: str) -> None:
    arn = server.deploy(source, name=f"broken{len(source)}")
    answer = server.invoke(arn, b"{}", new_session())
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (424, "RuntimeClientError")
    assert why in answer.json()["message"]
    assert said in answer.json().get("detail", "")
    assert server.living(arn) == []


def starting_for(server: RunningServer, arn: str, seconds: float) -> dict[str, str]:
    """Invoke a new session, let this much time pass while it starts, and give the refusal."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(server.invoke, arn, b"{}", new_session())
        eventually(lambda: any(r.pid for r in server.living(arn)), "it provisions")
        eventually(lambda: Path(server.living(arn)[0].log).stat().st_size, "it says something")
        server.local.advance_clock(seconds)
        answer = call.result()
    assert answer.status == 424
    refusal: dict[str, str] = answer.json()
    return refusal
