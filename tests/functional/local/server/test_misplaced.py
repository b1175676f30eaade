"""An agent that is up, but not where AgentCore looks: said at once, and not after the initialization's 120 s."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from shutil import which

import pytest

from agentcore_cli.contract import HEADER_WARNINGS, LOCAL_NETWORK_PROTECTION
from agentcore_cli.events import Event, Note
from agentcore_cli.operations.invoke.starting import told_while_starting
from tests.local_runtime import RunningServer, eventually, new_session
from tests.long_cases import always

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
LATE = "import http.server, time, socket\nhelper = socket.create_server(('127.0.0.1', 8000))\ntime.sleep(1.5)\n"
CALL = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'


def refusal(server: RunningServer, code: str, name: str, protocol: str) -> str:
    """The refusal's texts, whichever envelope the protocol has for them."""
    arn = server.deploy(code, name=name, protocolConfiguration={"serverProtocol": protocol})
    answer = server.invoke(arn, CALL, new_session(), accept="application/json, text/event-stream")
    told = json.loads(answer.body.removeprefix(b"data: "))
    told = told if "message" in told else {**told["error"], **told["error"]["data"]}
    return f"{told['message']}\n{told['detail']}"


@pytest.mark.parametrize(
    ("protocol", "port"), always(("HTTP", 8080), of=[("HTTP", 8080), ("A2A", 9000), ("AGUI", 8080)])
)
def test_a_ping_that_is_answered_with_404(server: RunningServer, protocol: str, port: int) -> None:
    told = refusal(server, SERVER.format(status=404, port=port), f"noping_{protocol}", protocol)
    assert f"The server answers 404 to GET /ping, which {protocol} on AgentCore needs to be 200.\n" in told
    assert '@app.get("/ping")' in told
    assert "\nserving" in told


ROUTELESS = SERVER.replace(
    "do_POST = do_GET",
    """
    def do_POST(self):
        self.send_error(405, "Method Not Allowed")
""",
)


@pytest.mark.parametrize(
    ("protocol", "port", "path"), [("HTTP", 8080, "/invocations"), ("MCP", 8000, "/mcp"), ("A2A", 9000, "/")]
)
def test_a_server_without_the_path_that_is_called(server: RunningServer, protocol: str, port: int, path: str) -> None:
    told = refusal(server, ROUTELESS.format(status=200, port=port), f"noroute_{protocol}", protocol)
    assert f"The server answers 405 to POST {path}, which is what {protocol} on AgentCore calls.\n" in told


def test_a_redirect_is_told_as_no_answer(server: RunningServer) -> None:
    """As frameworks answer where the route has a slash at its end."""
    told = refusal(server, ROUTELESS.replace("405, ", "307, ").format(status=200, port=8080), "redirects", "HTTP")
    assert "The server answers 307 to POST /invocations, which is what HTTP on AgentCore calls: a redirect" in told


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


ON_LOOPBACK = SERVER.replace("0.0.0.0", "127.0.0.1").replace(
    "do_POST = do_GET",
    """
    def do_POST(self):
        import subprocess
        subprocess.run(["git", "--version"])
        self.do_GET()
""",
)


def test_what_goes_well_here_alone_is_said_once(server: RunningServer) -> None:
    arn = server.deploy(ON_LOOPBACK.format(status=200, port=8080), name="loopback")
    session, told = new_session(), []
    known = 1 + bool(which("git"))
    for called in (session, session, new_session()):
        answer = server.invoke(arn, b"{}", called)
        assert answer.status == 200
        told += json.loads(answer.headers.get(HEADER_WARNINGS.lower(), "[]"))
        eventually(lambda: all(len(it.warnings) == known for it in server.living(arn)), "the logs have been read")
    assert "the server listens on 127.0.0.1:8080, where AWS does not reach it" in told[0]
    assert [warning for warning in told if warning.startswith("git is a program of this machine")] == told[1:]
    assert len(told) == known


def _with_variables_of_its_own(code: str, *options: str) -> str:
    """An agent whose server is a Python that nothing of ours reaches."""
    command = f"[sys.executable, {', '.join(map(repr, options))}{', ' if options else ''}'-c', {code!r}]"
    return f"import subprocess, sys\nsubprocess.run({command}, env={{'PATH': '/usr/bin:/bin'}})"


COUNTING = SERVER.replace(
    "do_POST = do_GET",
    """
    def do_POST(self):
        self.server.count = getattr(self.server, "count", 0) + 1
        got = len(self.rfile.read(int(self.headers["content-length"])))
        body = b"[%d, %d]" % (self.server.count, got) + b" " * got
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
""",
)


@pytest.fixture
def own_network(server: RunningServer) -> bool:
    """Whether sessions have ports of their own here."""
    found = {each["name"]: each["active"] for each in server.local.health().protections}
    return found[LOCAL_NETWORK_PROTECTION]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where another process listens")
@pytest.mark.parametrize("options", [(), ("-I",)], ids=["environment", "isolated"])
def test_a_server_that_took_the_port_by_tcp_is_reached_in_each_session(
    server: RunningServer, own_network: bool, options: tuple[str, ...]
) -> None:
    """So do those of C, Rust and Go. Where sessions share the machine's network, it is told what helps."""
    code = _with_variables_of_its_own(COUNTING.format(status=200, port=8080), *options)
    arn = server.deploy(code, name=f"tcp{len(options)}")
    one, large = new_session(), b"x" * 3_000_000
    first = server.invoke(arn, b"{}", one)
    if not own_network:
        assert "port 8080 with a server that is not Python's" in first.json()["message"]
        return
    assert first.json() == [1, 2]
    assert server.invoke(arn, large, one).body == b"[2, 3000000]" + b" " * len(large)
    assert server.invoke(arn, b"{}", new_session()).json() == [1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where another process listens")
def test_one_that_took_it_on_loopback_is_warned_of(server: RunningServer, own_network: bool) -> None:
    if not own_network:
        pytest.skip("sessions share the machine's network here")
    code = COUNTING.replace("0.0.0.0", "127.0.0.1").format(status=200, port=8080)
    arn = server.deploy(_with_variables_of_its_own(code), name="tcp_on_loopback")
    assert server.invoke(arn, b"{}", new_session()).status == 200
    told = eventually(lambda: [text for it in server.living(arn) for text in it.warnings], "it is warned of")
    assert told[0].startswith("the server listens on 127.0.0.1:8080, where AWS does not reach it")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what another process does")
def test_what_an_agent_does_that_listens_nowhere_is_told_while_it_starts(server: RunningServer) -> None:
    arn = server.deploy("import time\nwhile True:\n    time.sleep(0.05)", name="sleeper")
    with ThreadPoolExecutor() as pool:
        session = new_session()
        call = pool.submit(server.invoke, arn, b"{}", session)
        prefix = arn.rpartition("-")[0]
        start = eventually(lambda: [it for it in server.local.starts(prefix) if it.seen], "it is looked at")[0]
        assert start.session_id == session
        assert start.seconds > 0
        eventually(
            lambda: [it.seen for it in server.local.starts(arn)] == ["nothing answers on port 8080 yet; it sleeps"],
            "it has come to rest",
        )
        server.local.advance_clock(121)
        told = call.result().json()
    assert "It does not listen on port 8080, nor on any other; it " in told["message"]
    assert "app.run()" in told["detail"]
    assert server.local.starts(arn) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what another process does")
def test_who_waits_hears_it_again_and_again_and_nothing_afterwards(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTCORE_HOME", str(server.home.root))
    arn = server.deploy("import time\nwhile True:\n    time.sleep(0.05)", name="waited_for")
    session, told, others = new_session(), list[Event](), list[Event]()
    with (
        ThreadPoolExecutor() as pool,
        told_while_starting(arn, others.append, session_id=new_session(), first=0),
    ):
        with told_while_starting(arn.rpartition("-")[0], told.append, first=0, again=0):
            call = pool.submit(server.invoke, arn, b"{}", session)
            eventually(lambda: len(told) > 2 and "nothing answers" in str(told[-1]), "it was told")
        heard = len(told)
        server.local.advance_clock(121)
        assert call.result().status == 424
    last = told[-1]
    assert isinstance(last, Note)
    assert re.fullmatch(
        r"still starting after \d+ s: nothing answers on port 8080 yet; it .*? \(AgentCore waits 120 s\)", last.message
    )
    assert len(told) == heard
    assert others == []


def test_a_helper_at_another_port_does_not_end_a_start(server: RunningServer) -> None:
    arn = server.deploy(LATE + SERVER.format(status=200, port=8080), name="late")
    assert server.invoke(arn, b"{}", new_session()).status == 200
