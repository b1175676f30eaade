"""`agentcore dev` in a project of two agents: without names it is about both."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.functional.dev.stage import SECONDS, Dev, Project
from tests.json_contract import checked
from tests.local_runtime import eventually
from tests.terminal import CTRL_C, Terminal

OTHER = ("--agent", "other")
RAISES = 'MARK = "x"; raise ValueError("not yet")'


@pytest.fixture
def two(project: Project) -> Project:
    """`bot` of agent.py, which commands are about without a name, and `other` of other.py."""
    project.save("o", file="other.py")
    project.command.run("configure", "--entrypoint", "other.py", "--name", "other")
    return project


@contextmanager
def running(project: Project, *arguments: str, stdin: int | None = subprocess.PIPE) -> Iterator[Dev]:
    dev = Dev(project, *arguments, stdin=stdin)
    try:
        yield dev
    finally:
        dev.close()
    project.gone()


def is_deployed(project: Project, *of_agent: str) -> bool:
    return project.command.outcome(*of_agent, "status", "--local").returncode == 0


def test_a_conversation_with_both(two: Project) -> None:
    with running(two) as dev:
        assert dev.say("hello")["data"] == "0.1"  # the one that is meant without a name
        assert two.call("elsewhere", *OTHER) == "o.1"
        dev.type("/agent other")
        assert dev.say("hello")["data"] == "o.1"
        two.save("p", file="other.py")
        told = [dev.wait("reload"), dev.wait("reload")]
        assert [(each["agent"], each["files"], each["fault"]) for each in told] == [
            ("bot", ["other.py"], None),
            ("other", ["other.py"], None),
        ]
        assert dev.say("again")["data"] == "p.1"
        assert two.call("elsewhere", *OTHER) == "o.2"
        two.save("1")
        two.save("q", file="other.py")
        while dev.wait("reload")["agent"] != "other" or two.call(f"both {len(dev.events)}", *OTHER) != "q.1":
            pass  # a machine under load may see the two saves one after the other
        assert dev.say("again")["data"] == "q.1"
        dev.type("/agent bot")
        assert dev.say("again")["data"] == "1.1"
        eventually(lambda: dev.logged() == {"bot", "other"}, "logs of both")
        assert dev.end() == 0
        assert [each["agent"] for each in dev.wait("result")["agents"]] == ["bot", "other"]
        checked("dev", "\n".join(json.dumps(event) for event in dev.events))
    assert not is_deployed(two)
    assert not is_deployed(two, *OTHER)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_either_whatever_ends_it(two: Project, number: signal.Signals) -> None:
    with running(two, "--no-chat", stdin=subprocess.DEVNULL) as dev:
        for _ in range(2):
            while (told := dev.wait("step"))["name"] != "runtime" or told["status"] != "done":
                pass
        eventually(lambda: (two.call("one"), two.call("one", *OTHER)) and dev.logged() >= {"bot", "other"}, "logs")
        two.save("1")
        assert [dev.wait("reload")["agent"], dev.wait("reload")["agent"]] == ["bot", "other"]
        dev.process.send_signal(number)
        assert dev.process.wait(SECONDS) == {signal.SIGINT: 130, signal.SIGKILL: -9}[number]
    assert not is_deployed(two)
    assert not is_deployed(two, *OTHER)


@pytest.mark.parametrize("named", [("other",), pytest.param(OTHER, marks=pytest.mark.long)], ids=["argument", "option"])
def test_a_name_is_about_that_one_alone(two: Project, named: tuple[str, ...]) -> None:
    with running(two, *named) as dev:
        assert dev.say("hello")["data"] == "o.1"
        assert not is_deployed(two)
        assert dev.end() == 0


@pytest.mark.long
@pytest.mark.parametrize("mark", [RAISES, 'MARK = "x" +'], ids=["raises", "syntax"])
def test_one_that_does_not_start_waits_for_its_mend_beside_one_that_does(two: Project, mark: str) -> None:
    two.save(mark, file="other.py")
    with running(two) as dev:
        told = dev.wait("reload")
        assert (told["agent"], told["version"], told["changed"]) == ("other", None, False)
        assert told["fault"]["message"].startswith("other.py:4")
        assert told["fault"]["hint"] == "mend it and save"
        assert dev.say("hello")["data"] == "0.1"
        dev.type("/agent other")
        assert dev.say("hello")["data"] == "0.2"  # there is nobody else to talk with
        two.save("p", file="other.py")
        while (told := dev.wait("reload"))["agent"] != "other":
            pass
        assert (told["changed"], told["fault"]) == (True, None)
        dev.type("/agent other")
        assert dev.say("hello")["data"] == "p.1"
        eventually(lambda: "other" in dev.logged(), "its logs")
        assert dev.end() == 0
        checked("dev", "\n".join(json.dumps(event) for event in dev.events))
    assert not is_deployed(two, *OTHER)


@pytest.mark.long
def test_one_that_was_deployed_before_serves_while_its_code_is_broken(two: Project) -> None:
    two.command.run(*OTHER, "deploy", "--local")
    two.save(RAISES, file="other.py")
    dev = Dev(two)
    try:
        told = dev.wait("reload")
        assert (told["agent"], told["version"]) == ("other", "1")
        dev.type("/agent other")
        assert dev.say("hello")["data"] == "o.1"
        assert dev.end() == 0
    finally:
        dev.close()
    assert two.call("after", *OTHER) == "o.1"
    assert not is_deployed(two)


def test_where_none_starts_it_ends_and_leaves_nothing(two: Project) -> None:
    two.save('MARK = "x" +')
    two.save(RAISES, file="other.py")
    with running(two) as dev:
        assert dev.wait("error")["error"]["message"].startswith("agent.py:4")
        assert dev.process.wait(SECONDS) == 2


def test_a_debugger_is_for_one(two: Project) -> None:
    two.command.run("dev", "bot", "other", "--debug", "5678", code=2)
    config = two.folder / ".agentcore.yaml"
    config.write_text(config.read_text().replace("default_agent: bot\n", ""))
    assert "which agent?" in two.command.run("dev", "--debug", "5678", code=2).stderr


@pytest.mark.long
def test_on_a_terminal_each_is_called_by_its_name(two: Project) -> None:
    two.save(RAISES, file="other.py")
    with Terminal(two.command, "dev") as terminal:
        terminal.wait_for("other: other.py:4: ValueError: not yet")
        terminal.wait_for("nothing serves yet")
        terminal.wait_for("; /help lists the commands")
        terminal.say("/agent other")
        terminal.wait_for("agent other: nothing of it serves yet; mend it and save")
        two.save("p", file="other.py")
        terminal.wait_for("other: version ")
        terminal.say("/agent other")
        terminal.wait_for("agent other, session ")
        terminal.say("hello")
        terminal.wait_for("p.1")
        terminal.wait_for("other/")
        terminal.type(CTRL_C)
        terminal.wait_for("Ctrl-C once more leaves")
        terminal.type(CTRL_C)
        assert terminal.end(SECONDS) == 130
        assert "Traceback" not in terminal.text.partition("nothing serves yet")[2]
    two.gone()
    assert not is_deployed(two)
    assert not is_deployed(two, *OTHER)
