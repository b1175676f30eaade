"""AWS's own clients, unmodified, against what `agentcore local env` exports: boto3, the AWS CLI, the AgentCore SDK."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.command_line import AGENTCORE
from tests.environments import agent_environment
from tests.functional.journeys.project import EXAMPLES, Deployments, Project

SDK_SCRIPT = Path(__file__).with_name("sdk_client.py")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, deployments: Deployments) -> Project:
    folder = tmp_path_factory.mktemp("clients")
    shutil.copytree(EXAMPLES / "session", folder, dirs_exist_ok=True)
    return deployments.add(folder, ["--entrypoint", "handler.py", "--name", "called"])


@pytest.fixture
def boto3_clients(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    for name, value in project.client_environment().items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    control, data = session.client("bedrock-agentcore-control"), session.client("bedrock-agentcore")
    yield control, data
    control.close()
    data.close()


def in_shell(project: Project, script: str, *arguments: str) -> str:
    """Run a shell script the way the help of `local env` says: eval its lines first."""
    done = subprocess.run(
        ["bash", "-euc", f'eval "$({AGENTCORE} local env)"\n{script}', "bash", *arguments],
        cwd=project.command.folder,
        env=project.command.whole_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_boto3_sees_what_was_deployed(project: Project, boto3_clients: tuple[Any, Any]) -> None:
    control, _ = boto3_clients

    listed = control.list_agent_runtimes()["agentRuntimes"]

    assert (project.arn, "READY") in [(runtime["agentRuntimeArn"], runtime["status"]) for runtime in listed]


def test_boto3_invokes_and_stops_a_session(project: Project, boto3_clients: tuple[Any, Any]) -> None:
    _, data = boto3_clients
    where = {"agentRuntimeArn": project.arn, "runtimeSessionId": str(uuid.uuid4())}

    counts = [_count(data.invoke_agent_runtime(**where, payload=b'{"prompt": "hi"}')) for _ in range(2)]
    data.stop_runtime_session(**where)
    counts.append(_count(data.invoke_agent_runtime(**where, payload=b'{"prompt": "hi"}')))

    assert counts == [1, 2, 1]


def _count(answer: dict[str, Any]) -> int:
    count: int = json.loads(answer["response"].read())["message_count"]
    return count


def test_the_aws_cli_invokes_a_session_twice(project: Project) -> None:
    aws = agent_environment("awscli").with_name("aws")
    session = str(uuid.uuid4())
    invoke = """
        for turn in 1 2; do
            "$1" bedrock-agentcore invoke-agent-runtime --agent-runtime-arn "$2" --runtime-session-id "$3" \\
                --payload '{"prompt": "hi"}' answer.json > metadata.json
        done
        cat answer.json
    """

    answer = json.loads(in_shell(project, invoke, str(aws), project.arn, session))

    assert answer["message_count"] == 2
    assert answer["session_id"] == session


def test_the_aws_cli_reads_the_control_plane(project: Project) -> None:
    aws = agent_environment("awscli").with_name("aws")
    get = '"$1" bedrock-agentcore-control get-agent-runtime --agent-runtime-id "$2"'

    runtime = json.loads(in_shell(project, get, str(aws), project.arn.rpartition("/")[2]))

    assert (runtime["agentRuntimeArn"], runtime["status"]) == (project.arn, "READY")


def test_the_sdk_client_invokes_and_stops_a_session(project: Project) -> None:
    python = agent_environment("bedrock-agentcore")

    told = json.loads(in_shell(project, '"$1" "$2" "$3"', str(python), str(SDK_SCRIPT), project.arn))

    assert told == {"status": "READY", "counts": [1, 2, 1]}
