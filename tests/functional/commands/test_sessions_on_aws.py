"""`sessions` on an AWS target: AWS can't list them, so it is what this project has talked to, and the clock."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.fakes.scripted_plane import ScriptedPlane, answer
from tests.functional.commands.aws_project import on_aws
from tests.same_process import SameProcess

LEDGER = ".agentcore/sessions.db"


@pytest.fixture
def aws(agentcore: CommandLine, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path)


def listed(aws: CommandLine, *arguments: str) -> list[dict[str, Any]]:
    sessions: list[dict[str, Any]] = aws.json("sessions", "list", *arguments)["sessions"]
    return sessions


def set_back(aws: CommandLine, column: str, hours: float) -> None:
    """As if it had been so many hours ago."""
    with closing(sqlite3.connect(aws.folder / LEDGER)) as ledger, ledger:
        ledger.execute(f"UPDATE sessions SET {column} = {column} - ?", (hours * 3600,))


def test_names_and_continue_lead_to_the_same_session(aws: CommandLine) -> None:
    first = aws.json("invoke", "{}", "-s", "wire")
    again = aws.json("invoke", "{}", "--continue")
    assert (again["session"], again["session_id"]) == ("wire", first["session_id"])
    assert again["response"]["calls"] == first["response"]["calls"] + 1


def test_the_list_is_of_what_this_project_has_talked_to(aws: CommandLine, agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "somebody else's")
    aws.run("invoke", "{}", "-s", "mine")
    listed = aws.json("sessions", "list")
    assert [(s["name"], s["state"]) for s in listed["sessions"]] == [("mine", "used lately")]
    assert listed["source"] == "ledger"
    assert "AWS can't list sessions" in aws.run("sessions", "list").stderr


def test_show_tells_sizes_and_times_and_payloads_only_if_they_were_kept(aws: CommandLine) -> None:
    aws.run("invoke", '{"do": "string"}', "-s", "shown")
    aws.run("invoke", '{"do": "string", "n": 2}', "-c", "--keep-transcripts")
    first, second = aws.json("sessions", "show", "shown")["turns"]
    assert (first["sent"], first["received"], first["outcome"], first["request"]) == (16, 12, "answered", None)
    assert (second["request"], second["answer"]) == ('{"do": "string", "n": 2}', '"a sentence"')
    human = aws.run("sessions", "show", "shown").stdout
    assert '> {"do": "string", "n": 2}' in human
    assert human.count("a sentence") == 1


def test_a_stopped_session_is_neither_listed_nor_continued(aws: CommandLine) -> None:
    for name in ("one", "two"):
        aws.run("invoke", "{}", "-s", name)
    aws.run("sessions", "stop", "two")
    assert [s["name"] for s in aws.json("sessions", "list")["sessions"]] == ["one"]
    assert "was stopped" in aws.run("invoke", "{}", "-c", code=4).stderr
    assert len(aws.json("sessions", "stop", "--all")["stopped"]) == 1
    assert aws.json("sessions", "list")["sessions"] == []
    assert len(aws.json("sessions", "list", "--all")["sessions"]) == 2
    aws.run("sessions", "stop", "nobody", code=4)


def test_somebody_elses_session_is_stopped_by_its_id(aws: CommandLine, agentcore: CommandLine) -> None:
    other = agentcore.json("invoke", "--local", "{}", "-s", "other")["session_id"]
    assert aws.json("sessions", "stop", other)["stopped"] == [other]


@pytest.mark.parametrize(
    ("columns", "hours", "state", "says"),
    [
        pytest.param(
            ("started_at",), 9, "outlived", "was started afresh: it had outlived its maximum of 8h", id="outlived"
        ),
        pytest.param(
            ("started_at", "last_used"),
            1,
            "maybe idled out",
            "was probably started afresh: it was last used 1h ago and idle ones end after 15m",
            id="idle",
        ),
    ],
)
def test_a_session_whose_time_is_over_is_said_to_be_lost(
    aws: CommandLine, columns: tuple[str, ...], hours: float, state: str, says: str
) -> None:
    with ScriptedPlane([answer(200, b"{}", Content_Type="application/json")]) as plane:  # it tells nothing, as AWS does
        silent = SameProcess(aws.folder, aws.environment | {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": plane.url})
        assert "afresh" not in silent.run("invoke", "{}", "-s", "old").stderr
        for column in columns:
            set_back(aws, column, hours)
        assert [session["state"] for session in listed(aws, "--all")] == [state]
        assert f"session old {says}" in silent.run("invoke", "{}", "-s", "old").stderr
        assert "afresh" not in silent.run("invoke", "{}", "-c").stderr, "its new life has just begun"
    (session,) = listed(aws)
    assert (session["state"], session["invocations"]) == ("used lately", 3)


def test_the_runtime_is_believed_where_it_tells_that_a_session_goes_on(aws: CommandLine) -> None:
    """As the local one does."""
    aws.run("invoke", "{}", "-s", "old")
    set_back(aws, "started_at", 9)
    assert "afresh" not in aws.run("invoke", "{}", "-s", "old").stderr


def test_a_ledger_that_is_of_no_use_fails_no_call(aws: CommandLine) -> None:
    (aws.folder / LEDGER).mkdir()
    ran = aws.run("invoke", '{"do": "string"}')
    assert ran.stdout == '"a sentence"\n'
    assert "not remembered" in ran.stderr
    (aws.folder / LEDGER).rmdir()
    (aws.folder / LEDGER).write_bytes(b"nonsense" * 1000)
    assert "not remembered" not in aws.run("invoke", "{}", "-s", "kept").stderr
    assert [s["name"] for s in aws.json("sessions", "list")["sessions"]] == ["kept"]


def test_what_was_said_is_nowhere_unless_it_is_asked_for(aws: CommandLine) -> None:
    aws.run("invoke", '{"secret": "of the customer"}', "-s", "kept")
    folder = aws.folder / ".agentcore"
    assert not [path for path in folder.iterdir() if path.is_file() and b"of the customer" in path.read_bytes()]
    aws.run("invoke", '{"secret": "of the customer"}', "-s", "kept", "--keep-transcripts")
    assert [path for path in folder.iterdir() if path.is_file() and b"of the customer" in path.read_bytes()]


def test_a_name_at_another_endpoint_is_another_session(aws: CommandLine, agentcore: CommandLine) -> None:
    agentcore.run("endpoints", "create", "prod", "--local")
    try:
        one = aws.json("invoke", "{}", "-s", "same")
        other = aws.json("invoke", "{}", "-s", "same", "--qualifier", "prod")
        assert (one["response"]["calls"], other["response"]["calls"]) == (1, 1)
        assert one["session_id"] != other["session_id"]
        assert [(s["name"], s["endpoint"]) for s in listed(aws)] == [("same", "prod"), ("same", "DEFAULT")]
        table = aws.run("sessions", "list").stdout.splitlines()
        assert [line.split()[:2] for line in table] == [["SESSION", "ENDPOINT"], ["same", "prod"], ["same", "DEFAULT"]]
        assert aws.json("invoke", "{}", "-c", "--qualifier", "prod")["session_id"] == other["session_id"]
        assert aws.json("invoke", "{}", "-c")["session_id"] == one["session_id"]
        assert set(aws.json("sessions", "stop", "--all")["stopped"]) == {one["session_id"], other["session_id"]}
    finally:
        agentcore.run("endpoints", "delete", "prod", "--local", "--yes")


def test_one_that_ended_by_itself_hinders_the_stop_of_no_other(aws: CommandLine, agentcore: CommandLine) -> None:
    ids = [aws.json("invoke", "{}", "-s", name)["session_id"] for name in ("first", "second", "third")]
    agentcore.run("sessions", "stop", ids[1], "--local")
    assert set(aws.json("sessions", "stop", "--all")["stopped"]) == {ids[0], ids[2]}
    assert listed(aws) == []
    assert aws.json("sessions", "stop", "--all")["stopped"] == []


@pytest.mark.long
def test_a_command_and_a_failed_call_are_turns_too(aws: CommandLine) -> None:
    aws.run("invoke", "{}", "-s", "mixed")
    aws.run("exec", "printf 1234", "-s", "mixed")
    aws.run("invoke", '{"do": "fail"}', "-s", "mixed", code=5)
    turns = aws.json("sessions", "show", "mixed")["turns"]
    assert [turn["outcome"] for turn in turns] == ["answered", "answered", "failed"]
    assert turns[1]["received"] == 4
    assert [session["invocations"] for session in listed(aws)] == [3]


def test_who_is_unknown_is_exit_4(aws: CommandLine) -> None:
    assert "session nobody: not found" in aws.run("sessions", "show", "nobody", code=4).stderr
    assert "this project has talked to no session" in aws.run("sessions", "list").stderr
