"""The rest of the data plane against a container: shell commands by boto3, WebSockets through the published port."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.containers.runtime import value
from tests.local_runtime import RunningServer, new_session

pytestmark = pytest.mark.timeout(600)


def command(server: RunningServer, arn: str, session: str, text: str, **body: Any) -> dict[str, Any]:
    """InvokeAgentRuntimeCommand: stdout, stderr and how it ended."""
    answer = server.data.invoke_agent_runtime_command(
        agentRuntimeArn=arn, runtimeSessionId=session, body={"command": text, **body}
    )
    told: dict[str, Any] = {"stdout": "", "stderr": ""}
    for event in answer["stream"]:
        chunk = event["chunk"]
        for stream, written in chunk.get("contentDelta", {}).items():
            told[stream] += written
        told |= chunk.get("contentStop", {})
    return told


def test_a_command_is_beside_the_agent(server: RunningServer, arn: str) -> None:
    session = new_session()
    value(server, arn, "Path('/tmp/made-by-agent').write_text('x')", session)
    told = command(server, arn, session, "cat /tmp/made-by-agent; echo; id -u; echo no >&2; exit 3")
    assert told == {"stdout": "x\n10001\n", "stderr": "no\n", "exitCode": 3, "status": "COMPLETED"}
    assert value(server, arn, "1", session) == 1


def test_a_command_that_takes_too_long_is_killed(server: RunningServer, arn: str) -> None:
    told = command(server, arn, new_session(), "echo begun; sleep 600", timeout=10)
    assert (told["stdout"], told["status"], told["exitCode"]) == ("begun\n", "TIMED_OUT", 137)


@pytest.mark.parametrize("size", [1, 5_000_000], ids=["small", "large"])
def test_bodies_pass_whole_either_way(server: RunningServer, arn: str, size: int) -> None:
    assert value(server, arn, f"'{'x' * size}'") == "x" * size
