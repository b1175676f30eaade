"""`agentcore invoke --local`, the whole process, against a bare boto3 script that makes the same call."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.stage import Stage
from tests.bench.timing import medians

SCRIPT = Path(__file__).with_name("bare_boto3.py")


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Both talk to the same session, which is up."""
    agent, session = stage.counter, str(uuid.uuid4())
    payload = agent.payload.decode()
    script = [sys.executable, str(SCRIPT), agent.arn, session, payload]
    environment = agent.command.whole_environment() | agent.client_environment
    took = medians(
        {
            "invoke": lambda: agent.command.run("invoke", "--local", payload, "--session-id", session),
            "boto3": lambda: subprocess.run(script, check=True, env=environment, stdout=subprocess.DEVNULL),
        },
        effort.rounds,
    )
    agent.stop(session)
    ratio = took["invoke"] / took["boto3"]
    other = f"bare boto3 {milliseconds(took['boto3'])}"
    yield Figure("invoke --local, whole process", milliseconds(took["invoke"]), other, ratio, "x", "at most", 0.4)
