"""A project's own file reads events: behind walls, without keys and network, and no event is lost by what it does."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from agentcore_cli.contract import TAG_AGENT, TAG_EXTRACTION, TAG_PROJECT
from tests.local_runtime import RunningServer, eventually, runtime_id

AGENT = Path(__file__).parents[3] / "agents" / "draws.py"
TAGS = {TAG_PROJECT: "draws-123456", TAG_AGENT: "bot"}
STRATEGIES = [{"semanticMemoryStrategy": {"name": "facts", "namespaces": ["/facts/{actorId}"]}}]


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> str:
    network = next(wall for wall in server.local.health().protections if wall["name"] == "network of its own")
    if not network["active"]:
        pytest.skip(f"no network of its own: {network['reason']}")
    return server.deploy(AGENT, name="draws", tags=TAGS, environmentVariables={"OF_THE_AGENT": "a-secret"})


class Notes:
    """A memory whose events a file reads."""

    def __init__(self, server: RunningServer, name: str, file: str = "main.py", agent: str = "bot") -> None:
        self.server = server
        tags = TAGS | {TAG_AGENT: agent, TAG_EXTRACTION: file}
        made = server.control.create_memory(name=name, eventExpiryDuration=30, memoryStrategies=STRATEGIES, tags=tags)
        self.id = str(made["memory"]["id"])
        eventually(lambda: server.control.get_memory(memoryId=self.id)["memory"]["status"] == "ACTIVE", "it is active")

    def say(self, text: str, actor: str = "ann") -> None:
        self.server.data.create_event(
            memoryId=self.id,
            actorId=actor,
            sessionId="s1",
            eventTimestamp=time.time(),
            payload=[{"conversational": {"content": {"text": text}, "role": "USER"}}],
        )

    def records(self, path: str = "/") -> list[str]:
        found = self.server.data.list_memory_records(memoryId=self.id, namespacePath=path)
        return [record["content"]["text"] for record in found["memoryRecordSummaries"]]

    def drawn(self, text: str) -> str:
        """The one record that comes of it."""
        before = len(self.records())
        self.say(text)
        eventually(lambda: len(self.records()) > before, "a record comes of it", 60)
        return self.records()[0]

    def failures(self) -> list[str]:
        jobs = self.server.data.list_memory_extraction_jobs(memoryId=self.id)["jobs"]
        return [job["failureReason"] for job in jobs]

    def failure(self, text: str) -> str:
        before = len(self.failures())
        self.say(text)
        eventually(lambda: len(self.failures()) > before, "it is a failed job", 90)
        return self.failures()[0]


@pytest.fixture(scope="module")
def notes(server: RunningServer, arn: str) -> Notes:
    return Notes(server, "drawn")


def test_it_is_called_in_place_of_the_rules_and_its_records_lie_where_the_strategy_says(notes: Notes) -> None:
    assert notes.drawn("Is it tea?") == "facts ann: Is it tea?"
    notes.say("Is it tea?")
    assert notes.drawn("Coffee") == "facts ann: Coffee"
    notes.say("Mine", actor="bob")
    eventually(lambda: notes.records("/facts/bob") == ["facts bob: Mine"], "the other's lies with the other")
    assert sorted(notes.records("/facts/ann")) == ["facts ann: Coffee", "facts ann: Is it tea?"]


def test_it_has_no_key_no_variable_of_the_agent_and_another_user(server: RunningServer, notes: Notes) -> None:
    seen = notes.drawn("look")
    for secret in ("a-secret", "AWS_", "_session", server.info.secret_key, "MEMORY_ID"):
        assert secret not in seen, secret
    assert "uid=1000" in seen


def test_it_reaches_neither_the_server_nor_files_of_the_user(server: RunningServer, notes: Notes) -> None:
    assert notes.drawn(f"call 127.0.0.1:{server.info.port}").startswith("refused")
    with socket.create_server(("0.0.0.0", 0)) as listener:
        address = socket.gethostbyname(socket.gethostname())
        assert notes.drawn(f"call {address}:{listener.getsockname()[1]}").startswith("refused")
    assert notes.drawn(f"read {server.home.server_file}").startswith("refused")
    assert notes.drawn(f"read {server.home.memories}").startswith("refused")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fail at once", "ValueError: at once"),
        ("die", "main.py: exited with status 7"),
        ("flood", "ValueError: extract gave 101 texts, at most 100 are taken"),
    ],
    ids=["error", "exit", "flood"],
)
def test_what_fails_is_a_failed_job_and_the_next_event_is_read(notes: Notes, text: str, reason: str) -> None:
    assert notes.failure(text).startswith(reason)
    assert notes.drawn(f"after {text}").endswith(f"after {text}")


def test_it_has_memory_of_its_own(notes: Notes) -> None:
    assert notes.failure("eat").startswith(("MemoryError", "main.py: was killed"))
    assert notes.drawn("after the meal").endswith("after the meal")


@pytest.mark.long
def test_what_takes_too_long_is_ended(notes: Notes) -> None:
    assert notes.failure("hang") == "main.py: no answer within 20 seconds"
    assert notes.drawn("after the wait").endswith("after the wait")


def test_a_failed_job_is_started_again(server: RunningServer, arn: str) -> None:
    again = Notes(server, "again", file="gone.py")
    assert again.failure("something") == "gone.py: it is not among the files that were deployed"
    server.control.tag_resource(
        resourceArn=server.control.get_memory(memoryId=again.id)["memory"]["arn"], tags={TAG_EXTRACTION: "main.py"}
    )
    [job] = server.data.list_memory_extraction_jobs(memoryId=again.id)["jobs"]
    server.data.start_memory_extraction_job(memoryId=again.id, extractionJob={"jobId": job["jobID"]})
    eventually(lambda: again.records() == ["facts ann: something"], "it is read", 60)
    assert again.failures() == []


@pytest.mark.parametrize("file", ["../main.py", "/etc/passwd"], ids=["climbs", "absolute"])
def test_a_file_outside_the_code_is_not_run(server: RunningServer, arn: str, file: str) -> None:
    outside = Notes(server, f"outside{len(file)}", file=file)
    assert outside.failure("something").endswith("it is not among the files that were deployed")


@pytest.mark.long
def test_events_wait_for_their_agent_and_outlive_a_kill(server: RunningServer, arn: str) -> None:
    early = Notes(server, "early", agent="late")
    early.say("said before there was anybody to read it")
    assert (early.records(), early.failures()) == ([], [])
    late = server.deploy(AGENT, name="late", tags=TAGS | {TAG_AGENT: "late"})
    eventually(lambda: len(early.records()) == 1, "it is read when its agent is there", 60)
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(late))


def test_its_words_are_in_the_log(server: RunningServer, arn: str, notes: Notes) -> None:
    notes.drawn("something to say")
    logs = [path.read_text() for path in server.home.logs.rglob("*.log")]
    assert any("reading events with main.py" in log and "reading 0" in log for log in logs)


def test_nothing_of_it_is_left_when_there_is_nothing_to_read(server: RunningServer, notes: Notes) -> None:
    notes.drawn("the last word")
    assert _folders(server.home.sessions, "extraction-")
    server.local.shutdown()
    eventually(lambda: not server.home.server_file.exists(), "the server has ended", 60)
    eventually(lambda: not _folders(server.home.sessions, "extraction-"), "it has gone, too")


def _folders(root: Path, begin: str) -> list[str]:
    return [name for _, names, _ in os.walk(root) for name in names if name.startswith(begin)]
