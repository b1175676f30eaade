"""The fixture `agentcore_runtime`: what a test finds of the ones before it, and what not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.functional.dev.stage import Project

TESTS = """
import os
import time
from pathlib import Path

import pytest

HOMES = []


def deployed(runtime, **said):
    HOMES.append(os.environ["AGENTCORE_HOME"])
    return runtime.deploy("agent.py", **said)


@pytest.mark.parametrize("number", range(2))
def test_an_id_of_an_earlier_test_is_new(agentcore_runtime, number):
    agent = deployed(agentcore_runtime)
    assert agent.invoke({"prompt": number}, session_id="a") == "0.1"
    deadline = time.monotonic() + 60
    while not (heard := [line for line in agent.logs() if "heard" in line]):
        assert time.monotonic() < deadline
    assert heard == [f"heard {number}"]


def test_one_may_be_deployed_twice(agentcore_runtime):
    one, other = deployed(agentcore_runtime), deployed(agentcore_runtime)
    assert one.invoke({}, session_id="a") == "0.1"
    assert other.invoke({}, session_id="b") == "0.1"


def test_what_is_said_of_it_counts(agentcore_runtime):
    agent = deployed(agentcore_runtime, environment={"A": "b"})
    assert agent.invoke({}, session_id="a") == "0.1"


def test_what_was_saved_counts(agentcore_runtime):
    file = Path("agent.py")
    file.write_text(file.read_text().replace('MARK = "0"', 'MARK = "1"'))
    assert deployed(agentcore_runtime).invoke({}, session_id="a") == "1.1"


def test_the_clock_is_moved(agentcore_runtime):
    agent = deployed(agentcore_runtime)
    assert agent.invoke({}, session_id="a") == "1.1"
    agentcore_runtime.advance_clock("16m")
    assert agent.invoke({}, session_id="a") == "1.1"


def test_after_that_the_server_is_another(agentcore_runtime):
    assert os.environ["AGENTCORE_HOME"] not in HOMES
    assert len(set(HOMES)) < len(HOMES) - 1, "earlier tests handed their server on"
    assert not agentcore_runtime._server._deployed
    assert deployed(agentcore_runtime).invoke({}, session_id="a") == "1.1"
"""


@pytest.mark.long
def test_a_test_finds_nothing_of_the_one_before(project: Project) -> None:
    (project.folder / "test_agent.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "test_agent.py"]
    environment = project.command.whole_environment()
    done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
