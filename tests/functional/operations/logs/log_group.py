"""An endpoint's log group, written to as AgentCore's agents do it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable

from tests.stand_ins import Moto

STREAM = "2026/11/26/[runtime-logs]"


class LogGroup:
    """The group of a runtime's endpoint; ages are in seconds before now. Each call of `write` fills a new stream."""

    def __init__(self, account: Moto, runtime_id: str, endpoint: str = "DEFAULT") -> None:
        self.name = f"/aws/bedrock-agentcore/runtimes/{runtime_id}-{endpoint}"
        self._client = account.client("logs")

    def create(self) -> LogGroup:
        self._client.create_log_group(logGroupName=self.name)
        return self

    def write(self, *lines: str, age: float = 0) -> None:
        self.write_at((line, age) for line in lines)

    def write_at(self, lines: Iterable[tuple[str, float]]) -> None:
        """Lines with their ages, the oldest first."""
        stream = f"{STREAM}{uuid.uuid4()}"
        now = time.time()
        events = [{"message": line, "timestamp": round((now - age) * 1000)} for line, age in lines]
        self._client.create_log_stream(logGroupName=self.name, logStreamName=stream)
        self._client.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)


def from_sdk(message: str, session_id: str) -> str:
    """A line of the SDK's logger."""
    return json.dumps({"level": "INFO", "message": message, "requestId": "r-1", "sessionId": session_id})


def from_otel(message: str, session_id: str) -> str:
    """A log record of OpenTelemetry."""
    return json.dumps({"body": message, "attributes": {"session.id": session_id}})
