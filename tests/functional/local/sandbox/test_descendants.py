"""Servers of several processes, those that start themselves anew, and those that are started: all serve the port."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.sandbox import SessionProcess
from agentcore_cli.local.sandbox.isolation import Isolation
from tests.environments import agent_environment, find_python
from tests.functional.local.sandbox.stage import AGENTS, Stage, invoke, run_in
from tests.long_cases import always

PROCESS = Isolation(None, overlay=False, reason="refused by the test")
OBEDIENT = AGENTS / "obedient.py"
PATIENCE = 60


@pytest.fixture(scope="session")
def interpreter() -> Path:
    return agent_environment("fastapi", "uvicorn[standard]", "flask", "gunicorn", "uvicorn-worker", "hypercorn")


def family(pid: int) -> set[int]:
    """A process and all that come of it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid}.union(*(family(int(child)) for child in children))


async def answer(session: SessionProcess) -> Any:
    async with asyncio.timeout(PATIENCE):
        reply = await invoke(session, {}, timeout=PATIENCE)
    assert reply.status == 200
    return reply.body


@pytest.mark.parametrize(
    ("start", "isolation"),
    always(
        *("uvicorn-workers", "gunicorn", "shell-process"),
        of=[
            pytest.param(("uvicorn_workers.py",), None, id="uvicorn-workers"),
            pytest.param(("uvicorn_workers.py",), PROCESS, id="uvicorn-workers-process"),
            pytest.param(("uvicorn_workers_asyncio.py",), None, id="uvicorn-workers-asyncio"),
            pytest.param(("uvicorn_reload.py",), None, id="uvicorn-reload"),
            pytest.param(("flask_app.py",), None, id="flask-debug"),
            pytest.param(("gunicorn_in_code.py", "sync"), None, id="gunicorn"),
            pytest.param(("gunicorn_in_code.py", "gthread"), PROCESS, id="gunicorn-threads-process"),
            pytest.param(("gunicorn_in_code.py", "uvicorn_worker.UvicornWorker"), None, id="gunicorn-uvicorn"),
            pytest.param(("-m", "gunicorn", "flask_app:app", "-b", "0.0.0.0:8080", "-w", "2"), None, id="-m-gunicorn"),
            pytest.param(("hypercorn_workers.py",), None, id="hypercorn"),
            pytest.param(("launcher.py", "call"), None, id="subprocess"),
            pytest.param(("launcher.py", "shell"), PROCESS, id="shell-process"),
            pytest.param(("launcher.py", "replace"), None, id="exec"),
            pytest.param(("launcher.py", "spawn"), None, id="spawn"),
            pytest.param(("launcher.py", "forkserver"), None, id="forkserver"),
        ],
    ),
)
async def test_it_is_served_remembers_and_ends_as_a_whole(
    start: tuple[str, ...], stage: Stage, interpreter: Path
) -> None:
    program = stage.program(AGENTS / "processes", *start, interpreter=interpreter)
    one, other = await asyncio.gather(stage.start(program), stage.start(program))
    first, second, elsewhere = await answer(one), await answer(one), await answer(other)
    assert first["client"] == "127.0.0.1"
    assert elsewhere["answered"] == 1
    if second["process"] == first["process"]:
        assert second["answered"] == 2
    processes = family(one.pid)
    await one.stop()
    assert not [pid for pid in processes if os.path.exists(f"/proc/{pid}")]
    assert (await answer(other))["client"] == "127.0.0.1"


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
async def test_a_subprocess_of_every_python_serves(version: str, stage: Stage) -> None:
    try:
        find_python(version)
    except LookupError as missing:
        pytest.skip(str(missing))
    code = stage.write(
        agent="import subprocess, sys\nsubprocess.run([sys.executable, 'server.py', 'threads'])",
        server=(AGENTS / "servers" / "http_server.py").read_text(),
    )
    program = stage.program(code, "agent.py", interpreter=agent_environment(python=version))
    session = await stage.start(program)
    assert await answer(session) == {"payload": {}, "client": "127.0.0.1"}


async def test_what_a_descendant_sees_is_a_python_like_any_other(stage: Stage) -> None:
    """The folder that leads it here is in its variables alone; a sitecustomize of the agent's has its turn."""
    code = stage.write(agent=OBEDIENT.read_text())
    (code / "lib").mkdir()
    (code / "lib" / "sitecustomize.py").write_text("import builtins; builtins.customized = True")
    program = stage.program(code, "agent.py", environment={"PYTHONPATH": "lib"})
    session = await stage.start(program)
    ask = "import json, sys; print(json.dumps([customized, [p for p in sys.path if 'startup' in p], sys.argv]))"
    call = f"subprocess.run([sys.executable, '-c', {ask!r}, 'x'], capture_output=True, check=True).stdout"
    assert await run_in(session, f"import subprocess, sys\nresult = json.loads({call})") == [True, [], ["-c", "x"]]
