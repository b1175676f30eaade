"""MCP and A2A agents from `configure` to `destroy`, by the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.functional.journeys.project import AGENTS, deployed
from tests.local_runtime import nothing_is_served

MCP_APPLICATION = """
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("clock", stateless_http=True, json_response=True)


@mcp.tool()
def add(a: int, b: int) -> int:
    return a + b


app = mcp.streamable_http_app()
"""


@pytest.mark.long
def test_an_mcp_server(tmp_path: Path, home_path: Path) -> None:
    (tmp_path / "clock.py").write_text(MCP_APPLICATION)
    (tmp_path / "requirements.txt").write_text("mcp<2\nuvicorn\n")
    configure = ["--entrypoint", "clock:app", "--name", "clock", "--protocol", "MCP"]
    with deployed(tmp_path, home_path, [*configure, "--requirements", "requirements.txt"]) as project:
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "add", "arguments": {"a": 1, "b": 2}},
        }
        answer = project.invoke(json.dumps(call), "first")
        assert answer["result"]["content"] == [{"type": "text", "text": "3"}]
        told = '{"jsonrpc": "2.0", "method": "notifications/initialized"}'
        assert project.command.json("invoke", "--local", told, "-s", "first")["status_code"] == 202
        failed = project.command.run("invoke", "--local", '{"jsonrpc": "2.0"}', "-s", "first", code=5)
        assert "Received error (400) from runtime" in failed.stderr
        assert project.command.run("exec", "--local", "ls *.py", "-s", "first").stdout == "clock.py\n"
        refused = project.command.run("invoke", "--local", "hello", code=2).stderr
        assert "the agent speaks MCP, which takes JSON-RPC" in refused
        listing = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
        assert f"next: agentcore invoke --local '{listing}'" in refused
        assert project.invoke(listing, "first")["result"]["tools"][0]["name"] == "add"
        assert f"--session-id conv1 '{listing}'" in project.command.run("deploy", "--local").stderr
        wrong = json.dumps(call | {"method": "tools/nope"})
        failed = project.command.run("invoke", "--local", wrong, "-s", "first", code=5)
        assert json.loads(failed.stdout)["error"]["code"] == -32602
        assert "the agent answers with an error: " in failed.stderr
        raw = project.command.run("invoke", "--local", wrong, "-s", "first", "--raw", code=5)
        assert raw.stdout.strip() == failed.stdout.strip()
        told = project.command.feed("", "--json", "invoke", "--local", wrong, "-s", "first", code=5)
        assert json.loads(told.stdout)["error"]["code"] == "AgentFailed"
    nothing_is_served(home_path)


def test_an_a2a_agent(tmp_path: Path, home_path: Path) -> None:
    shutil.copy(AGENTS / "servers" / "a2a.py", tmp_path / "echo.py")
    with deployed(tmp_path, home_path, ["--entrypoint", "echo.py", "--name", "echo", "--protocol", "A2A"]) as project:
        call = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"text": "hello"}}
        assert project.invoke(json.dumps(call), "first")["result"]["params"] == {"text": "hello"}
        said = project.invoke("hello", "first")["result"]["params"]["message"]
        assert said["parts"] == [{"kind": "text", "text": "hello"}]
        card = project.command.json("invoke", "--local", "--agent-card", "-s", "first")["response"]
        assert card["name"] == "echo"
        assert "/runtimes/arn%3Aaws%3A" in card["url"]
        failed = project.command.run("invoke", "--local", json.dumps(call | {"method": "fail"}), "-s", "first", code=5)
        assert "Received error (500) from runtime" in failed.stderr
    nothing_is_served(home_path)
