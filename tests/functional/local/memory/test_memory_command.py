"""`agentcore memory` on the local runtime: what was said, read, searched and brought from one memory to another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.home import Home
from tests.command_line import CommandLine
from tests.exports import AN_EXPORT, LINES, SESSION, event, many
from tests.local_runtime import RunningServer, eventually
from tests.long_cases import always
from tests.processes import killed_when
from tests.same_process import SameProcess

CONFIG = "version: 1\nproject: talks-1a2b3c\nagents:\n  bot:\n    entrypoint: agent.py\n    memory: notes\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A project whose local runtime has memories and no agent; `notes` is filled."""
    folder = tmp_path_factory.mktemp("talks")
    (folder / ".agentcore.yaml").write_text(CONFIG)
    (folder / "agent.py").write_text("from http.server import HTTPServer\n")
    home = tmp_path_factory.mktemp("home")
    command = SameProcess(folder, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})
    (folder / "notes.jsonl").write_text(AN_EXPORT)
    command.run("memory", "create", "notes", "--strategy", "semantic:facts")
    command.run("memory", "import", "notes", "notes.jsonl")
    yield command
    command.run("local", "stop")


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def said(path: Path) -> list[Any]:
    """The events of an export without what is another in each memory."""
    events = [line["event"] for line in lines(path) if "event" in line]
    return [{key: value for key, value in event.items() if key not in ("eventId", "branch")} for event in events]


def test_a_transcript_is_for_reading(here: CommandLine) -> None:
    shown = here.run("memory", "events", "notes")
    assert shown.stdout.splitlines()[:4] == [
        "2026-11-01 10:00:01Z  USER       I like tea",
        "                      ASSISTANT  Noted",
        "2026-11-01 10:00:02Z  USER       And coffee?",
        "                      ASSISTANT  No",
    ]
    assert f"actor user/1:ann, session {SESSION}" in shown.stderr


def test_a_branch_is_told_with_what_it_grew_from(here: CommandLine) -> None:
    shown = here.run("memory", "events", "notes", "--branch", "other").stdout
    assert "I like tea" in shown
    assert shown.splitlines()[-3:] == [
        "-- branch other",
        "2026-11-01 10:00:03Z  USER       And coffee?",
        "                      ASSISTANT  Yes",
    ]


def test_the_last_ones_are_the_newest(here: CommandLine) -> None:
    shown = here.run("memory", "events", "notes", "--actor", "user/1:ann", "-s", "conv1", "--last", "1")
    assert "I like tea" not in shown.stdout
    assert "there is more before that" in shown.stderr


def test_a_terminal_is_not_steered_by_what_was_said(here: CommandLine, tmp_path: Path) -> None:
    evil = {"blob": {"text": "\x1b]0;owned\x07", "lines": "a\nb"}}
    changed = [*LINES[:1], {"event": {**LINES[1]["event"], "payload": [evil]}}, *LINES[4:]]
    (tmp_path / "evil.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed))
    here.run("memory", "create", "evil")
    here.run("memory", "import", "evil", str(tmp_path / "evil.jsonl"))
    shown = here.run("memory", "events", "evil").stdout
    assert "\x1b" not in shown
    assert "blob" in shown
    here.run("memory", "delete", "evil", "--yes")


def test_the_name_of_the_config_means_the_agent_s_own_memory(here: CommandLine) -> None:
    by_name = here.json("memory", "show", "notes")["memory"]
    assert here.json("memory", "show", by_name["id"])["memory"] == by_name
    assert here.json("memory", "show", by_name["arn"])["memory"] == by_name


def test_several_actors_are_asked_about(here: CommandLine, tmp_path: Path) -> None:
    other = [*LINES[:2], {"event": {**LINES[2]["event"], "actorId": "bob"}}, *LINES[5:]]
    (tmp_path / "two.jsonl").write_text("".join(json.dumps(line) + "\n" for line in other))
    here.run("memory", "create", "two")
    here.run("memory", "import", "two", str(tmp_path / "two.jsonl"))
    asked = here.run("memory", "events", "two", code=2)
    assert "which actor? There are bob, user/1:ann" in asked.stderr
    assert "--actor " in asked.stderr
    assert "And coffee?" in here.run("memory", "events", "two", "--actor", "bob").stdout
    here.run("memory", "delete", "two", "--yes")


def test_an_export_holds_everything_and_brings_it_elsewhere(here: CommandLine, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    here.run("memory", "export", "notes", str(first))
    assert first.stat().st_mode & 0o777 == 0o600
    assert lines(first)[-1] == {"end": {"sessions": 1, "events": 3, "records": 1}}
    here.run("memory", "create", "copy", "--strategy", "semantic:facts")
    here.run("memory", "import", "copy", str(first))
    here.run("memory", "export", "copy", str(second))
    assert said(first) == said(second)
    (record,) = [line["record"] for line in lines(second) if "record" in line]
    (strategy,) = here.json("memory", "show", "copy")["strategies"]
    assert (record["content"], record["memoryStrategyId"]) == ({"text": "Ann likes tea"}, strategy["id"])
    here.run("memory", "delete", "copy", "--yes")


def counts(done: Any) -> dict[str, int]:
    return {name: done[name] for name in ("events", "records", "events_there", "records_there")}


@pytest.mark.long
def test_an_import_twice_makes_nothing_and_says_so(here: CommandLine) -> None:
    here.run("memory", "create", "twice")
    first = here.json("memory", "import", "twice", "notes.jsonl")
    assert counts(first) == {"events": 3, "records": 1, "events_there": 0, "records_there": 0}
    again = here.run("memory", "import", "twice", "notes.jsonl").stdout
    assert again.endswith(": 0 events and 0 records new, 3 events and 1 record there already\n")
    assert here.json("memory", "events", "twice", "--branch", "other")["more"] is False
    out = CommandLine(here.folder, here.environment).run("memory", "export", "twice", "-").stdout.splitlines()
    assert json.loads(out[-1])["end"] == {"sessions": 1, "events": 3, "records": 1}
    read = here.run("memory", "import", "twice", "notes.jsonl", "--extract")
    assert ": 0 events and 0 records new, 3 events and 0 records there already" in read.stdout
    assert "strategies read what is new alone" in read.stderr
    here.run("memory", "delete", "twice", "--yes")


@pytest.mark.long
def test_a_later_export_brings_what_came_since(here: CommandLine, tmp_path: Path) -> None:
    """What is there is known by what it says: the file's ids, and those of a copy that comes home, are others."""
    alike = event(5, "And milk?", "No", eventTimestamp="2026-11-01T10:00:04.5+00:00")
    more = [*LINES[:4], event(4, "And milk?", "No"), alike, *LINES[4:]]
    (tmp_path / "more.jsonl").write_text("".join(json.dumps(line) + "\n" for line in more))
    here.run("memory", "create", "grows")
    here.run("memory", "import", "grows", "notes.jsonl")
    done = here.json("memory", "import", "grows", str(tmp_path / "more.jsonl"))
    assert counts(done) == {"events": 2, "records": 0, "events_there": 3, "records_there": 1}
    here.run("memory", "export", "grows", str(tmp_path / "home.jsonl"))
    done = here.json("memory", "import", "grows", str(tmp_path / "home.jsonl"))
    assert counts(done) == {"events": 0, "records": 0, "events_there": 5, "records_there": 1}
    here.run("memory", "delete", "grows", "--yes")


@pytest.mark.parametrize("deleted", always("one", of={"one": 1, "all": 3}))
def test_what_was_deleted_since_is_brought_anew(here: CommandLine, deleted: int) -> None:
    """Though the service still remembers that it made it."""
    name = f"restored{deleted}"
    here.run("memory", "create", name)
    here.run("memory", "import", name, "notes.jsonl")
    memory = here.json("memory", "show", name)["memory"]["id"]
    with closing(RunningServer(Home(Path(here.environment["AGENTCORE_HOME"])))) as server:
        asked = {"memoryId": memory, "actorId": "user/1:ann", "sessionId": SESSION}
        for one in server.data.list_events(**asked)["events"][:deleted]:
            server.data.delete_event(**asked, eventId=one["eventId"])
        done = here.json("memory", "import", name, "notes.jsonl")
        assert (done["events"], done["events_there"]) == (deleted, 3 - deleted)
        assert len(server.data.list_events(**asked)["events"]) == 3
    here.run("memory", "delete", name, "--yes")


def test_with_extract_the_strategies_read_and_the_records_stay_out(here: CommandLine) -> None:
    here.run("memory", "create", "read", "--strategy", "semantic:facts")
    done = here.json("memory", "import", "read", "notes.jsonl", "--extract")
    assert (done["events"], done["records"]) == (3, 0)
    found = eventually(lambda: here.json("memory", "search", "read", "tea")["records"], "something was drawn from it")
    assert all(record["text"] != "Ann likes tea" for record in found)
    here.run("memory", "delete", "read", "--yes")


@pytest.mark.long
def test_a_killed_import_goes_on_and_a_killed_export_too(here: CommandLine, tmp_path: Path) -> None:
    source, out = tmp_path / "many.jsonl", tmp_path / "out.jsonl"
    source.write_text(many(150))
    here.run("memory", "create", "large")
    killed_when(
        lambda: here.json("memory", "show", "large")["sessions"] > 2,
        *(here, "memory", "import", "large", str(source)),
    )
    done = here.json("memory", "import", "large", str(source))
    assert done["events_there"] > 2
    assert done["events_there"] + done["events"] == 150

    part = tmp_path / "out.jsonl.part"
    killed_when(lambda: part.exists() and part.stat().st_size > 1000, *(here, "memory", "export", "large", str(out)))
    whole = here.json("memory", "export", "large", str(out))
    assert (whole["sessions"], whole["events"]) == (150, 150)
    assert not part.exists()
    assert len({line["session"]["sessionId"] for line in lines(out) if "session" in line}) == 150
    here.run("memory", "delete", "large", "--yes")


@pytest.mark.parametrize(
    ("text", "message"),
    always(
        "torn",
        "time",
        of=[
            pytest.param("", "it ends in the middle", id="empty"),
            pytest.param('{"a": 1}\n', ":1: no line of an export", id="other"),
            pytest.param("\x00\xff", ":1: no line of an export", id="binary"),
            pytest.param(AN_EXPORT.splitlines()[0] + "\n", "it ends in the middle", id="torn"),
            pytest.param(AN_EXPORT.replace('"format": 1', '"format": 2'), "in format 1", id="format"),
            pytest.param(
                AN_EXPORT.replace("2026-11-01T10:00:01", "yesterday"),
                "'yesterday+00:00' is not an ISO 8601 time",
                id="time",
            ),
            pytest.param(
                AN_EXPORT.replace('"rootEventId": "0', '"rootEventId": "9'), "a branch of event 9", id="branch"
            ),
        ],
    ),
)
def test_what_is_no_whole_export_is_bad_input(here: CommandLine, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    here.run("memory", "create", "strict")
    assert message in here.run("memory", "import", "strict", str(tmp_path / "x.jsonl"), code=2).stderr
    here.run("memory", "delete", "strict", "--yes")


def test_the_part_of_another_memory_s_export_is_left_alone(here: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.part").write_text(AN_EXPORT.splitlines()[0] + "\n")
    refused = here.run("memory", "export", "notes", str(tmp_path / "x.jsonl"), code=1)
    assert "the beginning of an export of arn:aws:bedrock-agentcore:us-west-2:123456789012:memory/old" in refused.stderr


@pytest.mark.parametrize("query", ['"', "tea OR", "NEAR(", "a* -b", "'; DROP TABLE records; --", "日本", "x" * 10_000])
def test_a_search_takes_any_words(here: CommandLine, query: str) -> None:
    here.run("memory", "search", "notes", query)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "x", "--expiry-days", "2"], "expiry_days: 2 is below 3"),
        (["create", "x", "--expiry-days", "3651"], "expiry_days: 3651 is above 3650"),
        (["create", "x", "--strategy", "semantic", "--strategy", "semantic"], "two are called semantic"),
        (["create", "x", "--strategy", "semantik"], "none of semantic, summary"),
        (["create", "x", "--strategy", "custom"], "a custom one needs prompts and models"),
        (["create", "a-b"], "'a-b' is not a memory's name"),
        (["search", "notes", "x" * 10_001], "1 to 10000 characters"),
        (["events", "notes", "--actor", "nobody"], "actor nobody: nothing was said"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_input_is_told_before_anything_is_made(here: CommandLine, arguments: list[str], message: str) -> None:
    code = 4 if "nobody" in arguments else 2
    assert message in here.run("memory", *arguments, code=code).stderr
