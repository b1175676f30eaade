"""An agent that is up, but not where AgentCore looks: said at once, and not after the initialization's 120 s."""

from __future__ import annotations

import json
import sys

import pytest

from tests.local_runtime import RunningServer, new_session

SERVER = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")
    do_POST = do_GET

print("serving", flush=True)
http.server.HTTPServer(("0.0.0.0", {port}), Handler).serve_forever()
"""
LATE = "import time, socket\nhelper = socket.create_server(('127.0.0.1', 8000))\ntime.sleep(2.5)\n"
CALL = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'


def refusal(server: RunningServer, code: str, name: str, protocol: str) -> str:
    """The refusal's texts, whichever envelope the protocol has for them."""
    arn = server.deploy(code, name=name, protocolConfiguration={"serverProtocol": protocol})
    answer = server.invoke(arn, CALL, new_session(), accept="application/json, text/event-stream")
    told = json.loads(answer.body.removeprefix(b"data: "))
    told = told if "message" in told else {**told["error"], **told["error"]["data"]}
    return f"{told['message']}\n{told['detail']}"


@pytest.mark.parametrize(("protocol", "port"), [("HTTP", 8080), ("A2A", 9000), ("AGUI", 8080)])
def test_a_ping_that_is_answered_with_404(server: RunningServer, protocol: str, port: int) -> None:
    told = refusal(server, SERVER.format(status=404, port=port), f"noping_{protocol}", protocol)
    assert f"The server answers 404 to GET /ping, which {protocol} on AgentCore needs to be 200.\n" in told
    assert '@app.get("/ping")' in told
    assert "\nserving" in told


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where another process listens")
@pytest.mark.parametrize(
    ("protocol", "port", "said"),
    [
        ("HTTP", 8000, "listens on port 8000, but HTTP on AgentCore needs 8080. If it is an MCP server"),
        ("MCP", 8080, "listens on port 8080, but MCP on AgentCore needs 8000. If it is an HTTP server"),
    ],
)
def test_another_port(server: RunningServer, protocol: str, port: int, said: str) -> None:
    assert said in refusal(server, SERVER.format(status=200, port=port), f"port_{protocol}", protocol)


@pytest.mark.parametrize(
    ("protocol", "port", "said"),
    [("HTTP", 8080, "app.run()"), ("MCP", 8000, 'mcp.run(transport="streamable-http")')],
)
def test_a_program_that_ends_without_a_server(server: RunningServer, protocol: str, port: int, said: str) -> None:
    told = refusal(server, "print('all done')", f"ends_{protocol}", protocol)
    assert "exited with status 0 before it served a request. It came to its end" in told
    assert f"nothing listens on port {port}." in told
    assert said in told
    assert "\nall done" in told


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where another process listens")
def test_a_child_at_another_port(server: RunningServer) -> None:
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {SERVER.format(status=200, port=5000)!r}])"
    assert "listens on port 5000, but HTTP on AgentCore needs 8080." in refusal(server, child, "child", "HTTP")


def test_a_helper_at_another_port_does_not_end_a_start(server: RunningServer) -> None:
    arn = server.deploy(LATE + SERVER.format(status=200, port=8080), name="late")
    assert server.invoke(arn, b"{}", new_session()).status == 200
