"""The Python API on the local target: arguments and results as notebooks use them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli import Runtime
from agentcore_cli.errors import AgentFailedError, InputError, NotFoundError
from agentcore_cli.events import Event, Step
from tests.environments import REPOSITORY
from tests.local_runtime import nothing_is_served

SESSION = REPOSITORY / "examples" / "session"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the session example in it, the working directory of the test, and a home of its own."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    monkeypatch.setenv("AGENTCORE_HOME", str(home))
    monkeypatch.delenv("AGENTCORE_TARGET", raising=False)
    for name in ("handler.py", "requirements.txt"):
        shutil.copy(SESSION / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    nothing_is_served(home)
    shutil.rmtree(home)


@pytest.mark.long
def test_from_configure_to_destroy(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[Event] = []
    runtime = Runtime(target="local", progress=heard.append)

    configured = runtime.configure("handler.py", agent_name="notebook", auto_create_ecr=True, environment={"A": "b"})
    launched = runtime.launch(env_vars={"GIVEN": "1"})
    first = runtime.invoke({"prompt": "Hello"}, session_id="one")
    again = runtime.invoke({"prompt": "Still me"})
    other = runtime.invoke({"prompt": "Hello"}, session_id="two")
    status = runtime.status()
    lines = list(runtime.logs("one"))
    stopped = runtime.stop_session("one")
    destroyed = runtime.destroy()

    assert (configured.agent_name, configured.config_path) == ("notebook", project / ".agentcore.yaml")
    assert configured.dockerfile_path.is_file()
    assert launched.agent_id in launched.agent_arn
    assert launched.ecr_uri.split("/")[1].startswith("bedrock-agentcore-notebook-")
    assert launched.image_uri.startswith(f"{launched.ecr_uri}:")
    assert '"message_count": 1' in first["response"][0]
    assert '"earlier_messages": ["Hello"]' in again["response"][0]
    assert '"message_count": 1' in other["response"][0]
    assert again["runtimeSessionId"] == first["runtimeSessionId"]
    assert (status.endpoint["status"], status.endpoint["liveVersion"]) == ("READY", "1")
    assert status.agent["agentRuntimeId"] == launched.agent_id
    assert len([line for line in lines if "Invocation completed" in line.message]) == 2
    assert stopped["stopped"] == [first["runtimeSessionId"]]
    assert [removed.split()[0] for removed in destroyed.resources_removed] == ["runtime", "source"]
    assert ("runtime", "done") in [(event.name, event.status) for event in heard if isinstance(event, Step)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_runtimes_side_by_side_in_one_folder_keep_to_their_agents(project: Path) -> None:
    first, second = Runtime(target="local"), Runtime(target="local")
    first.configure("handler.py", agent_name="first")
    shutil.copy("handler.py", "second.py")
    second.configure("second.py", agent_name="second")

    arns = [runtime.launch().agent_arn for runtime in (first, second)]
    try:
        answers = [runtime.invoke({"prompt": "Hi"}, "same")["runtimeSessionId"] for runtime in (first, second)]
        assert len({*arns, *answers}) == 4
        assert first.status().agent["agentRuntimeArn"] == arns[0]
    finally:
        gone = [runtime.destroy().agent_name for runtime in (first, second)]
    assert gone == ["first", "second"]


def test_what_is_wrong_is_an_exception_with_its_next_step(project: Path) -> None:
    runtime = Runtime(target="local")

    with pytest.raises(InputError, match="no execution role"):
        runtime.configure("handler.py", auto_create_execution_role=False)
    with pytest.raises(InputError, match=r"requirements\.txt is there and says something else"):
        runtime.configure("handler.py", requirements=["requests"])
    with pytest.raises(InputError, match="customJWTAuthorizer and nothing else"):
        runtime.configure("handler.py", authorizer_configuration={"discoveryUrl": "x"})
    runtime.configure("handler.py")
    with pytest.raises(NotFoundError) as caught:
        runtime.invoke({"prompt": "Hello"})
    assert caught.value.hint == "agentcore deploy --local"
    shown = traceback.format_exception_only(caught.value)
    assert shown[1:] == ["  next: agentcore deploy --local\n"]
    with pytest.raises(InputError, match="no session was used yet"):
        runtime.stop_session()
    with pytest.raises(TypeError, match="surprise"):
        runtime.launch(surprise=True)


@pytest.mark.long
def test_a_stream_is_a_list_of_its_pieces_and_a_failing_agent_an_exception(project: Path) -> None:
    Path("streams.py").write_text(
        "from bedrock_agentcore.runtime import BedrockAgentCoreApp\n"
        "app = BedrockAgentCoreApp()\n"
        "@app.entrypoint\n"
        "async def answer(payload):\n"
        "    if 'fail' in payload:\n"
        "        raise ValueError('as asked')\n"
        "    for piece in ('one', {'two': 2}, '5'):\n"
        "        yield piece\n"
        "if __name__ == '__main__':\n"
        "    app.run()\n"
    )
    runtime = Runtime(target="local")
    runtime.configure("streams.py", requirements_file="requirements.txt")
    runtime.launch()
    try:
        assert runtime.invoke({})["response"] == ["one", '{"two": 2}', "5"]
        with pytest.raises(AgentFailedError):
            runtime.invoke(b"\\xff no JSON")
    finally:
        runtime.destroy()


def test_the_api_is_loaded_when_it_is_asked_for() -> None:
    program = "import sys, agentcore_cli; print('agentcore_cli.notebook' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "False"
