"""`--json` as a contract: every verb, run for real, says what its schema in `tests/schemas` says, and so does an error.

What takes its time says an object a line, the last of them the result; everything else says one object.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.command_line import CommandLine
from tests.exports import AN_EXPORT
from tests.functional.commands.aws_project import on_aws
from tests.functional.operations.aws_target.cloud import OTHER_IMAGE, Cloud, Project
from tests.functional.operations.aws_target.conftest import cloud as cloud
from tests.functional.operations.aws_target.conftest import project as project
from tests.json_contract import SHARED, checked, objects, schemas, verbs
from tests.same_process import SameProcess

LOCAL = [
    ["configure"],
    ["plan"],
    ["deploy"],
    ["deploy", "--dry-run"],
    ["invoke", "{}"],
    ["invoke", '{"do": "text"}'],
    ["invoke", '{"do": "stream"}'],
    ["invoke", "{}", "--output", "answer.json"],
    ["exec", "echo out; echo err >&2"],
    ["status"],
    ["logs", "--session-id", "conv1"],
    ["invoke", "{}", "--trace"],
    ["traces list"],
    ["traces show", "--last"],
    ["sessions list", "--all"],
    ["sessions show", "conv1"],
    ["sessions stop", "--all"],
    ["versions"],
    ["rollback", "--to", "1"],
    ["endpoints list"],
    ["endpoints create", "fresh"],
    ["endpoints update", "prod", "--version", "1"],
    ["endpoints delete", "canary", "--yes"],
    ["memory create", "more", "--strategy", "semantic:facts"],
    ["memory list"],
    ["memory show", "notes"],
    ["memory actors", "notes"],
    ["memory sessions", "notes"],
    ["memory events", "notes", "--session", "conv1"],
    ["memory search", "notes", "tea"],
    ["memory export", "notes", "out.jsonl", "--force"],
    ["memory import", "notes", "notes.jsonl"],
    ["memory delete", "spare", "--yes"],
    ["destroy", "--dry-run"],
    ["local start"],
    ["open", "--no-browser"],
    ["open", "--print-url"],
    ["local status"],
    ["local env"],
    ["local logs"],
    ["local clock advance", "1s"],
    ["local fault", "throttle", "--count", "0"],
    ["local run", "--", "echo", "--json"],
    ["local stop"],
]
ON_AWS = [
    ["plan"],
    ["deploy"],
    ["permissions"],
    ["permissions", "--role"],
    ["traces enable", "--yes"],
    ["status"],
    ["versions"],
    ["sessions list"],
    ["endpoints create", "prod"],
    ["endpoints update", "prod", "--version", "1"],
    ["endpoints list"],
    ["endpoints delete", "prod", "--yes"],
    ["rollback"],
    ["destroy", "--dry-run"],
    ["destroy", "--yes"],
    ["destroy", "--yes"],
]
RUN_BELOW = {"build", "dev", "doctor", "init", "chat", "auth-create-pool", "auth-token", "auth-delete-pool", "import"}
STREAMS = {"deploy", "destroy", "dev", "logs", "chat", "local-run"}


@pytest.fixture(scope="module")
def talked_to(agentcore: CommandLine) -> Iterator[CommandLine]:
    """The project after a call whose transcript was kept, with two endpoints; in this process, as it is no matter."""
    here = SameProcess(agentcore.folder, {**agentcore.environment, "AGENTCORE_TARGET": "local"})
    here.run("invoke", "{}", "--session-id", "conv1", "--keep-transcripts")
    here.run("endpoints", "create", "prod")
    here.run("endpoints", "create", "canary")
    for memory in ("notes", "spare"):
        here.run("memory", "create", memory, "--strategy", "semantic")
    (here.folder / "notes.jsonl").write_text(AN_EXPORT)
    here.run("memory", "import", "notes", "notes.jsonl")
    yield here
    for memory in ("notes", "spare", "more"):
        if f"{memory}-" in here.run("memory", "list").stdout:
            here.run("memory", "delete", memory, "--yes")
    for endpoint in ("prod", "canary", "fresh"):
        if endpoint in here.run("endpoints", "list").stdout:
            here.run("endpoints", "delete", endpoint, "--yes")


def is_in_order(verb: str, said: list[dict[str, Any]]) -> bool:
    """Whether it is one object without an event, or for what streams, lines that end with the result."""
    events = [value.get("event") for value in said]
    if verb.replace(" ", "-") in STREAMS or len(said) > 1:
        return events.count("result") == 1 and events[-1] == "result"
    return events == [None]


def test_every_verb_has_a_schema_and_every_schema_a_verb() -> None:
    assert schemas().keys() - SHARED == verbs()


def test_every_verb_is_run_here() -> None:
    assert {case[0].replace(" ", "-") for case in LOCAL + ON_AWS} | RUN_BELOW == verbs()


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_one_and_says_everything_that_an_object_has(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])
    for described in _objects(schemas()[name]):
        assert described["additionalProperties"] is False
        assert described["required"] == list(described["properties"])


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every description of an object with members in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


@pytest.mark.parametrize("case", LOCAL, ids=" ".join)
def test_on_the_local_runtime(talked_to: CommandLine, case: list[str]) -> None:
    assert is_in_order(case[0], objects(talked_to, *case))


def test_a_whole_life_on_aws(project: Project, cloud: Cloud) -> None:
    agentcore = SameProcess(project.root, cloud.environment)
    for case in ON_AWS:
        assert is_in_order(case[0], objects(agentcore, *case)), case
        if case == ["deploy"]:
            project.configure(image=OTHER_IMAGE)
            agentcore.run("deploy")
    assert cloud.runtimes() == {}


def test_calls_by_the_wire_of_aws(agentcore: CommandLine, tmp_path: Path) -> None:
    """Signed with SigV4, with what only a ledger knows of sessions."""
    away = on_aws(agentcore, tmp_path)
    here = SameProcess(away.folder, away.environment)
    for case in (
        ["invoke", "{}", "--session-id", "wired"],
        ["invoke", '{"do": "stream"}', "--session-id", "wired"],
        ["exec", "true", "--session-id", "wired"],
        ["sessions list"],
        ["sessions show", "wired"],
        ["sessions stop", "wired"],
    ):
        assert is_in_order(case[0], objects(here, *case)), case


def test_user_pools(project: Project, cloud: Cloud) -> None:
    """At moto itself: signing in is not signed."""
    at_moto = {**cloud.environment, "AWS_ENDPOINT_URL": cloud.moto.url}
    agentcore = SameProcess(project.root, at_moto)
    (made,) = objects(agentcore, "auth create-pool", "--user", "ann", "--service")
    assert objects(agentcore, "auth create-pool", "--user", "ann")[0]["users"] == [{"name": "ann", "password": None}]
    signed = SameProcess(project.root, {**at_moto, "AGENTCORE_PASSWORD": made["users"][0]["password"]})
    assert len(objects(signed, "auth token", "--user", "ann")) == 1
    assert objects(agentcore, "auth delete-pool", "--yes")[0]["pool_id"] == made["pool_id"]


def test_import(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    arn = project.deploy().arn
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "agent.py").write_text("from http.server import HTTPServer\n")
    (said,) = objects(SameProcess(folder, cloud.environment), "import", "--arn", arn, "--entrypoint", "agent.py")
    assert [agent["arn"] for agent in said["agents"]] == [arn]


def test_doctor(agentcore: CommandLine) -> None:
    """In a process of its own: docker-py leaves a socket open where there is no Docker."""
    (said,) = objects(agentcore, "doctor", "--local")
    assert said["healthy"] is True


def test_build(tmp_path: Path) -> None:
    """On nothing, so that no registry is asked."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "agent.py").write_text("print(1)\n")
    (project / ".agentcore.yaml").write_text(
        "version: 1\nproject: a-1a2b3c\nagents:\n  bot: {entrypoint: agent.py, base_image: scratch}\n"
    )
    agentcore = SameProcess(project, {"AGENTCORE_HOME": str(tmp_path / "home")})
    (said,) = objects(agentcore, "build", "--build", "oci", "--output", "../image.tar")
    assert (said["builder"], said["largest"]) == ("oci", [{"name": "/app/agent.py", "size": 9}])
    assert Path(said["output"]).is_file()


def test_init(tmp_path: Path) -> None:
    (said,) = objects(SameProcess(tmp_path), "init", "bot")
    assert said["agent"] == said["configured"]["agent"] == "bot"


def test_chat(agentcore: CommandLine) -> None:
    said = agentcore.feed('one\ntwo\n{"do": "fail"}\n', "chat", "--local", "--json", "--session-id", "talk", code=5)
    lines = checked("chat", said.stdout)
    assert [line.get("event", "error") for line in lines] == [*["data", "answer"] * 2, "error", "result"]
    assert lines[-1]["turns"] == 3


def test_dev(agentcore: CommandLine) -> None:
    """What else it says is looked at in `functional/dev`."""
    said = agentcore.feed("one\n", "dev", "--json")
    lines = checked("dev", said.stdout)
    assert {"data", "answer"} < {line["event"] for line in lines}
    version = agentcore.json("status", "--local")["version"]
    assert lines[-1] == {"schema_version": 1, "event": "result", "agents": [{"agent": "answers", "version": version}]}


@pytest.mark.parametrize(
    ("case", "code", "error"),
    [
        (["invoke", "{"], 2, "InvalidInput"),
        (["invoke", "{}", "--session-id", ""], 2, "InvalidInput"),
        (["status", "--config", "nowhere.yaml"], 2, "InvalidConfig"),
        (["configure", "--entrypoint", "nowhere.py"], 2, "InvalidEntrypoint"),
        (["bogus"], 2, "InvalidInput"),
        (["plan", "--target", "aws"], 3, "AccessDenied"),
        (["permissions"], 2, "InvalidInput"),
        (["sessions show", "nobody"], 4, "NotFound"),
        (["endpoints update", "nothing", "--version", "1"], 4, "NotFound"),
        (["rollback", "--to", "99"], 4, "NotFound"),
        (["memory show", "nothing"], 4, "NotFound"),
        (["memory create", "notes"], 1, "Conflict"),
        (["memory delete", "notes"], 2, "InvalidInput"),
        (["endpoints create", "prod"], 1, "Conflict"),
        (["invoke", '{"do": "fail"}'], 5, "AgentFailed"),
        (["invoke", '{"do": "die"}'], 5, "AgentFailed"),
        (["invoke", '{"do": "break"}'], 5, "AgentFailed"),
        (["invoke", '{"do": "wait"}', "--timeout", "1"], 7, "TimedOut"),
        (["exec", "true", "--session-id", "\n"], 125, "InvalidInput"),
    ],
    ids=lambda value: " ".join(value).strip() if isinstance(value, list) else None,
)
def test_an_error_is_an_object_too(talked_to: CommandLine, case: list[str], code: int, error: str) -> None:
    said = objects(talked_to, *case, code=code)
    assert said[-1]["error"]["code"] == error
    assert all(value.get("event") == "data" for value in said[:-1])
