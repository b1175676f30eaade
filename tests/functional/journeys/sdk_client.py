"""Run by an environment that has the AgentCore SDK: invoke and stop a session with its own client, print what was seen.

Usage: python sdk_client.py RUNTIME_ARN
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

from bedrock_agentcore.runtime import AgentCoreRuntimeClient

PAYLOAD = b'{"prompt": "hi"}'


def main(arn: str) -> None:
    client = AgentCoreRuntimeClient(region="us-west-2")
    session = {"agent_runtime_arn": arn, "runtime_session_id": str(uuid.uuid4())}
    runtime = client.get_agent_runtime(agent_runtime_id=arn.rpartition("/")[2])
    counts = [_count(client.invoke_agent_runtime(**session, payload=PAYLOAD)) for _ in range(2)]
    client.stop_runtime_session(**session)
    counts.append(_count(client.invoke_agent_runtime(**session, payload=PAYLOAD)))
    print(json.dumps({"status": runtime["status"], "counts": counts}))


def _count(answer: dict[str, Any]) -> int:
    count: int = json.loads(answer["response"].read())["message_count"]
    return count


if __name__ == "__main__":
    main(sys.argv[1])
