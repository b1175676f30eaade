"""What the check says of where an agent's servers listen and of what they speak. All code here is data."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from agentcore_cli.config import Start
from agentcore_cli.contract import Protocol
from agentcore_cli.errors import EntrypointError
from agentcore_cli.operations.check import Subject, check_entrypoint, spoken_by

MCP_1 = 'from mcp.server.fastmcp import FastMCP\n\nmcp = FastMCP("x"{made})\n\nmcp.run({run})\n'
MCP_2 = 'from mcp.server import MCPServer\n\nmcp = MCPServer("x")\n\nmcp.run({run})\n'
FASTMCP = 'from fastmcp import FastMCP\n\nmcp = FastMCP("x")\n\nmcp.run({run})\n'
STRANDS = (
    "from strands.multiagent.a2a import A2AServer\n\nserver = A2AServer(agent=None{made})\n\nserver.serve({run})\n"
)
UVICORN = "import os\nimport uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\nuvicorn.run(app{run})\n"
HTTP = 'transport="streamable-http"'
LOOPBACK = "which works here, but on AWS nothing reaches it there"
STDIO = "speaks over stdin and stdout, so nothing listens and the session ends at once"


def subject(
    root: Path,
    code: str | Mapping[str, str],
    protocol: Protocol = "HTTP",
    environment: Mapping[str, str] | None = None,
    entrypoint: str = "agent.py",
) -> Subject:
    for name, text in ({"agent.py": code} if isinstance(code, str) else code).items():
        (root / name).write_text(textwrap.dedent(text))
    start = Start.of(entrypoint, protocol, root)
    return Subject(root, start, "3.13", environment=environment or {}, brings_packages=True, protocol=protocol)


def said(*arguments: object, **named: object) -> list[str]:
    """The warnings about servers alone: packages are another test's."""
    warnings = check_entrypoint(subject(*arguments, **named), {})  # type: ignore[arg-type]
    return [warning for warning in warnings if "nothing is required that provides" not in warning]


OURS = MCP_1.format(made=', host="0.0.0.0"', run=HTTP)
NOT_HTTP = "agent.py:3: FastMCP makes an agent of the protocol MCP, and it is configured as HTTP: "
NOT_MCP = "agent.py:3: A2AServer makes an agent of the protocol A2A, and it is configured as MCP: "
PORT = "but HTTP on AgentCore needs 8080; write"


def loopback(place: str, call: str, host: str = "127.0.0.1, the default") -> str:
    return f'{place}: it listens on {host}, {LOOPBACK}; write {call}(…, host="0.0.0.0")'


LOOPBACKS = {
    "FastMCP of mcp": (MCP_1.format(made="", run=HTTP), "MCP", loopback("agent.py:3", "FastMCP")),
    "MCPServer": (MCP_2.format(run=HTTP), "MCP", loopback("agent.py:5", "mcp.run")),
    "fastmcp": (FASTMCP.format(run='transport="http"'), "MCP", loopback("agent.py:5", "mcp.run")),
    "Strands": (STRANDS.format(made="", run=""), "A2A", loopback("agent.py:3", "A2AServer")),
    "said": (
        UVICORN.format(run=', host="localhost", port=8080'),
        "HTTP",
        loopback("agent.py:7", "uvicorn.run", "localhost"),
    ),
    "from a variable": (
        UVICORN.format(run=', host=os.getenv("HOST", "127.0.0.1"), port=8080'),
        "HTTP",
        loopback("agent.py:7", "uvicorn.run", "127.0.0.1")
        + ", or give the variable: agentcore configure --env HOST=0.0.0.0",
    ),
    "a pair": (
        "from http.server import HTTPServer\n\nHTTPServer(('127.0.0.1', 8080), None).serve_forever()\n",
        "HTTP",
        f'agent.py:3: it listens on 127.0.0.1, {LOOPBACK}; write HTTPServer(("0.0.0.0", 8080), …)',
    ),
    "Bottle": (
        "from bottle import Bottle\n\napp = Bottle()\napp.run(port=8080)\n",
        "HTTP",
        loopback("agent.py:4", "app.run"),
    ),
    "bottle.run": ("import bottle\n\nbottle.run(None, port=8080)\n", "HTTP", loopback("agent.py:3", "bottle.run")),
    "gevent": (
        "from gevent.pywsgi import WSGIServer\n\nWSGIServer(('localhost', 8080), None).serve_forever()\n",
        "HTTP",
        f'agent.py:3: it listens on localhost, {LOOPBACK}; write WSGIServer(("0.0.0.0", 8080), …)',
    ),
    "Granian": (
        "from granian import Granian\n\nserver = Granian('app:app', port=8080)\nserver.serve()\n",
        "HTTP",
        f'agent.py:3: it listens on 127.0.0.1, the default, {LOOPBACK}; write Granian(…, address="0.0.0.0")',
    ),
}
MISPLACED = {
    "a pair's other port": (
        "from socketserver import TCPServer\n\nTCPServer(('', 9090), None).serve_forever()\n",
        "HTTP",
        f'agent.py:3: it listens on port 9090, {PORT} TCPServer(("0.0.0.0", 8080), …)',
    ),
    "Sanic": (
        "from sanic import Sanic\n\napp = Sanic('bot')\napp.run('0.0.0.0')\n",
        "HTTP",
        f"agent.py:4: it listens on port 8000, {PORT} app.run(…, port=8080)",
    ),
    "another port": (
        "PORT = 9090\nfrom aiohttp import web\n\nweb.run_app(None, port=PORT)\n",
        "HTTP",
        f"agent.py:4: it listens on port 9090, {PORT} web.run_app(…, port=8080)",
    ),
    "the port of a variable": (
        UVICORN.format(run=', host="0.0.0.0", port=int(os.environ.get("PORT", 8000))'),
        "HTTP",
        f"agent.py:7: it listens on port 8000, {PORT} uvicorn.run(…, port=8080), "
        "or give the variable: agentcore configure --env PORT=8080",
    ),
    "another transport": (
        FASTMCP.format(run='transport="sse", host="0.0.0.0"'),
        "MCP",
        'agent.py:5: AgentCore calls POST /mcp, which the transport "sse" does not have; '
        'write mcp.run(transport="streamable-http", host="0.0.0.0")',
    ),
    "MCP as HTTP": (OURS, "HTTP", NOT_HTTP + "agentcore configure --protocol MCP"),
    "A2A as MCP": (
        STRANDS.format(made=', host="0.0.0.0"', run=""),
        "MCP",
        NOT_MCP + "agentcore configure --protocol A2A",
    ),
}
CASES = LOOPBACKS | MISPLACED


@pytest.mark.parametrize(("code", "protocol", "expected"), CASES.values(), ids=CASES.keys())
def test_what_works_here_alone_is_warned_of(code: str, protocol: Protocol, expected: str, tmp_path: Path) -> None:
    assert said(tmp_path, code, protocol) == [expected]


@pytest.mark.parametrize(
    ("code", "protocol", "environment"),
    [
        (MCP_1.format(made=', host="0.0.0.0"', run=HTTP), "MCP", {}),
        (MCP_1.format(made=", **OPTIONS", run=HTTP), "MCP", {}),
        (FASTMCP.format(run=HTTP), "MCP", {"FASTMCP_HOST": "0.0.0.0"}),
        (STRANDS.format(made="", run='host="0.0.0.0"'), "A2A", {}),
        (UVICORN.format(run=', host="0.0.0.0", port=int(os.environ.get("PORT", 8000))'), "HTTP", {"PORT": "8080"}),
        ("from granian import Granian\n\nGranian('a:b', '0.0.0.0', 8080).serve()\n", "HTTP", {}),
        (UVICORN.format(run=', host=chosen(), port=int(os.environ["PORT"])'), "HTTP", {}),
        ("A = B\nB = A\nimport uvicorn\nuvicorn.run(None, host=A, port=B)\n", "HTTP", {}),
        # a page of figures beside the agent, for this machine alone
        (UVICORN.format(run=', host="127.0.0.1", port=9090') + "uvicorn.run(app, host='', port=8080)\n", "HTTP", {}),
    ],
)  # fmt: skip
def test_what_is_right_or_not_known_is_not_spoken_of(
    code: str, protocol: Protocol, environment: dict[str, str], tmp_path: Path
) -> None:
    assert said(tmp_path, code, protocol, environment) == []


def test_the_guard_of_a_file_that_uvicorn_serves_does_not_run(tmp_path: Path) -> None:
    assert said(tmp_path, UVICORN.format(run=""), entrypoint="agent:app") == []


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        (MCP_1.format(made="", run=""), 'write mcp.run(transport="streamable-http"), and FastMCP(…, host="0.0.0.0")'),
        (MCP_2.format(run='"stdio"'), 'write mcp.run(transport="streamable-http", host="0.0.0.0")'),
        (FASTMCP.format(run=""), 'write mcp.run(transport="streamable-http", host="0.0.0.0")'),
    ],
)
def test_an_mcp_server_over_stdio_is_a_definite_fault(code: str, mend: str, tmp_path: Path) -> None:
    with pytest.raises(EntrypointError) as raised:
        check_entrypoint(subject(tmp_path, code, "MCP"), {})
    assert f"agent.py:5: mcp.run() {STDIO}; {mend}" in str(raised.value)


@pytest.mark.parametrize(
    ("code", "environment"),
    [
        (FASTMCP.format(run=""), {"FASTMCP_TRANSPORT": "http"}),
        (FASTMCP.format(run="transport=chosen()"), {"FASTMCP_HOST": "0.0.0.0"}),
        (FASTMCP.format(run="") + 'mcp.run(transport="http", host="0.0.0.0")\n', {}),
    ],
)
def test_a_transport_that_is_chosen_elsewhere_is_no_fault(
    code: str, environment: dict[str, str], tmp_path: Path
) -> None:
    assert not [warning for warning in said(tmp_path, code, "MCP", environment) if "stdin" in warning]


@pytest.mark.parametrize(
    ("code", "protocol"),
    [
        (MCP_1.format(made="", run=HTTP), "MCP"),
        (MCP_2.format(run=HTTP), "MCP"),
        (FASTMCP.format(run=""), "MCP"),
        ("import fastmcp\n\napp = fastmcp.FastMCP('x').http_app()\n", "MCP"),
        ({"agent.py": "from tools import mcp\nmcp.run()\n", "tools.py": FASTMCP.split("mcp.run")[0]}, "MCP"),
        (STRANDS.format(made="", run=""), "A2A"),
        ("from a2a.server.apps import A2AStarletteApplication as App\n\napp = App(None, None).build()\n", "A2A"),
        ("from a2a.server.routes import create_jsonrpc_routes\n\nroutes = create_jsonrpc_routes(None)\n", "A2A"),
        ("from bedrock_agentcore.runtime import serve_a2a\n\nserve_a2a(None)\n", "A2A"),
        ("from bedrock_agentcore.runtime import serve_ag_ui\n\nserve_ag_ui(None)\n", "AGUI"),
        (f"{FASTMCP}from bedrock_agentcore import BedrockAgentCoreApp\napp = BedrockAgentCoreApp()\n", "HTTP"),
        ("from fastmcp import FastMCP\ntools = FastMCP()\n@app.post('/invocations')\ndef f(): ...\n", None),
        ("from fastmcp import Client\nclient = Client('x')\n", None),
        ("from a2a.client import A2AClient\nclient = A2AClient('x')\n", None),
        ("class FastMCP: ...\nmcp = FastMCP()\nmcp.run()\n", None),
    ],
)  # fmt: skip
def test_the_code_tells_its_protocol(code: str | dict[str, str], protocol: Protocol | None, tmp_path: Path) -> None:
    spoken = spoken_by(subject(tmp_path, code))
    assert (spoken.protocol if spoken else None) == protocol
