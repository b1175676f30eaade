"""The client of `/_local/…` against a real server."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agentcore_cli import __version__
from agentcore_cli.errors import CredentialsError, InputError, ServiceError
from agentcore_cli.local.client import AdminClient
from tests.local_runtime import RunningServer, new_session


def test_health(server: RunningServer, answers: str) -> None:
    health = server.local.health()
    assert health.version == __version__
    assert health.level in ("namespaces", "process")
    assert bool(health.level_reason) is (health.level == "process")
    assert health.runtimes == 1


def test_sessions_of_one_runtime_or_of_all(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    page = server.local.sessions(answers)
    record = next(record for record in page.sessions if record.session_id == session)
    assert (record.state, record.invocations, record.version, record.endpoint) == ("idle", 1, "1", "DEFAULT")
    assert record.started_at <= record.last_used_at <= page.now
    assert record in server.local.sessions().sessions
    assert server.local.sessions("arn:of:another").sessions == ()


def test_the_clock_moves_forward_only(server: RunningServer) -> None:
    before = server.local.health().time
    assert server.local.advance_clock(100) == pytest.approx(before + 100, abs=10)
    for seconds in (-1, float("inf")):
        with pytest.raises(InputError):
            server.local.advance_clock(seconds)


def test_faults_are_armed_and_disarmed(server: RunningServer) -> None:
    server.local.arm_fault("slow-start", 2)
    assert server.local.health().faults == {"slow-start": 2}
    server.local.arm_fault("slow-start", 0)
    assert server.local.health().faults == {}
    with pytest.raises(InputError, match="no-such-fault"):
        server.local.arm_fault("no-such-fault", 1)
    with pytest.raises(InputError):
        server.local.arm_fault("throttle", -1)


def test_a_refusal_tells_its_request(server: RunningServer) -> None:
    stranger = AdminClient(replace(server.info, access_key="AGCLAAAAAAAAAAAAAAAA"))
    with pytest.raises(CredentialsError, match="local runtime's access key") as refused:
        stranger.health()
    assert refused.value.request_id


def test_nobody_listens(server: RunningServer) -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        AdminClient(replace(server.info, port=1)).health()


def test_what_there_is_not(server: RunningServer) -> None:
    for method, path in (("GET", "/_local/nothing"), ("DELETE", "/_local/health"), ("GET", "/nothing"), ("GET", "/")):
        answer = server.ask(method, path)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
