"""Every Python server, unchanged, on port 8080, many at once, without a TCP port."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.environments import agent_environment
from tests.functional.local.sandbox.stage import AGENTS, Stage, invoke
from tests.long_cases import always

SESSIONS = 20
LISTENING = "0A"


@pytest.fixture(scope="session")
def interpreter() -> Path:
    return agent_environment("bedrock-agentcore", "strands-agents", "fastapi", "uvicorn", "uvloop", "aiohttp")


def tcp_listeners() -> set[str]:
    """The inodes of the TCP sockets that listen on this machine."""
    lines = [line for family in ("tcp", "tcp6") for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]]
    return {line.split()[9] for line in lines if line.split()[3] == LISTENING}


def sockets_of(pid: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    links = (os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return {link.partition("[")[2].rstrip("]") for link in links if link.startswith("socket:")}


@pytest.mark.parametrize(
    "start",
    always(
        *("BedrockAgentCoreApp", "uvicorn-uvloop", "http.server-threads"),
        of=[
            pytest.param(("sdk.py",), id="BedrockAgentCoreApp"),
            pytest.param(("fastapi_app.py",), id="FastAPI"),
            pytest.param(("uvicorn_asyncio.py",), id="uvicorn-asyncio"),
            pytest.param(("uvicorn_uvloop.py",), id="uvicorn-uvloop"),
            pytest.param(
                ("-m", "uvicorn", "fastapi_app:app", "--host", "0.0.0.0", "--port", "8080"), id="python-m-uvicorn"
            ),
            pytest.param(("aiohttp_server.py",), id="aiohttp"),
            pytest.param(("http_server.py",), id="http.server"),
            pytest.param(("http_server.py", "threads"), id="http.server-threads"),
        ],
    ),
)
async def test_many_sessions_on_one_port_and_none(start: tuple[str, ...], stage: Stage, interpreter: Path) -> None:
    program = stage.program(AGENTS / "servers", *start, interpreter=interpreter)
    sessions = await asyncio.gather(*(stage.start(program) for _ in range(SESSIONS)))
    replies = await asyncio.gather(*(invoke(session, {"n": n}) for n, session in enumerate(sessions)))
    assert [reply.body["payload"] for reply in replies] == [{"n": n} for n in range(SESSIONS)]
    assert {reply.body["client"] for reply in replies} <= {"127.0.0.1", "::1"}
    assert len({session.pid for session in sessions}) == SESSIONS
    assert all(session.warm for session in sessions)
    sockets = set().union(*(sockets_of(session.pid) for session in sessions))
    assert sockets
    assert not sockets & tcp_listeners()
