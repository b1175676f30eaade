"""What of this machine's network sessions have is told by `plan` and `status` where it surprises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine

TOLD = "127.0.0.1:11434 (OLLAMA_HOST)"


@pytest.fixture(scope="module")
def project(agentcore: CommandLine) -> Iterator[CommandLine]:
    agentcore.run("deploy", "--local", "--env", "OLLAMA_HOST=http://127.0.0.1:11434")
    yield agentcore
    agentcore.run("deploy", "--local", "--env", "OLLAMA_HOST=")


@pytest.fixture
def private(project: CommandLine) -> CommandLine:
    network = project.json("status", "--local")["network"]
    if network["mode"] != "private":
        pytest.skip(f"no private network here: {network['reason']}")
    return project


def test_services_of_this_machine_that_are_reached(private: CommandLine) -> None:
    assert private.json("status", "--local")["network"] == {"mode": "private", "reason": None, "reaches": [TOLD]}
    shown = private.run("status", "--local").stdout
    assert f"private, but reaches {TOLD} of this machine" in shown


def test_a_network_that_is_the_machine_s(private: CommandLine) -> None:
    config = Path(private.folder, ".agentcore.yaml")
    before = config.read_text()
    config.write_text(f"{before}\nlocal: {{network: shared}}\n")
    try:
        shown = private.run("plan", "--local").stdout
        assert shown.endswith("network of sessions: shared with this machine: local.network asks for it\n")
        assert private.run("deploy", "--dry-run", "--local").stdout == shown
        assert private.json("plan", "--local")["network"]["mode"] == "shared"
    finally:
        config.write_text(before)


def test_what_the_config_names_is_in_the_plan(private: CommandLine) -> None:
    config = Path(private.folder, ".agentcore.yaml")
    before = config.read_text()
    config.write_text(f"{before}\nlocal: {{network: none, reachable: ['127.0.0.1:5432']}}\n")
    try:
        network = private.json("plan", "--local")["network"]
        assert network == {"mode": "none", "reason": None, "reaches": ["127.0.0.1:5432 (AGENTCORE_LOCAL_REACHABLE)"]}
    finally:
        config.write_text(before)


def test_nothing_is_said_where_nothing_surprises(private: CommandLine) -> None:
    assert "network" not in private.run("plan", "--local").stdout
