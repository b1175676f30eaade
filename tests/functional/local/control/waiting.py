"""Poll until a runtime or endpoint has reached its end state: the service has no waiters for them."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from agentcore_cli.local.control.records import MOVING

PATIENCE_SECONDS = 60.0


def settled(client: Any, runtime_id: str) -> Any:
    """GetAgentRuntime, once it is not CREATING, UPDATING or DELETING any more."""
    return _settled(lambda: client.get_agent_runtime(agentRuntimeId=runtime_id))


def settled_endpoint(client: Any, runtime_id: str, name: str) -> Any:
    return _settled(lambda: client.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=name))


def gone(client: Any, runtime_id: str) -> None:
    """Return when the runtime is not found any more."""
    _gone(lambda: client.get_agent_runtime(agentRuntimeId=runtime_id))


def gone_endpoint(client: Any, runtime_id: str, name: str) -> None:
    _gone(lambda: client.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=name))


def _settled(get: Any) -> Any:
    for _ in _attempts():
        answer = get()
        if answer["status"] not in MOVING:
            return answer
    raise AssertionError(f"still {answer['status']}")


def _gone(get: Any) -> None:
    for _ in _attempts():
        try:
            get()
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return
    raise AssertionError("still there")


def _attempts() -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(0.01)
