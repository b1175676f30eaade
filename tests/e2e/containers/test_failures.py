"""Images that can't run, agents that don't serve, and a server that is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentcore_cli.local import daemon
from agentcore_cli.local.containers import Containers, ImageProgram
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import SessionSpec
from tests.e2e.containers.engine import REGISTRY, Engine
from tests.e2e.containers.runtime import PATIENCE, create, deploy, value
from tests.local_runtime import RunningServer, eventually, new_session
from tests.processes import kill

pytestmark = pytest.mark.timeout(600)


def outcome(server: RunningServer, runtime_id: str) -> tuple[str, str]:
    """The status that CREATING turns into, and its reason."""

    def check() -> dict[str, str] | None:
        shown = server.control.get_agent_runtime(agentRuntimeId=runtime_id)
        return None if shown["status"] == "CREATING" else shown

    shown = eventually(check, "CREATING ends", 60)
    return shown["status"], shown.get("failureReason", "")


def test_an_image_for_another_processor_is_refused_in_the_services_words(server: RunningServer, engine: Engine) -> None:
    uri = engine.image("amd64", {"agent.py": "pass"}, base="--platform=linux/amd64 scratch")
    status, reason = outcome(server, create(server, uri, name="amd64")["agentRuntimeId"])
    assert status == "CREATE_FAILED"
    assert reason.startswith("Architecture incompatible for uri")
    assert "Supported architectures: [arm64]" in reason


def test_an_image_that_is_nowhere(server: RunningServer, engine: Engine) -> None:
    uri = f"000000000000.dkr.ecr.us-west-2.amazonaws.com/nobody@sha256:{'0' * 64}"
    status, reason = outcome(server, create(server, uri, name="nobody")["agentRuntimeId"])
    assert status == "CREATE_FAILED"
    assert uri in reason
    assert "pulling it without credentials failed" in reason


def test_the_id_of_an_image_of_another_repository_is_not_taken(server: RunningServer, image: str) -> None:
    uri = f"{REGISTRY}/somebody-elses@{image.partition('@')[2]}"
    status, _ = outcome(server, create(server, uri, name="elsewhere")["agentRuntimeId"])
    assert status == "CREATE_FAILED"


def test_a_tag_is_as_good_as_a_digest(server: RunningServer, image: str) -> None:
    deploy(server, f"{image.partition('@')[0]}:v1", name="tagged")


def test_an_agent_that_exits_at_once(server: RunningServer, engine: Engine) -> None:
    uri = engine.image("exits", {"agent.py": "import no_such_module\n"}, 'CMD ["python3", "agent.py"]')
    arn = deploy(server, uri, name="exits")
    answer = server.invoke(arn, b"{}", new_session())
    assert answer.status == 424
    assert answer.json()["message"] == "Runtime exited with status 1 before it served a request."
    assert "ModuleNotFoundError: No module named 'no_such_module'" in answer.body.decode()
    assert engine.containers(server.home.root) == []


def test_a_command_that_does_not_exist(server: RunningServer, engine: Engine) -> None:
    arn = deploy(server, engine.image("typo", {"agent.py": ""}, 'CMD ["pyhton"]'), name="typo")
    answer = server.invoke(arn, b"{}", new_session())
    assert answer.status in (424, 500)
    assert "pyhton" in answer.body.decode()
    assert engine.containers(server.home.root) == []


async def test_too_much_memory(home: Home, engine: Engine, image: str) -> None:
    """64 MB instead of 8 GB, for a quick end."""
    hungry = engine.image(
        "hungry", {"agent.py": "held = [bytearray(8_000_000) for _ in range(100)]"}, 'CMD ["python3", "agent.py"]'
    )
    containers = Containers(home)
    try:
        program = ImageProgram("bot-0123456789/1", hungry.partition("@")[2], {}, 8080, "amd64")
        session = await containers.start(program, SessionSpec("s1", {}, home.logs / "s1.log", memory=64 * 1024**2))
        ended = await asyncio.wait_for(session.exited, 60)
        assert ended.describe() == "was killed by SIGKILL (out of memory)"
    finally:
        await containers.close()
    assert engine.containers(home.root) == []
    assert engine.networks(home.root) == []
    assert not (home.root / "containers").exists()


@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_nothing_is_left_of_a_server(home: Home, engine: Engine, image: str, way: str) -> None:
    server = RunningServer(home, PATIENCE)
    arn = deploy(server, image)
    session = new_session()
    value(server, arn, "kept.append('1')", session)
    log = Path(server.living(arn)[0].log)
    volumes = engine.volumes(home.root)
    assert volumes
    server.close()
    if way == "stopped":
        daemon.stop(home)
    else:
        kill(server.info.pid)
        eventually(lambda: not engine.containers(home.root), "the process beside it removes them")
        again = RunningServer(home, PATIENCE)
        assert [record.end_reason for record in again.sessions(arn)] == ["the local runtime was killed"]
    assert engine.containers(home.root) == []
    assert engine.networks(home.root) == []
    assert engine.left(volumes) == set()
    assert "starting" in log.read_text()
    if way == "killed":
        assert value(again, arn, "kept", session) == []
        again.close()


def test_the_next_server_removes_what_the_reaper_did_not(home: Home, engine: Engine, image: str) -> None:
    server = RunningServer(home, PATIENCE)
    value(server, deploy(server, image), "1")
    server.close()
    for pid in [*reapers(server.info.pid), server.info.pid]:
        kill(pid)
    assert engine.containers(home.root)
    again = RunningServer(home)
    eventually(lambda: not engine.containers(home.root) and not engine.networks(home.root), "all is removed")
    again.close()


def reapers(parent: int) -> list[int]:
    """The processes beside a server that would remove its containers."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children if b"reaper.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
