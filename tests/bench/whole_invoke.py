"""`agentcore invoke`, the whole process, against a bare boto3 script that makes the same call."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.stage import BenchedAgent, Stage
from tests.bench.timing import medians
from tests.command_line import CommandLine
from tests.functional.commands.aws_project import on_aws

SCRIPT = Path(__file__).with_name("bare_boto3.py")


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Both talk to the same session, which is up: here, and on AWS's wire with static credentials and SigV4."""
    agent = stage.counter
    yield _against_boto3("invoke --local, whole process", agent, agent.command, ["--local"], effort, 0.4)
    with tempfile.TemporaryDirectory() as folder:
        there = on_aws(agent.command, Path(folder))
        aws = CommandLine(there.folder, there.environment)  # a process, as a user starts one
        yield _against_boto3("invoke on AWS's wire, whole process", agent, aws, [], effort, 0.8)


def _against_boto3(
    name: str, agent: BenchedAgent, command: CommandLine, options: list[str], effort: Effort, mark: float
) -> Figure:
    session, payload = str(uuid.uuid4()), agent.payload.decode()
    script = [sys.executable, str(SCRIPT), agent.arn, session, payload]
    environment = command.whole_environment() | agent.client_environment
    took = medians(
        {
            "invoke": lambda: command.run("invoke", *options, payload, "--session-id", session),
            "boto3": lambda: subprocess.run(script, check=True, env=environment, stdout=subprocess.DEVNULL),
        },
        effort.rounds,
    )
    agent.stop(session)
    ratio = took["invoke"] / took["boto3"]
    other = f"bare boto3 {milliseconds(took['boto3'])}"
    return Figure(name, milliseconds(took["invoke"]), other, ratio, "x", "at most", mark)
