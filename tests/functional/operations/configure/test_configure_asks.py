"""On a terminal `configure` asks for what is missing; enter takes the default that it shows."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
import yaml

from agentcore_cli.names import agent_name_from
from tests.command_line import AGENTCORE, SECONDS, environment_without_aws

AGENT = "from http.server import BaseHTTPRequestHandler as H, HTTPServer\nHTTPServer(('', 8080), H).serve_forever()\n"


def answer(folder: Path, lines: str, *arguments: str, **variables: str) -> str:
    """Run `configure` with a terminal on which `lines` are typed; gives what was shown there."""
    ours, theirs = pty.openpty()
    os.write(ours, lines.encode())
    environment = environment_without_aws() | {"HOME": str(folder), **variables}
    with open(theirs, "wb", buffering=0) as terminal, open(ours, "rb", buffering=0) as screen:
        command = [AGENTCORE, "configure", *arguments]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=terminal,
            stderr=terminal,
            stdout=subprocess.PIPE,
            timeout=SECONDS,
        )
        shown = screen.read(65536).decode()
    assert done.returncode == 0, shown
    return shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(AGENT)
    return tmp_path


def test_what_is_missing_is_asked_for(folder: Path) -> None:
    shown = answer(folder, "\nsupport\neu-west-1\n")
    assert "Entrypoint [main.py]: " in shown
    assert f"Name of the agent [{agent_name_from(folder.name)}]: " in shown  # main says nothing
    assert "AWS region [us-west-2]: " in shown
    config = yaml.safe_load((folder / ".agentcore.yaml").read_text())
    assert list(config["agents"]) == ["support"]
    assert config["targets"] == {"aws": {"region": "eu-west-1"}}


MCP = "from fastmcp import FastMCP\nmcp = FastMCP('x')\nmcp.run(transport='http', host='0.0.0.0')\n"


@pytest.mark.parametrize(("typed", "protocol"), [("\n", "MCP"), ("http\n", "HTTP")])
def test_the_protocol_of_the_code_is_proposed(folder: Path, typed: str, protocol: str) -> None:
    (folder / "main.py").write_text(MCP)
    (folder / "requirements.txt").write_text("fastmcp\n")
    shown = answer(folder, typed, "-e", "main.py", "-n", "bot", AWS_REGION="eu-west-2")
    assert "Protocol (main.py:2: FastMCP) [MCP]: " in shown
    assert ("agentcore configure --protocol MCP" in shown) is (protocol == "HTTP")
    assert yaml.safe_load((folder / ".agentcore.yaml").read_text())["agents"]["bot"]["protocol"] == protocol


def test_nothing_is_asked_that_is_known(folder: Path) -> None:
    shown = answer(folder, "", "-e", "main.py", "-n", "bot", AWS_REGION="eu-west-2")
    assert "[" not in shown.replace("\x1b[", "")
    shown = answer(folder, "", "--env", "A=1")
    assert "Entrypoint" not in shown
