"""The server as a process: one per home, found again, replaced when it was killed, gone when nobody needs it."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.errors import AgentcoreError, ConflictError
from agentcore_cli.files import lock
from agentcore_cli.local import daemon
from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.home import Home
from agentcore_cli.local.protocol import NUMBER
from tests.local_runtime import RunningServer, eventually, new_session, processes_of, runtime_id
from tests.processes import kill

AGENTS = Path(__file__).parents[3] / "agents"
START = (
    "import sys; from agentcore_cli.local import daemon, home; print(daemon.ensure_running(home.Home.default()).pid)"
)


def start_by_command() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, timeout=150)


def test_two_starts_at_once_give_one_server(home: Home) -> None:
    with ThreadPoolExecutor(4) as pool:
        pids = {done.stdout for done in pool.map(lambda _: start_by_command(), range(4))}
    assert len(pids) == 1
    server = daemon.running(home)
    assert server is not None
    assert server.pid == int(pids.pop())


def test_a_server_leaves_its_starter_alone(home: Home) -> None:
    """It holds none of its pipes (the call would not return) and is in no session of its."""
    pid = int(start_by_command().stdout)
    assert os.getsid(pid) == pid


def test_its_file_is_private_and_tells_all(server: RunningServer) -> None:
    path = server.home.server_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = json.loads(path.read_text())
    assert told["pid"] == server.info.pid
    assert told["started"] == daemon.process_started(server.info.pid)
    assert len(told["access_key"]) == 20
    for private in (server.home.root, server.home.server_log, server.home.database):
        assert not stat.S_IMODE(private.stat().st_mode) & 0o077


def test_a_port_in_use_is_no_obstacle(home: Home, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it: as good
            taken.bind((daemon.HOST, 8757))
            taken.listen()
        server = daemon.ensure_running(home)
        assert server.port != 8757
        assert AdminClient(server).health().version == server.version


def test_a_stop_ends_everything(server: RunningServer) -> None:
    arn = server.deploy(AGENTS / "many_answers.py")
    assert server.invoke(arn, b"{}", new_session()).status == 200
    assert daemon.stop(server.home)
    assert not server.home.server_file.exists()
    eventually(lambda: not processes_of(server.home.root), "what it had started has ended with it")
    assert not daemon.stop(server.home)
    assert daemon.running(server.home) is None


def test_what_was_deployed_survives_a_restart(home: Home) -> None:
    before = RunningServer(home)
    arn = before.deploy(AGENTS / "many_answers.py")
    session = new_session()
    before.invoke(arn, b"{}", session)
    before.close()
    daemon.stop(home)
    after = RunningServer(home)
    assert [record.end_reason for record in after.sessions(arn)] == ["the local runtime was stopped"]
    assert after.invoke(arn, b"{}", session).json()["calls"] == 1
    after.close()


def test_killed_under_load(home: Home) -> None:
    """Nothing that was answered is lost, no session outlives the server, and the next command starts another."""
    before = RunningServer(home)
    arn = before.deploy(AGENTS / "many_answers.py")
    sessions = [new_session() for _ in range(8)]
    ended = threading.Event()

    def load(session: str) -> None:
        with suppress(OSError):
            while not ended.is_set():
                before.invoke(arn, b"{}", session)

    def all_run() -> bool:
        return [record.state != "provisioning" for record in before.living(arn)] == [True] * len(sessions)

    with ThreadPoolExecutor(len(sessions)) as pool:
        for session in sessions:
            pool.submit(load, session)
        try:
            eventually(all_run, "all sessions run")
            kill(before.info.pid)
        finally:
            ended.set()
    before.close()
    eventually(lambda: not processes_of(home.root), "its sessions have ended with it")
    assert home.server_file.exists()
    assert daemon.running(home) is None

    after = RunningServer(home)
    assert after.info.pid != before.info.pid
    assert {record.end_reason for record in after.sessions(arn)} == {"the local runtime was killed"}
    assert after.control.get_agent_runtime(agentRuntimeId=runtime_id(arn))["status"] == "READY"
    assert after.invoke(arn, b"{}", sessions[0]).json()["calls"] == 1
    after.close()


def test_it_ends_when_the_last_runtime_has_gone(server: RunningServer) -> None:
    arn = server.deploy("print()", name="last")
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(arn))
    eventually(lambda: daemon.running(server.home) is None, "it has ended")
    eventually(lambda: not processes_of(server.home.root), "nothing is left")


@pytest.mark.long
def test_whoever_waits_for_the_end_of_the_last_runtime_still_sees_it(server: RunningServer) -> None:
    """However long ago the command began that does it: it looks every two seconds at most."""
    arn = server.deploy("print()", name="last")
    os.utime(server.home.server_file, (0, 0))
    before = time.monotonic()
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(arn))
    eventually(lambda: not server.home.server_file.exists(), "the server has ended")
    assert time.monotonic() - before > 2.5
    eventually(lambda: not processes_of(server.home.root), "nothing is left")


def test_one_that_was_started_only_to_look_ends_when_nobody_is_about_to_use_it(server: RunningServer) -> None:
    daemon.let_go(server.home)
    eventually(lambda: not processes_of(server.home.root), "nothing is left")
    daemon.let_go(server.home)  # there is none any more


@pytest.mark.long
def test_it_goes_on_while_somebody_asks_for_it(server: RunningServer) -> None:
    arn = server.deploy("print()", name="last")
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(arn))
    for _ in range(12):
        assert daemon.ensure_running(server.home).pid == server.info.pid
        time.sleep(0.5)
    assert server.local.health().runtimes == 0


def test_a_request_to_end(server: RunningServer) -> None:
    server.local.shutdown()
    eventually(lambda: not processes_of(server.home.root), "nothing is left")


def test_a_file_that_somebody_else_wrote(home: Home) -> None:
    for text in ("", "{", "[]", "{}", json.dumps({"pid": os.getpid(), "started": "0"})):
        home.server_file.write_text(text)
        assert daemon.running(home) is None


def pretend_another_version(home: Home, **members: Any) -> None:
    told = json.loads(home.server_file.read_text())
    home.server_file.write_text(json.dumps(told | {"version": "0.0.1"} | members))


def test_another_version_makes_way_when_no_session_lives(server: RunningServer) -> None:
    pretend_another_version(server.home)
    replaced = daemon.ensure_running(server.home)
    assert replaced.pid != server.info.pid
    assert daemon.process_started(server.info.pid) is None


def test_another_version_of_the_same_protocol_is_used_while_sessions_live(server: RunningServer) -> None:
    arn, session = server.deploy(AGENTS / "many_answers.py"), new_session()
    server.invoke(arn, b"{}", session)
    pretend_another_version(server.home)
    assert daemon.ensure_running(server.home).pid == server.info.pid
    server.data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session)
    assert daemon.ensure_running(server.home).pid != server.info.pid


@pytest.mark.parametrize("number", [0, NUMBER + 1], ids=["of-none", "of-a-later-one"])
def test_a_version_of_another_protocol_stays_while_sessions_live(server: RunningServer, number: int) -> None:
    arn = server.deploy(AGENTS / "many_answers.py")
    server.invoke(arn, b"{}", new_session())
    pretend_another_version(server.home, protocol=number)
    with pytest.raises(ConflictError, match=r"version 0\.0\.1 and has 1 living session"):
        daemon.ensure_running(server.home)


def test_a_server_that_cannot_start_says_why(home: Home) -> None:
    home.database.write_text("this is no database, and never was one, whatever its name says about it")
    with pytest.raises(AgentcoreError, match="not a database"):
        daemon.ensure_running(home)
    eventually(lambda: not processes_of(home.root), "what it had started ends with it")


def test_a_second_server_in_the_same_home_waits_its_turn(server: RunningServer) -> None:
    with pytest.raises(ConflictError), lock(server.home.root / "server.lock", purpose="test"):
        pass


def test_finding_the_server_is_cheap() -> None:
    """It is on the way of every local command, as are the state's records, which load msgspec."""
    heavy = ("asyncio", "subprocess", "http.client", "tempfile", "uvicorn", "sqlite3", "agentcore_cli.files")
    look = f"import sys, agentcore_cli.local.daemon; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
