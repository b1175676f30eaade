"""The state file: whole, private, portable, and safe to lose."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agentcore_cli import events
from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import Note
from agentcore_cli.keys import RUNTIME
from agentcore_cli.state import Deployed, State
from tests.fakes.things import Heard

OUTPUTS = {
    "arn": "arn:aws:bedrock-agentcore:eu-west-1:0:runtime/bot-1",
    "id": "bot-1",
    "version": "3",
    "endpoint": "DEFAULT",
    "artifact": "ab",
}
BROKEN = [
    "",
    "{",
    "[]",
    "\0\0",
    '{"agents": 1}',
    '{"agents": {}}',
    '{"version": 1, "agents": {"bot": []}}',
    '{"version": 1, "agents": {"bot": {"runtime": 7}}}',
    '{"version": 1, "agents": {"bot": {"runtime": {"outputs": 7}}}}',
    '{"version": 1, "agents": {"bot": {"runtime": {"facts": []}}}}',
    '{"version": 1, "agents": {"bot": {"runtime": {"outputs": {"arn": 5}}}}}',
    '{"version": 1, "agents": {"bot": {"runtime": {"outputs": {"arn": "bot"}}}}}',
]
DEPLOYED = Deployed(OUTPUTS["arn"], "bot-1", "3", "DEFAULT", "ab")


def deployed_on(root: Path, target: str) -> State:
    state = State(root, target)
    state.records("bot").put(RUNTIME, {"outputs": OUTPUTS, "facts": {"given_environment": {"KEY": "sha256:1"}}})
    return state


def test_what_was_written_is_read(tmp_path: Path) -> None:
    deployed_on(tmp_path, "local")
    state = State(tmp_path, "local")
    assert state.deployed("bot") == DEPLOYED
    assert DEPLOYED.region == "eu-west-1"
    assert state.given_environment("bot") == {"KEY"}


@pytest.mark.parametrize(
    ("key", "arn"),
    [
        ("runtime", "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/bot-1"),
        ("role", "arn:aws:iam::123456789012:role/AmazonBedrockAgentCore-bot"),
        ("repository", "arn:aws:ecr:us-west-2:123456789012:repository/bot"),
    ],
)
def test_whatever_is_left_of_a_deployment_tells_where_it_is(tmp_path: Path, key: str, arn: str) -> None:
    state = State(tmp_path, "aws")
    assert (state.account("bot"), state.region("bot")) == (None, None)
    state.records("bot").put(key, {"outputs": {"arn": arn}, "facts": {}})
    assert state.account("bot") == "123456789012"
    assert state.region("bot") == (None if key == "role" else "us-west-2")


def test_how_lately_it_was_written_is_known(tmp_path: Path) -> None:
    state = deployed_on(tmp_path, "local")
    assert state.was_written_within(60)
    os.utime(tmp_path / ".agentcore" / "local.json", (0, 0))
    assert not state.was_written_within(60)
    assert not State(tmp_path, "aws").was_written_within(60)


def test_an_unfinished_record_is_no_deployment(tmp_path: Path) -> None:
    state = State(tmp_path, "local")
    state.records("bot").put(RUNTIME, {"outputs": {}, "facts": {}, "token": "t", "wanted": "w"})
    assert state.deployed("bot") is None
    assert state.given_environment("bot") == frozenset()


def test_the_folder_is_ignored_by_git_and_the_file_is_private(tmp_path: Path) -> None:
    deployed_on(tmp_path, "local")
    assert (tmp_path / ".agentcore" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / ".agentcore" / "local.json").stat().st_mode & 0o777 == 0o600


def test_nothing_recorded_is_no_file(tmp_path: Path) -> None:
    state = deployed_on(tmp_path, "local")
    state.records("bot").drop(RUNTIME)
    assert not (tmp_path / ".agentcore" / "local.json").exists()
    assert state.given_environment("bot") is None


def test_agents_and_targets_keep_apart(tmp_path: Path) -> None:
    deployed_on(tmp_path, "local").records("other").put(RUNTIME, {"outputs": {}})
    deployed_on(tmp_path, "aws").records("bot").drop(RUNTIME)
    assert State(tmp_path, "local").deployed("bot") == DEPLOYED
    assert State(tmp_path, "aws").deployed("bot") is None


def test_not_deployed_names_the_target_where_it_is(tmp_path: Path) -> None:
    deployed_on(tmp_path, "local")
    with pytest.raises(NotFoundError, match="not deployed on aws") as caught:
        State(tmp_path, "aws").require("bot", "agentcore deploy --local")
    assert "--local" in (caught.value.hint or "")


def test_not_deployed_anywhere_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        State(tmp_path, "local").require("bot", "agentcore deploy --local")
    assert caught.value.hint == "agentcore deploy --local"


@pytest.mark.parametrize("content", BROKEN, ids=repr)
def test_a_file_that_cannot_be_read_is_no_deployment_and_is_moved_aside(tmp_path: Path, content: str) -> None:
    state = deployed_on(tmp_path, "local")
    path = tmp_path / ".agentcore" / "local.json"
    path.write_text(content)
    assert state.deployed("bot") is None
    with pytest.raises(NotFoundError) as caught:
        state.require("bot", "agentcore deploy --local")
    assert "finds out" in (caught.value.hint or "")
    heard = Heard()
    state.mend(heard)
    (note,) = heard.events
    assert isinstance(note, Note)
    assert note.level == "warning"
    (aside,) = path.parent.glob("local.json.broken-*")
    assert aside.read_text() == content
    assert not path.exists()


def test_a_good_file_is_left_alone(tmp_path: Path) -> None:
    state = deployed_on(tmp_path, "local")
    state.mend(events.ignore)
    assert state.deployed("bot") == DEPLOYED


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    state = deployed_on(tmp_path, "local")
    path = tmp_path / ".agentcore" / "local.json"
    path.write_text(json.dumps({"version": 2, "agents": {}}))
    with pytest.raises(AgentcoreError, match="newer"):
        state.mend(events.ignore)
    assert path.exists()
