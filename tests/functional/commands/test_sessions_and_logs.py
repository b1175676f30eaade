"""`sessions`, `logs` and `local` against a running agent."""

from __future__ import annotations

import json
from datetime import datetime

from tests.command_line import CommandLine
from tests.local_runtime import eventually


def _names(agentcore: CommandLine, *arguments: str) -> set[str]:
    return {session["name"] for session in agentcore.json("sessions", "list", "--local", *arguments)["sessions"]}


def test_a_stopped_session_starts_afresh(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "conv1")
    assert "conv1" in _names(agentcore)
    agentcore.run("sessions", "stop", "conv1", "--local")
    assert "conv1" not in _names(agentcore)
    assert "conv1" in _names(agentcore, "--all")
    assert agentcore.json("invoke", "--local", "{}", "-s", "conv1")["response"]["calls"] == 1


def test_show_tells_the_id_the_process_and_the_log(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "shown")
    session = agentcore.json("sessions", "show", "shown", "--local")
    assert session["session_id"].startswith("shown-")
    assert session["state"] == "idle"
    assert session["pid"] > 0
    assert session["log"].endswith(".log")


def test_the_list_tells_when_and_why_a_session_ended(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "living")
    listed = agentcore.run("sessions", "list", "--local")
    assert "ENDED" not in listed.stdout
    assert listed.stderr.startswith("isolation: ")
    agentcore.run("invoke", "--local", "{}", "-s", "gone")
    assert agentcore.run("sessions", "stop", "gone", "--local").stdout == "stopped gone\n"
    heads, *rows = agentcore.run("sessions", "list", "--local", "--all").stdout.splitlines()
    assert heads.split("  ")[-1] == "ENDED"
    (row,) = [row for row in rows if row.startswith("gone ")]
    assert row.endswith("s ago: stopped on request")


def test_an_unknown_session_is_exit_4(agentcore: CommandLine) -> None:
    for verb in (["sessions", "show", "nobody"], ["sessions", "stop", "nobody"], ["logs", "-s", "nobody"]):
        assert "nobody" in agentcore.run(*verb, "--local", code=4).stderr


def test_all_sessions_can_be_stopped_at_once(agentcore: CommandLine) -> None:
    for name in ("one", "two"):
        agentcore.run("invoke", "--local", "{}", "-s", name)
    stopped = agentcore.run("sessions", "stop", "--all", "--local").stdout.splitlines()
    assert {"stopped one", "stopped two"} <= set(stopped)
    assert _names(agentcore) == set()


def test_logs_are_kept_apart_by_session(agentcore: CommandLine) -> None:
    for name in ("left", "right", "right"):
        agentcore.run("invoke", "--local", "{}", "-s", name)
    eventually(lambda: "echo 2" in agentcore.run("logs", "--local", "-s", "right").stdout, "the log is written")
    assert "echo 2" not in agentcore.run("logs", "--local", "-s", "left").stdout
    lines = [json.loads(line) for line in agentcore.run("logs", "--local", "-s", "right", "--json").stdout.splitlines()]
    assert [line["message"] for line in lines[:-1]] == ["echo 1", "echo 2"]
    assert lines[-1] == {"schema_version": 1, "event": "result", "lines": 2}


def test_logs_can_be_narrowed(agentcore: CommandLine) -> None:
    for _ in range(3):
        agentcore.run("invoke", "--local", "{}", "-s", "narrow")
    eventually(lambda: "echo 3" in agentcore.run("logs", "--local", "-s", "narrow").stdout, "the log is written")
    assert agentcore.run("logs", "--local", "-s", "narrow", "--limit", "1").stdout.endswith("echo 3\n")
    assert agentcore.run("logs", "--local", "-s", "narrow", "--grep", "echo 2").stdout.endswith("echo 2\n")
    assert agentcore.run("logs", "--local", "-s", "narrow", "--until", "1h").stdout == ""
    assert len(agentcore.run("logs", "--local", "-s", "narrow", "--since", "1h").stdout.splitlines()) == 3


def test_follow_shows_what_comes(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "followed")
    child = agentcore.start("logs", "--local", "-s", "followed", "--follow")
    assert child.stdout is not None
    with child:
        assert b"echo 1" in child.stdout.readline()
        agentcore.run("invoke", "--local", "{}", "-s", "followed")
        assert b"echo 2" in child.stdout.readline()
        child.send_signal(2)
        assert child.wait(timeout=60) == 130


def test_idle_time_is_the_runtimes_own(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "idler")
    agentcore.run("local", "clock", "advance", "14m")
    assert "idler" in _names(agentcore)
    agentcore.run("local", "clock", "advance", "2m")
    eventually(lambda: "idler" not in _names(agentcore), "the idle session ends")
    ended = agentcore.json("sessions", "show", "idler", "--local")
    assert ended["state"] == "stopped"
    assert "idle" in ended["end_reason"]


def test_status_and_versions_tell_what_is_deployed(agentcore: CommandLine) -> None:
    status = agentcore.json("status", "--local")
    assert (status["status"], status["version"], status["drift"]) == ("READY", "1", [])
    (version,) = agentcore.json("versions", "--local")["versions"]
    assert version["version"] == "1"
    made = datetime.fromisoformat(version["created_at"])
    assert made.strftime("  %Y-%m-%d %H:%M:%SZ  ") in agentcore.run("versions", "--local").stdout


def test_plan_has_nothing_to_do_and_deploy_does_nothing(agentcore: CommandLine) -> None:
    agentcore.run("plan", "--local", "--exit-code")
    assert agentcore.json("deploy", "--local")["changed"] is False


def test_a_fault_strikes_as_often_as_it_was_told(agentcore: CommandLine) -> None:
    agentcore.run("local", "fault", "throttle", "--count", "2")
    agentcore.run("invoke", "--local", "{}")
    assert "no such fault" in agentcore.run("local", "fault", "nonsense", code=2).stderr


def test_local_run_brings_a_runtime_of_its_own(agentcore: CommandLine) -> None:
    process = CommandLine(agentcore.folder, agentcore.environment)  # what it runs has the process's streams
    ran = process.run("local", "run", "--", "sh", "-c", 'echo "$AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"; exit 3', code=3)
    assert ran.stdout.startswith("http://127.0.0.1:")
    assert ran.stdout.strip() != agentcore.json("local", "status")["url"]
    assert "no-such-command" in agentcore.run("local", "run", "--", "no-such-command", code=4).stderr


def test_limit_counts_what_grep_lets_through_and_follow_has_no_end(agentcore: CommandLine) -> None:
    for _ in range(4):
        agentcore.run("invoke", "--local", "{}", "-s", "counted")
    logs = ("logs", "--local", "-s", "counted")
    eventually(lambda: "echo 4" in agentcore.run(*logs).stdout, "the log is written")
    with agentcore.start(*logs, "--follow", "--grep", "echo 2", "--limit", "1") as child:
        assert child.stdout is not None
        assert child.stdout.readline().endswith(b"echo 2\n")
        child.send_signal(2)
        assert child.wait(timeout=60) == 130
    assert "--follow and --until" in agentcore.run(*logs, "--follow", "--until", "5m", code=2).stderr


def test_a_log_that_isnt_there_yet_is_exit_4(agentcore: CommandLine) -> None:
    ran = agentcore.run("logs", "--local", "--qualifier", "unused", code=4)
    assert "answers, endpoint unused: there is no log yet" in ran.stderr
    assert "agentcore invoke --local PAYLOAD; --follow waits for it" in ran.stderr


def test_the_list_of_protections_is_the_same_to_people_and_programs(agentcore: CommandLine) -> None:
    told = agentcore.json("local", "status")["protections"]
    shown = agentcore.run("local", "status").stdout.partition("protections of a session:\n")[2].splitlines()
    assert [line.strip().partition(":")[0] for line in shown] == [each["name"] for each in told]
    assert ["yes" in line.partition(":")[2] for line in shown] == [each["active"] for each in told]
    assert all(each["active"] or each["reason"] for each in told)
