"""AWS's notebook on sessions, its agent unmodified and called by boto3 as in the notebook's cells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid1

import boto3
import pytest

from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import AGENTS, TUTORIAL_REQUIREMENTS, Deployments, Project, copy_agent

REGION = "us-west-2"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, deployments: Deployments, bedrock: ScriptedBedrock) -> Project:
    folder = tmp_path_factory.mktemp("understand_context")
    entrypoint = copy_agent(
        AGENTS / "seed_understand_agent_context.py", folder, TUTORIAL_REQUIREMENTS, name="understand_agent_context.py"
    )
    return deployments.add(folder, ["--entrypoint", entrypoint], bedrock.environment)


@pytest.fixture
def agentcore_client(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in project.client_environment().items():
        monkeypatch.setenv(name, value)
    client = boto3.Session().client("bedrock-agentcore", region_name=REGION)
    yield client
    client.close()


def invoke(client: Any, project: Project, prompt: str, session_id: str) -> str:
    response = client.invoke_agent_runtime(
        agentRuntimeArn=project.arn,
        qualifier="DEFAULT",
        payload=json.dumps({"prompt": prompt}),
        runtimeSessionId=session_id,
    )
    answer: str = json.loads(response["response"].read())
    return answer


def test_a_session_remembers_the_name(agentcore_client: Any, project: Project) -> None:
    session_id = str(uuid1())

    invoke(agentcore_client, project, "My name is John Doe.", session_id)
    answer = invoke(agentcore_client, project, "Do you remember my name?", session_id)

    assert answer == "Hello John Doe. Your name is John Doe.\n"


def test_another_session_does_not(agentcore_client: Any, project: Project) -> None:
    invoke(agentcore_client, project, "My name is John Doe.", str(uuid1()))

    answer = invoke(agentcore_client, project, "Do you remember my name?", str(uuid1()))

    assert answer == "I do not know your name.\n"


def test_the_tool_gets_its_argument(agentcore_client: Any, project: Project) -> None:
    answer = invoke(agentcore_client, project, "How is the weather in Paris?", str(uuid1()))

    assert answer == "The answer is: Weather in Paris is warm and sunny.\n"


def test_the_printed_context_holds_the_session_id(agentcore_client: Any, project: Project) -> None:
    session_id = str(uuid1())
    invoke(agentcore_client, project, "hello", session_id)

    log = project.logs(session_id)

    assert "Context object is of type  <class 'bedrock_agentcore.runtime.context.RequestContext'>" in log
    assert f"session_id='{session_id}'" in log


def test_the_command_line_prints_the_serialised_result(project: Project) -> None:
    answer = project.command.run("invoke", "--local", "My name is John Doe.").stdout

    assert json.loads(answer) == "Hello John Doe. You said: My name is John Doe.\n"
