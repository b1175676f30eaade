"""A deploy is done when a session of the new version has started; one that does not start never gets a call here."""

from __future__ import annotations

import json

import pytest

from agentcore_cli.errors import AgentFailedError, NotFoundError
from agentcore_cli.local.home import Home
from agentcore_cli.operations import destination
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from agentcore_cli.operations.invoke.invoke import InvokeRequest, invoke
from agentcore_cli.operations.invoke.payload import payload_of
from agentcore_cli.operations.logs.lines import LogsRequest
from agentcore_cli.operations.logs.logs import read_logs
from tests.functional.operations.deploy.workshop import HANDLER, Workshop, control_plane, inventory
from tests.local_runtime import RunningServer, new_session

NAME = "bot_local_4a6d04"
DIES = "import os\n\ndef settings():\n    return os.environ['NOT_THERE']\n\nsettings()\n"


def rewrite(workshop: Workshop, code: str) -> None:
    (workshop.root / "handler.py").write_text(code)


def test_a_first_version_that_dies_is_told_with_its_own_traceback(workshop: Workshop, home: Home) -> None:
    rewrite(workshop, DIES)
    with pytest.raises(AgentFailedError, match="does not start") as failed:
        workshop.deploy()
    assert "KeyError: 'NOT_THERE'" in failed.value.message
    assert 'handler.py", line 4, in settings' in failed.value.message
    assert "goes on" not in failed.value.message
    assert failed.value.hint == "mend the code, then agentcore deploy --local"
    assert inventory_status(home) == "CREATE_FAILED"
    rewrite(workshop, HANDLER)
    workshop.deploy()
    assert inventory(home) == {NAME: ("READY", 1, "1")}


def test_a_later_version_that_dies_never_becomes_default_s(workshop: Workshop, home: Home) -> None:
    arn = workshop.deploy().arn
    rewrite(workshop, DIES)
    with pytest.raises(AgentFailedError, match="version 1 goes on answering"):
        workshop.deploy()
    server = RunningServer(home)
    answer = server.invoke(arn, b"{}", new_session())
    server.close()
    assert answer.status == 200
    rewrite(workshop, HANDLER + "# mended\n")
    assert workshop.deploy().version == "3"
    assert inventory(home)[NAME][2] == "3"


@pytest.mark.long
def test_what_is_said_after_a_first_version_that_died(workshop: Workshop) -> None:
    rewrite(workshop, DIES)
    with pytest.raises(AgentFailedError):
        workshop.deploy()
    there = destination.of(workshop.selected, None)
    assert not there.is_fresh, "nothing is waited for that will not come"
    with pytest.raises(NotFoundError, match="its last deploy failed, or was cut off: ") as unheard:
        invoke(InvokeRequest(payload_of("hello")), there)
    assert unheard.value.hint == "agentcore status --local"
    with pytest.raises(NotFoundError, match="there is no log: its last deploy failed") as no_log:
        list(read_logs(LogsRequest(), workshop.selected))
    assert no_log.value.hint == "agentcore status --local says why"
    rewrite(workshop, HANDLER)
    workshop.deploy()
    assert destination.of(workshop.selected, None).is_fresh


def test_a_version_that_never_listens_is_one_that_does_not_start(workshop: Workshop, home: Home) -> None:
    rewrite(workshop, "print('done, and nobody listens')\n")
    with pytest.raises(AgentFailedError, match="exited with status 0 before it served a request") as failed:
        workshop.deploy()
    assert "done, and nobody listens" in failed.value.message


def test_the_trial_is_in_no_list_and_calls_nothing_of_the_agent_s(workshop: Workshop, home: Home) -> None:
    rewrite(workshop, HANDLER.replace("def do_POST(self):", "def do_POST(self):\n        print('called')"))
    arn = workshop.deploy().arn
    server = RunningServer(home)
    assert server.sessions(arn) == []
    server.close()
    assert "called" not in "".join(path.read_text() for path in home.logs.rglob("*.log"))


def test_what_a_deploy_hands_over_is_there_when_the_first_session_starts(workshop: Workshop, home: Home) -> None:
    rewrite(workshop, "import os\nassert os.environ.get('AWS_ACCESS_KEY_ID') == 'of-the-caller'\n" + HANDLER)
    workshop.deploy()
    assert inventory(home) == {NAME: ("READY", 1, "1")}


def test_without_smoke_it_is_as_on_aws_without_it(workshop: Workshop, home: Home) -> None:
    rewrite(workshop, DIES)
    workshop.deploy_without_smoke()
    assert inventory(home) == {NAME: ("READY", 1, "1")}


def test_a_caller_of_boto3_gets_what_aws_gives(workshop: Workshop, home: Home) -> None:
    """READY says nothing of starting: only who asks for a trial gets one, and no answer shows that it was asked for."""
    workshop.deploy()
    with control_plane(home) as client:
        (item,) = client.list_agent_runtimes()["agentRuntimes"]
        there = client.get_agent_runtime(agentRuntimeId=item["agentRuntimeId"])
    assert "localMustStart" not in json.dumps(there, default=str)


def test_a_payload_of_the_config_is_sent_and_its_failure_told(workshop: Workshop, home: Home) -> None:
    workshop.configure(smoke="{payload: {prompt: Hello}}")
    assert "start" in workshop.deploy().seconds
    rewrite(workshop, HANDLER.replace("self.answer(dict(os.environ))", "raise RuntimeError('not today')"))
    with pytest.raises(AgentFailedError, match="not today"):
        workshop.deploy()


def test_a_rollback_to_a_version_that_does_not_start_leaves_what_is_there(workshop: Workshop, home: Home) -> None:
    rewrite(workshop, DIES)
    workshop.deploy_without_smoke()
    rewrite(workshop, HANDLER)
    workshop.deploy()
    with pytest.raises(AgentFailedError, match="version 2 goes on answering"):
        rollback(RollbackRequest(), workshop.selected, workshop.heard)
    assert inventory(home)[NAME][2] == "2"


def inventory_status(home: Home) -> str:
    with control_plane(home) as client:
        (item,) = client.list_agent_runtimes()["agentRuntimes"]
        status: str = item["status"]
        return status
