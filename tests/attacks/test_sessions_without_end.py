"""A session may call, by its token: it does not take every connection of the server, nor fill it with sessions."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from agentcore_cli.local.http.strangers import GUESTS_MAX
from agentcore_cli.local.sessions.sessions import BEGUN_MAX
from tests.attacks.inside import Inside
from tests.local_runtime import RunningServer, eventually, new_session

AGENTS = Path(__file__).parents[1] / "agents"


@pytest.fixture(scope="module")
def inside(server: RunningServer, answers: str) -> Iterator[Inside]:
    within = Inside(server, answers)
    yield within
    within.close()


def test_its_connections_are_counted(server: RunningServer, inside: Inside) -> None:
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{server.info.pid}/fd"))

    before = descriptors()
    asked = f"GET {inside.path}/x HTTP/1.1\r\nhost: {server.info.host}:{server.info.port}\r\n\r\n".encode()
    with contextlib.ExitStack() as held:
        for _ in range(GUESTS_MAX + 300):
            one = held.enter_context(socket.create_connection((server.info.host, server.info.port), timeout=60))
            one.sendall(asked)
            assert one.recv(20).startswith(b"HTTP/1.1 403")
        eventually(lambda: descriptors() <= before + GUESTS_MAX + 20, "the first of them are hung up on")
        assert server.ask("GET", "/_local/health").status == 200
        assert inside.data.invoke_agent_runtime(agentRuntimeArn=inside.arn, payload=b"{}")["statusCode"] == 200


@pytest.mark.long
def test_a_session_that_calls_itself_under_ever_new_ids(server: RunningServer) -> None:
    within = Inside(server, server.deploy(AGENTS / "many_answers.py", name="spawns"))
    asked = {"agentRuntimeArn": within.arn, "payload": b"{}"}
    with contextlib.closing(within):
        for _ in range(BEGUN_MAX):
            assert within.data.invoke_agent_runtime(**asked, runtimeSessionId=new_session())["statusCode"] == 200
        with pytest.raises(ClientError, match=f"called for {BEGUN_MAX} sessions that live") as refused:
            within.data.invoke_agent_runtime(**asked, runtimeSessionId=new_session())
        assert refused.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
        assert within.data.invoke_agent_runtime(**asked, runtimeSessionId=within.session)["statusCode"] == 200
    assert server.invoke(within.arn, b"{}", new_session()).status == 200
