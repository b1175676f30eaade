"""Runtimes whose artifact is an image, on a local runtime, and what their agent says about its surroundings."""

from __future__ import annotations

import json
from typing import Any

from tests.local_runtime import RunningServer, eventually, new_session

PATIENCE = 300  # seconds: emulation on a busy machine
RETRYABLE = 409
ROLE = "arn:aws:iam::123456789012:role/AmazonBedrockAgentCore-test"


def create(server: RunningServer, uri: str, *, name: str = "contained", **settings: Any) -> dict[str, Any]:
    """CreateAgentRuntime, as boto3 gives its answer."""
    made: dict[str, Any] = server.control.create_agent_runtime(
        agentRuntimeName=name,
        agentRuntimeArtifact={"containerConfiguration": {"containerUri": uri}},
        roleArn=ROLE,
        networkConfiguration={"networkMode": "PUBLIC"},
        **settings,
    )
    return made


def deploy(server: RunningServer, uri: str, **settings: Any) -> str:
    """The ARN of a runtime that is READY."""
    made = create(server, uri, **settings)
    server.wait_ready(made["agentRuntimeId"])
    return str(made["agentRuntimeArn"])


def value(server: RunningServer, arn: str, expression: str, session: str | None = None) -> Any:
    """What the agent says that a Python expression is, in its session. One that is just ending is asked again."""
    asked, session = json.dumps({"python": expression}).encode(), session or new_session()
    answer = eventually(lambda: (a := server.invoke(arn, asked, session)).status != RETRYABLE and a, "no conflict")
    assert answer.status == 200, answer
    told = answer.json()
    assert "error" not in told, told
    return told["value"]


def refusal(server: RunningServer, arn: str, expression: str, session: str) -> str:
    """The error that a Python expression ends in."""
    answer = server.invoke(arn, json.dumps({"python": expression}).encode(), session)
    return str(answer.json()["error"])
