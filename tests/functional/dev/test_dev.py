"""`agentcore dev`: saves, sessions, and the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.functional.dev.stage import SECONDS, Dev, Project
from tests.json_contract import checked
from tests.local_runtime import eventually
from tests.terminal import Terminal


def test_a_save_is_in_the_next_new_session_and_living_ones_keep_theirs(project: Project, dev: Dev) -> None:
    assert project.call("old") == "0.1"
    project.save("1")
    told = dev.wait("reload")
    assert (told["version"], told["changed"], told["files"], told["fault"]) == ("2", True, ["agent.py"], None)
    assert project.call("new") == "1.1"
    assert project.call("old") == "0.2"
    assert dev.say("again")["data"] == "1.1"  # a new session, by itself
    assert dev.end() == 0
    project.gone()


def test_keep_and_replay(project: Project, dev: Dev) -> None:
    project.save("1")
    dev.wait("reload")
    dev.type("/keep")
    assert dev.say("more")["data"] == "0.2"
    dev.type("/replay")
    first, second = dev.wait("replay"), dev.wait("replay")
    assert (first["said"], first["before"], first["after"], first["same"]) == ("hello", "0.1", "1.1", False)
    assert (second["said"], second["before"], second["after"]) == ("more", "0.2", "1.2")
    assert dev.say("on")["data"] == "1.3"
    dev.type("/keep")
    assert dev.say("back")["data"] == "0.3"
    assert dev.end() == 0


@pytest.mark.long
def test_replay_after_every_save(project: Project) -> None:
    dev = Dev(project, "--replay")
    try:
        assert dev.say("hello")["data"] == "0.1"
        project.save("1")
        assert dev.wait("replay")["after"] == "1.1"
        project.save("2")
        assert dev.wait("replay")["before"] == "1.1"
        assert dev.end() == 0
    finally:
        dev.close()


@pytest.mark.parametrize(
    ("mark", "others", "place"),
    [
        ('MARK = "1" +', {}, "agent.py:4"),
        pytest.param('MARK = "1"; import nowhere', {}, "agent.py:4", marks=pytest.mark.long),
        ('import helper; MARK = "1"', {"helper": "X = 1\nraise RuntimeError('no')\n"}, "helper.py:2"),
        pytest.param('import helper; MARK = "1"', {"helper": "def f(:\n"}, "helper.py:1", marks=pytest.mark.long),
    ],
    ids=["syntax", "import", "at start", "syntax elsewhere"],
)
def test_a_fault_is_told_where_it_is_and_the_last_good_version_serves(
    project: Project, dev: Dev, mark: str, others: dict[str, str], place: str
) -> None:
    project.save(mark, **others)
    told = dev.wait("reload")
    assert told["fault"] is not None, told
    assert place in told["fault"]["message"]
    assert told["changed"] is False
    assert project.call("meanwhile") == "0.1"
    project.save("2", helper="X = 1\n")
    while (told := dev.wait("reload"))["fault"]:
        pass
    assert project.call("after") == "2.1"
    assert dev.end() == 0


@pytest.mark.long
def test_of_saves_that_come_together_the_last_is_served(project: Project, dev: Dev) -> None:
    (project.folder / "helper.py").write_text("X = 1\n")
    dev.wait("reload")
    project.save("a", helper="X = 2\n")
    project.save("b", helper="X = 3\n")
    reloads = 1
    assert dev.wait("reload")["files"]
    while project.call(f"after {reloads}") != "b.1":  # a machine under load may see them one after the other
        dev.wait("reload")
        reloads += 1
    assert reloads <= 4


def test_what_is_ignored_is_not_watched_and_the_config_is(project: Project, dev: Dev) -> None:
    (project.folder / ".venv").mkdir()
    (project.folder / ".venv" / "pyvenv.cfg").touch()
    (project.folder / ".venv" / "x.py").write_text("1\n")
    (project.folder / "__pycache__").mkdir()
    (project.folder / "__pycache__" / "agent.pyc").write_text("1\n")
    config = project.folder / ".agentcore.yaml"
    text = config.read_text()
    config.write_text(text.replace("entrypoint: agent.py", "entrypoint: agent.py\n    environment: {A: b}"))
    told = dev.wait("reload")
    assert told["files"] == [".agentcore.yaml"]
    assert (told["changed"], told["version"]) == (True, "2")
    config.write_text(f"{text}bogus: 1\n")
    assert "bogus" in dev.wait("reload")["fault"]["message"]
    config.write_text(text)
    assert dev.wait("reload")["fault"] is None


def test_logs_of_all_sessions_and_a_schema_for_each_line(project: Project, dev: Dev) -> None:
    dev.wait("log")
    project.command.run("invoke", "--local", '{"prompt": "from elsewhere"}', "--session-id", "other")
    while (told := dev.wait("log"))["message"] != "heard from elsewhere":
        pass
    assert told["session_id"].startswith("other-")
    project.save("1")
    dev.wait("reload")
    dev.type("/replay")
    dev.wait("replay")
    dev.end()
    dev.wait("result")
    checked("dev", "\n".join(json.dumps(event) for event in dev.events))


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
        pytest.param(signal.SIGHUP, marks=pytest.mark.long),
        signal.SIGKILL,
    ],
)
def test_nothing_is_left_whatever_ends_it(project: Project, number: signal.Signals) -> None:
    dev = Dev(project, "--no-chat", stdin=subprocess.DEVNULL)
    try:
        while (told := dev.wait("step"))["name"] != "runtime" or told["status"] != "done":
            pass
        os.kill(dev.process.pid, number)
        code = dev.process.wait(SECONDS)
        assert code == {signal.SIGINT: 130, signal.SIGKILL: -9}.get(number, 128 + number)
    finally:
        dev.close()
    project.gone()
    assert "bot" not in project.command.run("status", "--local", code=4).stdout


def test_nobody_asks_for_logs_when_it_has_ended(project: Project) -> None:
    """In a process that goes on: whoever asks starts a local runtime where there is none."""
    project.command.run("deploy", "--local")  # so that there goes on to be something to ask for
    before = set(threading.enumerate())
    project.command.feed("hello\n", "dev", "--json")
    eventually(lambda: set(threading.enumerate()) <= before, "the last of it has ended")
    project.command.run("destroy", "--local", "--yes")
    project.gone()


def test_open_lets_a_browser_in(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "true")
    dev = Dev(project, "--open", "--no-chat", stdin=subprocess.DEVNULL)
    try:
        told = dev.wait("page")
        assert told["opened"] is True
        assert told["url"] in Path(told["file"]).read_text()
        dev.process.terminate()
        assert dev.process.wait(SECONDS) == 128 + signal.SIGTERM
        checked("dev", "\n".join(json.dumps(event) for event in dev.events))
    finally:
        dev.close()


def test_keep_leaves_it_deployed(project: Project) -> None:
    dev = Dev(project, "--keep")
    dev.say("hello")
    assert dev.end() == 0
    dev.close()
    assert project.call("after") == "0.1"


def test_what_was_deployed_before_stays(project: Project) -> None:
    project.command.run("deploy", "--local")
    dev = Dev(project)
    dev.say("hello")
    assert dev.end() == 0
    dev.close()
    assert project.call("after") == "0.1"


def test_on_a_terminal(project: Project) -> None:
    with Terminal(project.command, "dev") as terminal:
        terminal.wait_for("; /help lists the commands")
        terminal.say("hello")
        terminal.wait_for("0.1")
        terminal.wait_for("heard hello")
        terminal.wait_for(">")  # the prompt stands below what was written above it
        project.save("1")
        terminal.wait_for("the next turn goes to a new session")
        terminal.say("/replay")
        terminal.wait_for("+ 1.1")
        terminal.say("/quit")
        assert terminal.end(SECONDS) == 0
        assert "Traceback" not in terminal.text
    project.gone()


@pytest.mark.long
def test_a_closed_terminal_ends_it(project: Project) -> None:
    with Terminal(project.command, "dev") as terminal:
        terminal.wait_for("; /help lists the commands")
    project.goes()


def test_restart_by_a_key(project: Project) -> None:
    with Terminal(project.command, "dev", "--no-chat") as terminal:
        terminal.wait_for("r restarts, q leaves")
        assert project.call("one") == "0.1"
        assert project.call("one") == "0.2"
        terminal.type("r")
        eventually(lambda: project.call_while_it_ends("one") == "0.1", "its sessions begin anew", SECONDS)
        terminal.wait_for("version 1 again")
        terminal.wait_for("1 session ended; the next call begins anew")
        terminal.type("q")
        assert terminal.end(SECONDS) == 0
    project.gone()
