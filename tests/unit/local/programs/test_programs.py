"""What a version needs to run, and what is said when it is not there."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.programs.programs import Programs, start
from agentcore_cli.local.programs.snapshots import Snapshots
from agentcore_cli.local.sandbox import Program, SandboxError
from tests.fakes.local_server import put_code, version
from tests.fakes.sandbox import FakeSandbox, ScriptedAgent


def program_of(home: Home) -> Program:
    put_code(home)
    programs = Programs(home, FakeSandbox(home.sockets, ScriptedAgent()))  # type: ignore[arg-type]
    return asyncio.run(programs.find(version(environmentVariables={"AWS_REGION": "eu-west-1", "A": "b"})))


def sidecar(home: Home, **told: str) -> None:
    (home.artifacts / f"{'a' * 64}.json").write_text(json.dumps(told))


def test_all_of_it(home: Home, tmp_path: Path) -> None:
    sidecar(home, interpreter=sys.executable, environment=str(tmp_path), python="3.11")
    program = program_of(home)
    assert program.key.startswith("bot-0123456789/1.")
    assert program == Program(
        key=program.key,
        interpreter=Path(sys.executable),
        code=home.snapshots / "bot-0123456789" / ("a" * 64),
        start=("main.py",),
        environment={"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-west-2", "A": "b"},
        port=8080,
        readable=(tmp_path,),
        data=Snapshots(home).data_of("a" * 64 + ".zip"),
    )


class GatedSandbox(FakeSandbox):
    """Programs after the first wait to be prepared until `gate` is set, and are `refused` then, or not."""

    def __init__(self, home: Home, *, refused: bool) -> None:
        super().__init__(home.sockets, ScriptedAgent())
        self.refused = refused
        self.waits, self.gate = asyncio.Event(), asyncio.Event()

    async def prepare(self, program: Program) -> None:
        if self.prepared:
            self.waits.set()
            await self.gate.wait()
            if self.refused:
                raise SandboxError("no room")
        await super().prepare(program)


@pytest.mark.parametrize("refused", [False, True])
async def test_the_code_of_a_version_stays_while_it_is_prepared_and_an_older_one_of_it_goes(
    home: Home, *, refused: bool
) -> None:
    put_code(home)
    sidecar(home, interpreter=sys.executable)
    code = home.snapshots / "bot-0123456789" / ("a" * 64)
    sandbox = GatedSandbox(home, refused=refused)
    programs = Programs(home, sandbox)  # type: ignore[arg-type]
    await programs.find(version())
    finding = asyncio.create_task(programs.find(version(2)))
    await sandbox.waits.wait()
    await programs.forget("bot-0123456789", "1")
    assert (code / "main.py").is_file()
    sandbox.gate.set()
    if refused:
        with pytest.raises(ArtifactError, match="no room"):
            await finding
    else:
        await finding
        await programs.drop(version(2))
    assert not code.exists()


def test_without_a_sidecar_a_python_is_looked_for(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python3.11").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program_of(home).interpreter == tmp_path / "python3.11"
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ArtifactError, match=r"there is no python3\.11 on this machine"):
        program_of(home)


def test_an_environment_that_was_removed(home: Home) -> None:
    sidecar(home, interpreter="/nowhere/bin/python", environment="/nowhere", python="3.11")
    with pytest.raises(ArtifactError, match="/nowhere/bin/python is gone: deploy again"):
        program_of(home)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "main.py").touch()
    return tmp_path


def test_the_ways_to_start(code: Path) -> None:
    python = code / "bin" / "python"
    assert start(("main.py",), code, python) == ("main.py",)
    assert start(("-m", "uvicorn", "main:app"), code, python) == ("-m", "uvicorn", "main:app")
    launcher = code / "bin" / "opentelemetry-instrument"
    launcher.parent.mkdir()
    launcher.touch()
    launched = (str(launcher), str(python), "main.py")
    assert start(("opentelemetry-instrument", "main.py"), code, python) == launched


@pytest.mark.parametrize(
    ("entry_point", "words"),
    [
        (("other.py",), "The specified entrypoint could not be found"),
        (("opentelemetry-instrument", "main.py"), "OpenTelemetry instrumentation executable not found"),
    ],
)
def test_what_is_missing(code: Path, entry_point: tuple[str, ...], words: str) -> None:
    with pytest.raises(ArtifactError, match=words):
        start(entry_point, code, Path("/usr/bin/python3"))
