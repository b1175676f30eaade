"""When an agent is said to serve at the wrong place, and what is said."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agentcore_cli.contract import Protocol
from agentcore_cli.local.sessions.provisioning import LOOK_SECONDS, RETRY_SECONDS_MAX
from agentcore_cli.local.sessions.whereabouts import (
    ELSEWHERE_SECONDS,
    PAUSING_SECONDS,
    REFUSING_SECONDS,
    Look,
    Refusals,
    WhereaboutsWatch,
    elsewhere,
    ended,
    is_final,
    look,
    nowhere,
    refused,
)
from tests.local_runtime import eventually

IDLE = Look(frozenset({8000}), at_work=False, processor_seconds=1.0, waits=True)
PAUSING = Look(frozenset({8000}), at_work=False, processor_seconds=1.0)
LISTENER = """
import select, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
caller = socket.create_connection(listener.getsockname()) if "called" in sys.argv else None
print(listener.getsockname()[1], flush=True)
if "waits" in sys.argv:
    select.select([sys.stdin], [], [])
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("status", "final"),
    [
        *((status, True) for status in (307, 400, 401, 404, 405)),
        *((status, False) for status in (200, 408, 425, 429, 500, 502, 503)),
    ],
)
def test_what_more_time_does_not_mend(status: int, final: bool) -> None:
    assert is_final(status) is final


def test_a_refusal_counts_when_it_has_stayed_the_same() -> None:
    refusals = Refusals()
    assert not refusals.has_lasted(503, 0)
    assert not refusals.has_lasted(404, 10)
    assert not refusals.has_lasted(404, 10 + REFUSING_SECONDS - 0.1)
    assert refusals.has_lasted(404, 10 + REFUSING_SECONDS)
    refusals.status = None  # a ping without an answer
    assert not refusals.has_lasted(404, 100)


def test_what_is_certain_is_told_within_two_seconds() -> None:
    assert REFUSING_SECONDS + RETRY_SECONDS_MAX < 2
    assert ELSEWHERE_SECONDS + 3 * LOOK_SECONDS < 2  # to see that it listens, that it waits, and that it is over


def settles(*looks: tuple[float, Look]) -> list[bool]:
    watch = WhereaboutsWatch()
    return [watch.is_settled(seen, now) for now, seen in looks]


def test_a_server_that_waits_at_another_port_has_settled() -> None:
    assert settles((0, IDLE), (ELSEWHERE_SECONDS - 0.1, IDLE), (ELSEWHERE_SECONDS, IDLE)) == [False, False, True]


def test_one_that_may_go_on_by_itself_gets_more_time() -> None:
    looks = [(ELSEWHERE_SECONDS, PAUSING), (PAUSING_SECONDS - 0.1, PAUSING), (PAUSING_SECONDS, PAUSING)]
    assert settles((0, PAUSING), *looks) == [False, False, False, True]


def test_what_waits_at_one_look_after_a_pause_has_not_settled() -> None:
    """It may listen by now: its ports were looked at before its threads."""
    late = ELSEWHERE_SECONDS * 2
    assert settles((0, PAUSING), (late, PAUSING), (late + 0.1, IDLE), (late + 0.9, IDLE)) == [False] * 4
    assert settles((0, PAUSING), (late, IDLE), (late + ELSEWHERE_SECONDS, IDLE)) == [False, False, True]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(Look(frozenset({8000}), at_work=True, processor_seconds=1.0), id="it imports, calls or waits"),
        pytest.param(Look(frozenset(), at_work=False, processor_seconds=1.0), id="it listens no more"),
        pytest.param(Look(frozenset({8000, 9}), at_work=False, processor_seconds=1.0), id="it listens at one more"),
    ],
)
def test_whatever_happens_begins_the_wait_anew(between: Look) -> None:
    late = ELSEWHERE_SECONDS * 0.75
    assert settles((0, IDLE), (late, between), (late + 0.1, IDLE), (late + 1, IDLE)) == [False] * 4


def test_a_process_that_computes_has_not_settled() -> None:
    busy = [Look(frozenset({8000}), at_work=False, processor_seconds=second * 0.9) for second in range(30)]
    assert not any(settles(*((float(second), seen) for second, seen in enumerate(busy))))


def test_a_process_that_listens_nowhere_has_not_settled() -> None:
    nowhere = Look(frozenset(), at_work=False, processor_seconds=1.0)
    assert not any(settles(*((float(second), nowhere) for second in range(130))))


@pytest.mark.parametrize(
    ("ports", "protocol", "port", "said"),
    [
        ({8000}, "HTTP", 8080, "listens on port 8000, but HTTP on AgentCore needs 8080. If it is an MCP server: "),
        ({9000}, "HTTP", 8080, "listens on port 9000, but HTTP on AgentCore needs 8080. If it is an A2A server: "),
        ({5000}, "A2A", 9000, "listens on port 5000, but A2A on AgentCore needs 9000."),
        ({8001, 5000}, "MCP", 8000, "listens on port 5000 and 8001, but MCP on AgentCore needs 8000."),
        ({8080}, "MCP", 8000, "but MCP on AgentCore needs 8000. If it is an HTTP server: agentcore configure --pro"),
        ({8080}, "HTTP", 8080, "port 8080 with a server that is not Python's"),
    ],
)
def test_what_is_said_of_other_ports(ports: set[int], protocol: Protocol, port: int, said: str) -> None:
    assert said in elsewhere(ports, protocol, port).message


@pytest.mark.parametrize(
    ("looks", "doing"),
    [
        ([Look(frozenset(), at_work=False, processor_seconds=1.0)] * 2, "it sleeps"),
        ([Look(frozenset(), at_work=True, processor_seconds=1.0)] * 2, "it is at work"),
        ([Look(frozenset(), at_work=False, processor_seconds=seconds) for seconds in (1.0, 1.2)], "it is at work"),
        ([Look(frozenset(), True, 1.0, is_connected=True)] * 2, "it is connected with somebody else"),
    ],
)
def test_what_one_does_that_listens_nowhere(looks: list[Look], doing: str) -> None:
    watch = WhereaboutsWatch()
    for now, seen in enumerate(looks):
        assert not watch.is_settled(seen, float(now))
    assert watch.doing() == doing
    told = nowhere("HTTP", 8080, watch.doing())
    assert told.message == f"It does not listen on port 8080, nor on any other; {doing}."
    assert "app.run()" in told.lines


def test_a_port_is_on_loopback_where_nobody_of_the_family_listens_elsewhere() -> None:
    hidden, open_ = (Look(frozenset({8080}), False, 1.0, on_loopback=frozenset(where)) for where in ({8080}, ()))
    assert (hidden + hidden).on_loopback == {8080}
    assert (hidden + open_).on_loopback == (open_ + hidden).on_loopback == frozenset()


@pytest.mark.parametrize(
    ("host", "hidden"), [("127.0.0.1", True), ("127.0.0.5", True), ("0.0.0.0", False), ("::1", True)]
)
def test_a_look_sees_who_listens_on_loopback(host: str, hidden: bool) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with listener:
        port = listener.getsockname()[1]
        assert (port in look(os.getpid()).on_loopback) is hidden


def test_what_is_said_of_refused_pings() -> None:
    told = refused(404, "A2A", ["GET /ping 404"])
    assert told.message == "The server answers 404 to GET /ping, which A2A on AgentCore needs to be 200."
    assert '@app.get("/ping")' in told.lines
    assert "to_fastapi_app" in told.lines
    wsgi = refused(
        500, "HTTP", ["TypeError: Flask.__call__() missing 1 required positional argument: 'start_response'"]
    )
    assert "WSGI" in wsgi.message
    assert wsgi.lines == ""


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """The pid and the port of a process that listens, with a caller if the parameter says so."""
    command = [sys.executable, "-c", LISTENER, *request.param]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.communicate()


@pytest.mark.parametrize(("running", "connected"), [([], False), (["called"], True)], indirect=["running"])
def test_a_look_sees_the_process_s_own_ports_and_connections(running: tuple[int, int], connected: bool) -> None:
    pid, port = running
    with socket.create_server(("127.0.0.1", 0)):  # another's
        seen = look(pid)
    assert seen.ports == {port}
    if connected:
        assert seen.at_work


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where a thread sleeps")
@pytest.mark.parametrize(("running", "waits"), [([], False), (["waits"], True)], indirect=["running"])
def test_a_look_sees_whether_callers_are_waited_for(running: tuple[int, int], waits: bool) -> None:
    pid, _ = running
    eventually(lambda: not look(pid).at_work and look(pid).waits is waits, "it has come to rest")


def test_a_look_sees_what_a_child_listens_on() -> None:
    command = [sys.executable, "-c", LISTENER, "waits"]
    starter = f"import subprocess; subprocess.run({command!r})"
    with subprocess.Popen([sys.executable, "-c", starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert look(parent.pid).ports == {port}
        parent.communicate()


@pytest.mark.parametrize(("protocol", "port"), [("HTTP", 8080), ("A2A", 9000), ("MCP", 8000)])
def test_what_is_said_of_a_program_that_just_ends(protocol: Protocol, port: int) -> None:
    told = ended(protocol, ["done"], is_success=True)
    assert told.message == f"It came to its end and nothing listens on port {port}."
    assert "run(" in told.lines


def test_a_failure_speaks_for_itself() -> None:
    assert ended("HTTP", ["ImportError: no"], is_success=False).message == ""


@pytest.mark.parametrize(
    "line",
    [
        "  transport 'stdio'",
        "  File server.py, line 771, in run_stdio_async",
        "    async with stdio_server() as streams:",
    ],
)
@pytest.mark.parametrize("is_success", [True, False])
def test_an_mcp_server_over_stdin_is_told_as_that(line: str, is_success: bool) -> None:
    told = ended("HTTP", [line], is_success=is_success)
    assert "speaks over stdin" in told.message
    assert 'mcp.run(transport="streamable-http")' in told.lines


def test_an_mcp_server_is_known_by_its_log() -> None:
    told = refused(404, "HTTP", ["StreamableHTTP session manager started", "GET /ping 404"])
    assert "agentcore configure --protocol MCP" in told.message


def test_a_process_that_is_gone_can_t_be_looked_at() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    with pytest.raises(OSError, match="No such"):
        look(gone.pid)
