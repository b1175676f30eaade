"""`agentcore dev` and what an agent requires: other packages, packages that lie elsewhere, an end while it installs."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.fakes.wheel import make_wheel
from tests.functional.builders.test_local_packages import make_package
from tests.functional.dev.stage import SECONDS, Dev, Project
from tests.local_runtime import eventually

OFFLINE = "--no-index\n--find-links ./wheels\n"
SLOW = """
import pathlib, time

def build_wheel(folder, settings=None, metadata=None):
    pathlib.Path({began!r}).touch()
    time.sleep(600)
"""


def requires(project: Project, lines: str) -> None:
    (project.folder / "requirements.txt").write_text(lines)


def configured(project: Project, lines: str, mark: str) -> None:
    requires(project, lines)
    project.save(mark)
    project.command.run("configure", "--entrypoint", "agent.py", "--name", "bot", "--requirements", "requirements.txt")


@pytest.mark.long
def test_other_requirements_are_installed_while_the_version_before_serves(project: Project) -> None:
    wheels = project.folder / "wheels"
    wheels.mkdir()
    make_wheel(wheels, "kit", "answer = 'kit'\n")
    make_wheel(wheels, "tool", "answer = 'tool'\n")
    configured(project, f"{OFFLINE}kit\n", "import kit; MARK = kit.answer")
    dev = Dev(project)
    try:
        assert dev.say("hello")["data"] == "kit.1"
        project.save("import tool; MARK = tool.answer")  # nobody requires it yet
        told = dev.wait("reload")
        assert "agent.py:4" in told["fault"]["message"]
        assert project.call("meanwhile") == "kit.1"
        requires(project, f"{OFFLINE}kit\ntool\n")
        told = dev.wait("reload")
        assert (told["files"], told["fault"]) == (["requirements.txt"], None)
        assert project.call("after") == "tool.1"
        assert {event["name"] for event in dev.events if event.get("event") == "step"} >= {"source", "runtime"}
        assert dev.end() == 0
    finally:
        dev.close()
    project.gone()


@pytest.mark.long
def test_a_package_outside_of_the_project_is_watched_as_well(project: Project) -> None:
    above = project.folder.parent
    (above / ".git").mkdir()
    package = make_package(above / "common", "kit")
    configured(project, "../common\n", "import kit; MARK = kit.answer")
    dev = Dev(project)
    try:
        assert dev.say("hello")["data"] == "first.1"
        (package / "kit.py").write_text("answer = 'later'\n")
        told = dev.wait("reload")
        assert (told["files"], told["fault"], told["changed"]) == (["../common/kit.py"], None, True)
        assert project.call("after") == "later.1"
        assert dev.end() == 0
    finally:
        dev.close()
    project.gone()


@pytest.mark.long
def test_an_end_during_the_first_installation_leaves_nothing(project: Project, tmp_path: Path) -> None:
    began = tmp_path / "began"
    package = make_package(project.folder / "slow", "slow")
    (package / "backend.py").write_text(SLOW.format(began=str(began)))
    configured(project, "./slow\n", "0")
    dev = Dev(project, "--no-chat", stdin=subprocess.DEVNULL)
    try:
        eventually(began.exists, "it is being installed", SECONDS)
        dev.process.send_signal(signal.SIGTERM)
        assert dev.process.wait(SECONDS) == 128 + signal.SIGTERM
    finally:
        dev.close()
    project.gone()
    assert not list((project.home / "environments").glob("[!.]*"))
    assert "bot" not in project.command.run("status", "--local", code=4).stdout


@pytest.mark.long
def test_several_agents_in_one_window(project: Project) -> None:
    (project.folder / "other.py").write_text((project.folder / "agent.py").read_text().replace('"0"', '"other"'))
    project.command.run("configure", "--entrypoint", "other.py", "--name", "second")
    dev = Dev(project, "bot", "second")
    try:
        assert dev.say("hello")["data"] == "0.1"
        dev.type("/agent second")
        assert dev.say("hello")["data"] == "other.1"
        project.save("1")
        told = {event["agent"]: event["changed"] for event in (dev.wait("reload"), dev.wait("reload"))}
        assert told == {"bot": True, "second": True}  # the files of a project are all agents'
        assert dev.say("again")["data"] == "other.1"
        dev.type("/agent bot")
        assert dev.say("again")["data"] == "1.1"
        assert dev.end() == 0
    finally:
        dev.close()
    project.gone()
