"""`agentcore open`: a browser is let in, and its address is nowhere that others can read it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.command_line import CommandLine
from tests.long_cases import always
from tests.page_visitor import PageVisitor

BROWSER = """#!/bin/sh
echo opening
for word in "$@"; do echo "$word"; done >> "$0.saw"
"""


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that writes down what it is told to open."""
    program = tmp_path / "browser"
    program.write_text(BROWSER)
    program.chmod(0o755)
    return program


@pytest.fixture
def alone(tmp_path: Path, browser: Path, home: Home) -> CommandLine:
    """No project is needed, and the local runtime does not run yet."""
    return CommandLine(tmp_path, {"AGENTCORE_HOME": str(home.root), "BROWSER": str(browser)})


def visitor(command: CommandLine) -> PageVisitor:
    running = daemon.running(Home(Path(command.environment["AGENTCORE_HOME"])))
    assert running is not None
    return PageVisitor(running)


def test_a_browser_is_sent_to_a_file_that_lets_it_in_once(alone: CommandLine, browser: Path) -> None:
    said = alone.run("open")
    (address,) = Path(f"{browser}.saw").read_text().splitlines()
    file = Path(address.removeprefix("file://"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    url = said.stdout.strip()
    assert "opening" in said.stderr
    there = visitor(alone)
    assert url == f"{there.origin}/_page/"
    token = file.read_text().partition(f"{url}open#")[2].partition('"')[0]
    assert token not in said.stdout + said.stderr + address
    assert there.log_in(token).status == 200
    assert not file.exists()
    assert there.api("GET", "/_local/page").json()["target"] == "local"


@pytest.mark.parametrize(
    "words",
    always(["--no-browser"], of=[["--no-browser"], ["--no-browser", "--json"], ["--json", "--quiet", "--no-browser"]]),
)
def test_no_browser_names_the_file_and_not_the_token(alone: CommandLine, browser: Path, words: list[str]) -> None:
    said = alone.run("open", *words)
    named = json.loads(said.stdout)["file"] if "--json" in words else said.stdout.strip()
    assert "open#" in Path(named).read_text()
    assert "#" not in said.stdout + said.stderr
    assert ("within 60 seconds" in said.stderr) is ("--quiet" not in words)
    assert not Path(f"{browser}.saw").exists()


def test_print_url_is_for_a_browser_elsewhere(alone: CommandLine, browser: Path) -> None:
    url = alone.run("open", "--print-url").stdout.strip()
    assert visitor(alone).log_in(url.partition("#")[2]).status == 200
    assert not Path(f"{browser}.saw").exists()
    said = alone.json("open", "--print-url")
    assert said["one_time_url"].startswith(said["url"] + "open#")


def test_without_a_display_it_says_what_to_do(alone: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    said = CommandLine(alone.folder, {**alone.environment, "BROWSER": ""}).run("open")
    assert Path(said.stdout.strip()).is_file()
    assert "lets a browser in, once, within 60 seconds" in said.stderr


def test_the_end_of_the_server_leaves_no_file(alone: CommandLine) -> None:
    file = Path(alone.json("open", "--no-browser")["file"])
    alone.run("local", "stop")
    assert not file.exists()


def test_what_a_killed_server_left_goes_with_the_next_invitation(alone: CommandLine) -> None:
    file = Path(alone.json("open", "--no-browser")["file"])
    alone.run("local", "stop")
    file.write_text("of one that was killed")
    os.utime(file, (0, 0))
    alone.run("open", "--no-browser")
    assert not file.exists()


def test_another_target_needs_its_project(alone: CommandLine) -> None:
    assert "agentcore configure" in alone.run("open", "--target", "aws", code=2).stderr
