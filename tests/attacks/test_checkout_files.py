"""Whatever a file of the tool's holds, it is a sentence with a way out, and never an internal error."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentcore_cli import events
from agentcore_cli.engine import Journal
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.keys import ROLE, RUNTIME
from agentcore_cli.ledger import FILE, Expiry, Ledger
from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from agentcore_cli.operations.imports import predecessor
from agentcore_cli.state import State
from tests.conftest import UNHURRIED, leave
from tests.long_cases import always
from tests.same_process import SameProcess

ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/bot-AbCdEf0123"
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(ARN)
KEYS = st.sampled_from(
    [
        *("version", "target", "agents", "bot", "runtime", "role", "outputs", "facts", "arn", "id", "endpoint"),
        *("artifact", "token", "wanted", "given_environment", "pid", "started", "x"),
    ]
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))
RECORDS = st.dictionaries(st.sampled_from(["runtime", "role", "image"]), VALUES, max_size=3)
STATES = st.fixed_dictionaries(
    {"version": st.just(1) | VALUES, "agents": VALUES | st.dictionaries(st.just("bot"), RECORDS)}
)

WITH_A_FOLDER = (*UNHURRIED, HealthCheck.function_scoped_fixture)

BROKEN: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "nested lists": b"[" * 200_000,
    "nested mappings": b'{"version": 1, "agents": ' + b'{"a":' * 200_000,
    "a huge number": b'{"version": ' + b"9" * 10_000 + b"}",
    "another version": b'{"version": 99, "agents": {}}',
    "an old version": b'{"version": -1.5e308, "agents": {}}',
    "UTF-16": '{"version": 1}'.encode("utf-16"),
    "half a surrogate": b'{"version": 1, "agents": {"bot": {"runtime": {"outputs": {"arn": "\\ud800"}}}}}',
    "a list": b"[1]",
    "not a number": b'{"version": NaN, "agents": {"bot": {}}}',
}


@pytest.fixture(scope="module")
def one_home() -> Iterator[Path]:
    """For all whose own files are whole: what is broken is the project's."""
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    yield folder
    leave(folder)


@pytest.fixture
def project(tmp_path: Path, one_home: Path) -> SameProcess:
    return project_of(tmp_path, one_home)


def project_of(tmp_path: Path, home: Path) -> SameProcess:
    (tmp_path / "agent.py").write_text("import time\n")
    (tmp_path / ".agentcore").mkdir()
    agents, targets = "{bot: {entrypoint: agent.py}}", '{aws: {region: us-west-2, account: "123456789012"}}'
    (tmp_path / ".agentcore.yaml").write_text(f"version: 1\nproject: p-1\nagents: {agents}\ntargets: {targets}\n")
    return SameProcess(tmp_path, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})


def told(project: SameProcess, *verb: str) -> str:
    """What a command says, whose exit code is not that of an internal error."""
    ran = project.outcome("--json", *verb)
    assert "InternalError" not in ran.stdout
    assert "Traceback" not in ran.stderr
    if ran.returncode:
        assert json.loads(ran.stdout.splitlines()[-1])["error"]["hint"]
    return ran.stdout


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", ["local.json", "sessions.db", "chat-bot.history"])
def test_a_broken_file_of_the_project(project: SameProcess, name: str, content: bytes) -> None:
    for verb in (["status"], ["sessions", "show", "conv1"]):
        (project.folder / ".agentcore" / name).write_bytes(content)
        told(project, *verb)


@pytest.mark.parametrize("name", ["local.json", "sessions.db"])
def test_a_file_of_a_gigabyte_is_not_read_into_memory(project: SameProcess, name: str) -> None:
    with (project.folder / ".agentcore" / name).open("wb") as file:
        file.truncate(1024**3)
    told(project, "status")


@pytest.mark.parametrize("content", always("binary", "nested lists", "another version", of=BROKEN))
@pytest.mark.parametrize("name", ["server.json", "trusted.json"])
def test_a_broken_file_of_the_user(tmp_path: Path, home: Home, name: str, content: bytes) -> None:
    (home.root / name).write_bytes(content)
    told(project_of(tmp_path, home.root), "plan")
    assert daemon.stop(home), "it was started, and its file written anew"


@settings(suppress_health_check=WITH_A_FOLDER, max_examples=100)
@given(STATES | VALUES)
def test_whatever_a_state_holds(tmp_path: Path, content: Any) -> None:
    (tmp_path / ".agentcore").mkdir(exist_ok=True)
    (tmp_path / ".agentcore" / "aws.json").write_text(json.dumps(content))
    state = State(tmp_path, "aws")
    try:
        state.deployed("bot")
        state.account("bot")
        state.region("bot")
        state.given_environment("bot")
        for key in (RUNTIME, ROLE, "image"):
            Journal(state.records("bot")).recorded(key)
        state.mend(events.ignore)
        state.require("bot", "deploy")
    except AgentcoreError as error:
        if not error.hint:
            raise
    for path in (tmp_path / ".agentcore").iterdir():
        path.unlink()


CELLS = (
    st.none() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text(max_size=3) | st.binary(max_size=3)
)


@settings(suppress_health_check=WITH_A_FOLDER, max_examples=30)
@given(st.lists(CELLS, min_size=8, max_size=8))
def test_whatever_a_ledgers_rows_hold(tmp_path: Path, cells: list[Any]) -> None:
    """SQLite keeps a text in a column of numbers."""
    (tmp_path / ".agentcore").mkdir(exist_ok=True)
    (tmp_path / FILE).unlink(missing_ok=True)
    database = sqlite3.connect(tmp_path / FILE)
    database.execute(
        "CREATE TABLE sessions (arn, endpoint, session_id, target, agent, name, first_used, started_at, last_used,"
        " turns, stopped)"
    )
    database.execute(f"INSERT INTO sessions VALUES ('a', 'b', 'c', {', '.join('?' * 8)})", cells)
    database.execute("PRAGMA user_version = 1")
    database.commit()
    database.close()
    try:
        for entry in Ledger(tmp_path).sessions("a"):
            Expiry(1.0, 900.0, 28_800.0)(entry)
    except AgentcoreError as error:
        if not error.hint:
            raise


@settings(suppress_health_check=WITH_A_FOLDER, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(
            ["aws", "memory", "bedrock_agentcore", "entrypoint", "authorizer_configuration", "runtime_type"]
        ),
        st.recursive(
            SCALARS,
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(["network_configuration", "network_mode_config", "subnets", "customJWTAuthorizer"])
                    | st.sampled_from(["allowedClients", "lifecycle_configuration", "account", "memory_id", "region"]),
                    inner,
                    max_size=3,
                )
            ),
        ),
    )
)
def test_whatever_the_earlier_toolkits_file_holds(tmp_path: Path, agent: dict[str, Any]) -> None:
    (tmp_path / "agent.py").touch()
    path = tmp_path / predecessor.FILE_NAME
    path.write_text(json.dumps({"agents": {"bot": {"entrypoint": "agent.py", **agent}}}))
    try:
        predecessor.read(path)
    except AgentcoreError as error:
        if path.name not in error.message:
            raise


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "\0", "a: &a [*a]", "{", "7", ""], ids=range(7))
def test_an_earlier_toolkits_file_that_is_no_yaml(tmp_path: Path, text: str) -> None:
    path = tmp_path / predecessor.FILE_NAME
    path.write_text(text)
    with pytest.raises(AgentcoreError, match=r"\.bedrock_agentcore\.yaml"):
        predecessor.read(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_state_that_may_not_be_read(project: SameProcess) -> None:
    (project.folder / ".agentcore" / "local.json").touch(mode=0o000)
    told(project, "status")
