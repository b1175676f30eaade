"""AWS's tutorials on sessions and runtime context, their agents unmodified: continuity, isolation, another user, the
context object. In one file, since their requirements are the same, and large.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import AGENTS, TUTORIAL_REQUIREMENTS, Deployments, Project, copy_agent

pytestmark = pytest.mark.long

REGION = "us-west-2"


@pytest.fixture(scope="module")
def claude_context(
    tmp_path_factory: pytest.TempPathFactory, deployments: Deployments, bedrock: ScriptedBedrock
) -> Project:
    folder = tmp_path_factory.mktemp("claude_context")
    entrypoint = copy_agent(
        AGENTS / "seed_strands_claude_context.py", folder, TUTORIAL_REQUIREMENTS, name="strands_claude_context.py"
    )
    configure = ["--entrypoint", entrypoint, "--requirements", "requirements.txt", "--name", "strands_claude_context"]
    return deployments.add(folder, configure, bedrock.environment)


def ask(project: Project, session: str, prompt: str, user_id: str = "1") -> str:
    answer: str = project.invoke(json.dumps({"prompt": prompt, "user_id": user_id}), session)
    return answer


def test_a_session_goes_on_from_its_last_answer(claude_context: Project) -> None:
    session = str(uuid.uuid4())

    assert ask(claude_context, session, "How is the weather outside?") == "Hello Maira. The answer is: sunny."
    assert ask(claude_context, session, "How much is 2X5?") == "Hello Maira. The answer is: 10."
    assert ask(claude_context, session, "and that plus 34?") == "Hello Maira. That is 44."


def test_a_new_session_knows_no_earlier_answer(claude_context: Project) -> None:
    ask(claude_context, str(uuid.uuid4()), "How much is 2X5?")

    answer = ask(claude_context, str(uuid.uuid4()), "And plus 10?")

    assert answer == "Hello Maira. I do not know what to add it to, no number was named in this conversation."


def test_another_user_in_another_session_is_greeted_by_name(claude_context: Project) -> None:
    answer = ask(claude_context, str(uuid.uuid4()), "How is the weather?", user_id="2")

    assert answer == "Hello Mani. The answer is: sunny."


def test_the_context_object_shows_in_the_session_s_log_and_no_other(claude_context: Project) -> None:
    session, other = str(uuid.uuid4()), str(uuid.uuid4())
    ask(claude_context, session, "How is the weather?")
    ask(claude_context, other, "How is the weather?", user_id="3")

    log = claude_context.logs(session)

    assert f"Runtime Session ID: {session}" in log
    assert "Context Object Type: <class 'bedrock_agentcore.runtime.context.RequestContext'>" in log
    assert "User Name: Maira" in log
    assert "Mark" not in log
    assert other not in log


def test_a_payload_without_its_field_fails_in_the_agent_and_shows_why(claude_context: Project) -> None:
    session = str(uuid.uuid4())

    failed = claude_context.command.run("invoke", "--local", '{"prompt": "hello"}', "--session-id", session, code=5)

    assert "KeyError" in claude_context.logs(session)
    assert failed.stdout == ""


@pytest.fixture(scope="module")
def understand_context(
    tmp_path_factory: pytest.TempPathFactory, deployments: Deployments, bedrock: ScriptedBedrock
) -> Project:
    folder = tmp_path_factory.mktemp("understand_context")
    entrypoint = copy_agent(
        AGENTS / "seed_understand_agent_context.py", folder, TUTORIAL_REQUIREMENTS, name="understand_agent_context.py"
    )
    return deployments.add(folder, ["--entrypoint", entrypoint], bedrock.environment)


@pytest.fixture
def agentcore_client(understand_context: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in understand_context.client_environment().items():
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


def test_by_boto3_as_in_the_cells_of_the_notebook_a_session_remembers_the_name(
    agentcore_client: Any, understand_context: Project
) -> None:
    session_id = str(uuid.uuid1())

    invoke(agentcore_client, understand_context, "My name is John Doe.", session_id)
    answer = invoke(agentcore_client, understand_context, "Do you remember my name?", session_id)

    assert answer == "Hello John Doe. Your name is John Doe.\n"


def test_another_session_does_not(agentcore_client: Any, understand_context: Project) -> None:
    invoke(agentcore_client, understand_context, "My name is John Doe.", str(uuid.uuid1()))

    answer = invoke(agentcore_client, understand_context, "Do you remember my name?", str(uuid.uuid1()))

    assert answer == "I do not know your name.\n"


def test_the_tool_gets_its_argument(agentcore_client: Any, understand_context: Project) -> None:
    answer = invoke(agentcore_client, understand_context, "How is the weather in Paris?", str(uuid.uuid1()))

    assert answer == "The answer is: Weather in Paris is warm and sunny.\n"


def test_the_printed_context_holds_the_session_id(agentcore_client: Any, understand_context: Project) -> None:
    session_id = str(uuid.uuid1())
    invoke(agentcore_client, understand_context, "hello", session_id)

    log = understand_context.logs(session_id)

    assert "Context object is of type  <class 'bedrock_agentcore.runtime.context.RequestContext'>" in log
    assert f"session_id='{session_id}'" in log


def test_the_command_line_prints_the_serialised_result(understand_context: Project) -> None:
    answer = understand_context.command.run("invoke", "--local", "My name is John Doe.").stdout

    assert json.loads(answer) == "Hello John Doe. You said: My name is John Doe.\n"
