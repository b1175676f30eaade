"""AWS's tutorial on runtime context, its agent unmodified: continuity, isolation, another user, the context object."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import AGENTS, TUTORIAL_REQUIREMENTS, Deployments, Project, copy_agent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, deployments: Deployments, bedrock: ScriptedBedrock) -> Project:
    folder = tmp_path_factory.mktemp("claude_context")
    entrypoint = copy_agent(
        AGENTS / "seed_strands_claude_context.py", folder, TUTORIAL_REQUIREMENTS, name="strands_claude_context.py"
    )
    configure = ["--entrypoint", entrypoint, "--requirements", "requirements.txt", "--name", "strands_claude_context"]
    return deployments.add(folder, configure, bedrock.environment)


def ask(project: Project, session: str, prompt: str, user_id: str = "1") -> str:
    answer: str = project.invoke(json.dumps({"prompt": prompt, "user_id": user_id}), session)
    return answer


def test_a_session_goes_on_from_its_last_answer(project: Project) -> None:
    session = str(uuid.uuid4())

    assert ask(project, session, "How is the weather outside?") == "Hello Maira. The answer is: sunny."
    assert ask(project, session, "How much is 2X5?") == "Hello Maira. The answer is: 10."
    assert ask(project, session, "and that plus 34?") == "Hello Maira. That is 44."


def test_a_new_session_knows_no_earlier_answer(project: Project) -> None:
    ask(project, str(uuid.uuid4()), "How much is 2X5?")

    answer = ask(project, str(uuid.uuid4()), "And plus 10?")

    assert answer == "Hello Maira. I do not know what to add it to, no number was named in this conversation."


def test_another_user_in_another_session_is_greeted_by_name(project: Project) -> None:
    answer = ask(project, str(uuid.uuid4()), "How is the weather?", user_id="2")

    assert answer == "Hello Mani. The answer is: sunny."


def test_the_context_object_shows_in_the_session_s_log_and_no_other(project: Project) -> None:
    session, other = str(uuid.uuid4()), str(uuid.uuid4())
    ask(project, session, "How is the weather?")
    ask(project, other, "How is the weather?", user_id="3")

    log = project.logs(session)

    assert f"Runtime Session ID: {session}" in log
    assert "Context Object Type: <class 'bedrock_agentcore.runtime.context.RequestContext'>" in log
    assert "User Name: Maira" in log
    assert "Mark" not in log
    assert other not in log


def test_a_payload_without_its_field_fails_in_the_agent_and_shows_why(project: Project) -> None:
    session = str(uuid.uuid4())

    failed = project.command.run("invoke", "--local", '{"prompt": "hello"}', "--session-id", session, code=5)

    assert "KeyError" in project.logs(session)
    assert failed.stdout == ""
