"""Sessions in real containers of a real arm64 image: kept apart, kept, ended."""

from __future__ import annotations

import json

import pytest

from tests.e2e.containers.engine import Engine
from tests.e2e.containers.runtime import value
from tests.local_runtime import RunningServer, eventually, new_session, runtime_id

pytestmark = pytest.mark.timeout(600)


def test_a_session_keeps_its_memory_and_two_are_kept_apart(server: RunningServer, arn: str, engine: Engine) -> None:
    one, other = new_session(), new_session()
    assert value(server, arn, "kept.append('one') or Path('/tmp/one').write_text('1') and kept", one) == ["one"]
    assert value(server, arn, "kept + [str(path) for path in Path('/tmp').iterdir()]", other) == []
    assert value(server, arn, "kept + [Path('/tmp/one').read_text()]", one) == ["one", "1"]
    names = {container.labels["agentcore.session"] for container in engine.containers(server.home.root, all=False)}
    assert len(names) == 2
    records = server.living(arn)
    assert {record.sandbox for record in records} == {"container"}
    assert all("linux/arm64" in record.cold_reason or "native" in record.cold_reason for record in records)
    assert value(server, arn, "os.uname().machine", one) == "aarch64"


def test_the_runtime_belongs_to_the_account_of_its_role(arn: str) -> None:
    assert arn.startswith("arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/contained-")


def test_stop_ends_the_container(server: RunningServer, arn: str, engine: Engine) -> None:
    session = new_session()
    value(server, arn, "kept.append('once')", session)
    before = {container.id for container in engine.containers(server.home.root)}
    volumes = engine.volumes(server.home.root)
    server.data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session, qualifier="DEFAULT")
    after = {container.id for container in engine.containers(server.home.root)}
    assert len(before - after) == 1
    assert len(volumes - engine.left(volumes)) == 1
    assert value(server, arn, "kept", session) == []


def test_an_idle_session_ends(server: RunningServer, arn: str, engine: Engine) -> None:
    session = new_session()
    value(server, arn, "1", session)
    server.local.advance_clock(901)
    eventually(lambda: not server.living(arn), "every session was idle for long enough")
    assert {record.end_reason for record in server.sessions(arn)} >= {"was idle for 900 s"}
    eventually(lambda: not engine.containers(server.home.root), "its container is removed")


def test_an_agent_that_dies_in_the_middle_of_an_answer(server: RunningServer, arn: str, engine: Engine) -> None:
    session = new_session()
    value(server, arn, "1", session)
    payload = {"python": "print('the last words', flush=True) or os.kill(os.getpid(), 9)"}
    answer = server.invoke(arn, json.dumps(payload).encode(), session)
    assert answer.status == 424
    assert "was killed by SIGKILL" in answer.json()["message"]
    assert "the last words" in answer.body.decode()
    eventually(lambda: not engine.containers(server.home.root), "its container is removed")
    assert value(server, arn, "kept", session) == []


def test_deleting_the_runtime_ends_its_sessions(server: RunningServer, arn: str, engine: Engine) -> None:
    value(server, arn, "1")
    assert engine.containers(server.home.root)
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(arn))
    eventually(lambda: not engine.containers(server.home.root), "its containers are removed")
