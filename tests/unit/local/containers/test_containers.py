"""In which order containers are made and removed, and that nothing of a session stays when one of the steps fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.containers import Container, Containers, ImageProgram
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import Exit, SandboxError, SessionSpec, Storage
from tests.fakes.container_engine import FakeContainer, FakeEngine

PROGRAM = ImageProgram("bot-0123456789/3", "sha256:" + "a" * 64, {"A": "b"}, 8080, "amd64")


@pytest.fixture(autouse=True)
def _docker_host(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{home.root}/engine")


@asynccontextmanager
async def running(home: Home) -> AsyncIterator[tuple[Containers, FakeEngine]]:
    """A home's containers, and the engine that DOCKER_HOST names."""
    engine = FakeEngine()
    async with engine.serve(home.root / "engine"):
        yield Containers(home), engine


def spec(home_or_log: Path, key: str = "s1") -> SessionSpec:
    return SessionSpec(key, {}, home_or_log / "logs" / f"{key}.log")


def only(engine: FakeEngine) -> FakeContainer:
    [container] = engine.containers.values()
    return container


async def test_output_is_attached_before_the_start_and_the_container_goes_with_the_stop(home: Home) -> None:
    async with running(home) as (containers, engine):
        session = await containers.start(PROGRAM, spec(home.root))
        assert (session.address, session.pid, session.warm) == ("127.0.0.1:49153", 4711, False)
        only(engine).says(b"one\ntw")
        only(engine).says(b"o\n", stream=2)
        assert await session.stop() == Exit(None, 15)
        assert await session.stop() == Exit(None, 15)
        await containers.close()
    steps = [asked.rpartition("/")[2] for asked in engine.calls("/containers/")]
    assert steps[:4] == ["create", "attach", "start", "json"]
    assert len(engine.calls("/stop")) == len(engine.calls("DELETE /containers/")) == 1
    assert (engine.containers, engine.networks) == ({}, {})
    lines = (home.root / "logs" / "s1.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]
    assert not (home.root / "containers").exists()


async def test_an_exit_is_told_after_the_last_output(home: Home) -> None:
    async with running(home) as (containers, engine):
        session = await containers.start(PROGRAM, spec(home.root))
        only(engine).says(b"the last words")
        only(engine).end(3)
        assert await session.exited == Exit(3, None)
        assert "the last words" in (home.root / "logs" / "s1.log").read_text()
        await containers.close()
        assert engine.containers == {}


@pytest.mark.parametrize(
    ("code", "out_of_memory", "told"),
    [
        pytest.param(0, False, "exited with status 0", id="well"),
        pytest.param(1, False, "exited with status 1", id="badly"),
        pytest.param(139, False, "was killed by SIGSEGV", id="signal"),
        pytest.param(137, True, "was killed by SIGKILL (out of memory)", id="out-of-memory"),
        pytest.param(255, False, "exited with status 255", id="no-signal"),
    ],
)
async def test_how_it_ended(home: Home, code: int, out_of_memory: bool, told: str) -> None:
    async with running(home) as (containers, engine):
        session = await containers.start(PROGRAM, spec(home.root))
        only(engine).end(code, out_of_memory=out_of_memory)
        assert (await session.exited).describe() == told
        await containers.close()


async def test_one_network_for_all_that_keeps_them_apart(home: Home) -> None:
    async with running(home) as (containers, engine):
        await asyncio.gather(*(containers.start(PROGRAM, spec(home.root, key)) for key in ("s1", "s2", "s3")))
        [network] = engine.networks.values()
        assert network["Options"] == {"com.docker.network.bridge.enable_icc": "false"}
        assert {c.body["HostConfig"]["NetworkMode"] for c in engine.containers.values()} == {network["Name"]}
        await containers.close()
    assert len(engine.calls("POST /networks/create")) == 1


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        pytest.param("POST /containers/create", "could not be created: no more", id="create"),
        pytest.param("POST /networks/create", "could not be created: no more", id="network"),
        pytest.param("GET /info", "could not be created: no more", id="info"),
    ],
)
async def test_a_refusal_leaves_nothing(home: Home, refused: str, words: str) -> None:
    async with running(home) as (containers, engine):
        engine.refusals[refused] = (500, "no more")
        with pytest.raises(SandboxError, match=words):
            await containers.start(PROGRAM, spec(home.root))
        engine.refusals.clear()
        session = await containers.start(PROGRAM, spec(home.root, "s2"))  # the next one is not the worse for it
        await session.stop()
        await containers.close()
    assert (engine.containers, engine.networks) == ({}, {})


async def test_a_start_that_fails_removes_the_container(home: Home) -> None:
    async with running(home) as (containers, engine):
        serve = engine._serve_container

        async def refusing(writer: Any, method: str, path: list[str], container: FakeContainer) -> None:
            if path == ["start"]:
                engine.refusals["POST /containers/" + container.id] = (400, "exec: pyhton: not found")
                writer.write(b"HTTP/1.1 400 X\r\nContent-Length: 37\r\n\r\n" + b'{"message":"exec: pyhton: not found"}')
                return
            await serve(writer, method, path, container)

        engine._serve_container = refusing  # type: ignore[method-assign]
        with pytest.raises(SandboxError, match="could not be started: exec: pyhton: not found"):
            await containers.start(PROGRAM, spec(home.root))
        assert engine.containers == {}
        await containers.close()


async def test_an_engine_without_its_init(home: Home) -> None:
    async with running(home) as (containers, engine):
        engine.has_init = False
        for key in ("s1", "s2"):
            await containers.start(PROGRAM, spec(home.root, key))
        assert [c.body["HostConfig"]["Init"] for c in engine.containers.values()] == [False, False]
        await containers.close()
    assert len(engine.calls("POST /containers/create")) == 3


@pytest.mark.parametrize("has_init", [True, False])
async def test_an_engine_that_takes_no_list_of_system_calls(home: Home, has_init: bool) -> None:
    async with running(home) as (containers, engine):
        engine.has_init, engine.takes_filters = has_init, False
        storage = Storage(home.root, is_image=False, place="/mnt/data")
        for key in ("s1", "s2"):
            await containers.start(PROGRAM, replace(spec(home.root, key), storage=storage))
        assert [c.body["HostConfig"]["SecurityOpt"] for c in engine.containers.values()] == [["no-new-privileges"]] * 2
        await containers.close()
    assert len(engine.calls("POST /containers/create")) == (3 if has_init else 4)


async def test_nobody_waits_for_the_start_any_more(home: Home) -> None:
    async with running(home) as (containers, engine):
        released = engine.held["POST /containers/create"] = asyncio.Event()
        starting = asyncio.create_task(containers.start(PROGRAM, spec(home.root)))
        while not engine.calls("/containers/create"):
            await asyncio.sleep(0.001)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        released.set()
        while not engine.calls("DELETE /containers/"):
            await asyncio.sleep(0.001)
        await containers.close()
        assert engine.containers == {}


async def test_an_engine_that_goes_away_ends_the_session(home: Home) -> None:
    sessions: list[Container] = []
    async with running(home) as (containers, engine):
        sessions.append(await containers.start(PROGRAM, spec(home.root)))
        engine.refusals["GET /containers/"] = (500, "shutting down")
        only(engine).end(0)
        assert await sessions[0].exited == Exit(None, None)
        engine.refusals["DELETE /containers/"] = (500, "shutting down")
        with pytest.raises(SandboxError, match="could not be removed: shutting down"):
            await sessions[0].stop()
        await containers.close()
    assert (home.root / "containers").read_text() == f"{home.root}/engine\n"


async def test_the_next_server_removes_what_is_ours_and_nothing_else(home: Home) -> None:
    async with running(home) as (containers, engine):
        await containers.start(PROGRAM, spec(home.root))
        ours = only(engine).id
        engine.containers["other"] = FakeContainer("other", {"Labels": {"agentcore.home": "another"}})
        engine.networks["other"] = {"Name": "other", "Labels": {"agentcore.home": "another"}}
        await Containers(home).sweep()
        assert ours not in engine.containers
        assert engine.containers.keys() == engine.networks.keys() == {"other"}
        await containers.close()
        assert engine.containers.keys() == engine.networks.keys() == {"other"}
    assert not (home.root / "containers").exists()


async def test_without_a_record_no_engine_is_asked(home: Home) -> None:
    async with running(home) as (containers, engine):
        await containers.sweep()
    assert engine.asked == []


async def test_credentials_come_from_the_address_that_sdks_take_them_from(home: Home) -> None:
    served = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/_session/t/credentials"}
    async with running(home) as (containers, engine):
        for key in ("s1", "s2"):
            await containers.start(PROGRAM, SessionSpec(key, served, home.root / "logs" / f"{key}.log"))
        for container in engine.containers.values():
            uri = "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.2:9/_session/t/credentials"
            assert uri in container.body["Env"]
            assert container.body["HostConfig"]["NetworkMode"] != "agentcore-credentials"
        network = engine.networks["agentcore-credentials"]
        assert network["IPAM"] == {"Config": [{"Subnet": "169.254.170.0/24", "Gateway": "169.254.170.2"}]}
        assert network["Internal"] is True
        assert engine.joined == [("agentcore-credentials", id) for id in engine.containers]
        await containers.close()
    assert engine.networks == {}


async def test_without_served_credentials_there_is_no_such_network(home: Home) -> None:
    async with running(home) as (containers, engine):
        await containers.start(PROGRAM, spec(home.root))
        assert "agentcore-credentials" not in engine.networks
        await containers.close()


async def test_a_container_that_can_t_have_its_credentials_is_not_left(home: Home) -> None:
    served = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/_session/t/credentials"}
    async with running(home) as (containers, engine):
        engine.refusals["POST /networks/agentcore-credentials/connect"] = (500, "no address left")
        with pytest.raises(SandboxError, match="no address left"):
            await containers.start(PROGRAM, SessionSpec("s1", served, home.root / "logs" / "s1.log"))
        assert engine.containers == {}
        await containers.close()
