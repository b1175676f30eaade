"""Runtime versions made ready to run: the snapshot, the interpreter, the command line, the warm parent."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from agentcore_cli import documents, shared_environments
from agentcore_cli.contract import Arn
from agentcore_cli.local.control import ArtifactError, Resolved
from agentcore_cli.local.control.settings import RuntimeSettings
from agentcore_cli.local.home import Home
from agentcore_cli.local.programs.sandboxes import AnyProgram, Sandboxes
from agentcore_cli.local.programs.snapshots import Snapshots
from agentcore_cli.local.sandbox import BindMount, Program, SandboxError

_SCRIPT_SECONDS: Final = 20.0
_OF_CODE: Final = "."
_LAUNCHER: Final = "opentelemetry-instrument"


class _Told(NamedTuple):
    """What a sidecar says: the Python, the folders that must stay visible, mounts, folders that imports start from."""

    interpreter: Path
    readable: tuple[Path, ...] = ()
    mounts: tuple[BindMount, ...] = ()
    path: tuple[str, ...] = ()


class Programs:
    """Every version that has run since the server started, and which snapshots they and their sessions stand on."""

    def __init__(self, home: Home, sandbox: Sandboxes) -> None:
        self._home = home
        self._sandbox = sandbox
        self._snapshots = Snapshots(home)
        self._snapshots.clean()
        self._programs: dict[str, AnyProgram] = {}
        self._code_keys: dict[str, tuple[str, str]] = {}
        self._sessions: Counter[str] = Counter()
        self._preparing = asyncio.Lock()
        self._unpacking = asyncio.Lock()  # so that no folder is removed that another version is about to stand on
        self._held: dict[Path, int | None] = {}  # environments, kept there while this server runs

    async def find(self, version: Resolved) -> AnyProgram:
        """The program of a version; on first use it is unpacked, and its warm parent starts.

        Raises ArtifactError with the reason why it can't run here.
        """
        key = program_key(version)
        async with self._preparing:
            if (program := self._programs.get(key)) is None:
                program = self._programs[key] = await self._prepare(key, version)
        return program

    async def _prepare(self, key: str, version: Resolved) -> AnyProgram:
        settings = version.settings
        if settings.other_mounts:
            raise ArtifactError(
                f"filesystemConfigurations: {settings.other_mounts[0]} is on AWS alone: the local runtime mounts "
                "sessionStorage and no other file system"
            )
        if settings.container_uri is not None:
            return await self._sandbox.image_program(key, settings, environment(settings, version.runtime_arn))
        async with self._unpacking:
            program = await asyncio.to_thread(self._make, key, version)
            self._code_keys[key] = (version.runtime_id, settings.code_key or "")
        try:
            await self._sandbox.prepare(program)
        except SandboxError as error:
            await self._remove_unused_snapshot(key)
            raise ArtifactError(str(error)) from error
        return program

    def hold(self, program: AnyProgram) -> None:
        """A session runs on the program: its snapshot stays."""
        self._sessions[program.key] += 1

    async def release(self, program: AnyProgram) -> None:
        """A session of the program has ended."""
        self._sessions[program.key] -= 1
        if not self._sessions[program.key] and program.key not in self._programs:
            await self._sandbox.forget(program.key)  # its start may have made parents of what was forgotten meanwhile
        await self._remove_unused_snapshot(program.key)

    async def forget(self, runtime_id: str, version: str | None = None) -> None:
        """End the warm parents of a version, or of the whole runtime; sessions that run go on."""
        prefix = f"{runtime_id}/" if version is None else f"{runtime_id}/{version}{_OF_CODE}"
        await self._forget([key for key in self._programs if f"{key}{_OF_CODE}".startswith(prefix)])

    async def drop(self, version: Resolved) -> None:
        """The same of what a version might have been, and is not. It may become one again, whose turn is then after."""
        async with self._preparing:
            await self._forget([program_key(version)] if program_key(version) in self._programs else [])

    async def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            del self._programs[key]
            await self._sandbox.forget(key)
            await self._remove_unused_snapshot(key)

    async def _remove_unused_snapshot(self, key: str) -> None:
        if key in self._programs or self._sessions[key]:
            return
        del self._sessions[key]
        async with self._unpacking:
            place = self._code_keys.pop(key, None)
            if place and place[1] and place not in self._code_keys.values():
                await asyncio.to_thread(self._snapshots.forget, *place)

    def _make(self, key: str, version: Resolved) -> Program:
        settings = version.settings
        code_key = settings.code_key or ""
        code = self._snapshots.unpacked(version.runtime_id, code_key)
        told = self._told(code_key, settings.python or "")
        for folder in told.readable:
            if self._held.get(folder) is None:
                self._held[folder] = shared_environments.hold(folder)
                shared_environments.note_use(folder)
        return Program(
            key=key,
            interpreter=told.interpreter,
            code=code,
            start=start(settings.entry_point, code, told.interpreter),
            environment=environment(settings, version.runtime_arn),
            port=settings.port,
            readable=told.readable,
            path=told.path,
            mounts=told.mounts,
            storage=settings.storage,
            data=self._snapshots.data_of(code_key),
        )

    def _told(self, code_key: str, python: str) -> _Told:
        """What the artifact's sidecar names; without one, a Python on PATH."""
        sidecar = self._home.artifacts / f"{code_key.removesuffix('.zip')}.json"
        try:
            content = documents.read(sidecar)
            interpreter, packages = Path(content["interpreter"]), content.get("environment")
            readable = (Path(packages),) if packages else ()
            path = tuple(str(folder) for folder in content.get("path", ()))
            mounts = tuple(BindMount(mount["path"], mount["writable"]) for mount in content.get("mounts", ()))
        except FileNotFoundError:
            return _Told(_on_path(python))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(f"{sidecar.name} is broken: deploy again to write it anew") from error
        if not os.access(interpreter, os.X_OK):
            raise ArtifactError(f"{interpreter} is gone: deploy again to install the agent's packages")
        return _Told(interpreter, readable, mounts, path)


def program_key(version: Resolved) -> str:
    """What is code also has a digest in it of all that makes the version, which may not be made yet."""
    key = f"{version.runtime_id}/{version.version}"
    if version.settings.code_key is None:
        return key
    made_of = msgspec.json.encode(version.settings.body, order="deterministic")
    return f"{key}{_OF_CODE}{hashlib.sha256(made_of).hexdigest()[:12]}"


def start(entry_point: tuple[str, ...], code: Path, interpreter: Path) -> tuple[str, ...]:
    """The arguments of the interpreter. Raises ArtifactError, in the service's words, when a file is missing.

    Source of the words: runtime-code-deploy-common-issues.
    """
    is_launched = entry_point[0] == _LAUNCHER
    argv = entry_point[1:] if is_launched else entry_point
    if argv[0] != "-m" and not (code / argv[0]).is_file():
        raise ArtifactError("The specified entrypoint could not be found or accessed in your artifact.")
    if not is_launched:
        return argv
    launcher = interpreter.parent / _LAUNCHER
    if not launcher.is_file():
        raise ArtifactError(
            "OpenTelemetry instrumentation executable not found: add aws-opentelemetry-distro to the requirements"
        )
    return (str(launcher), str(interpreter), *argv)


def environment(settings: RuntimeSettings, runtime_arn: str) -> dict[str, str]:
    """What every session of the version gets, its region included; the runtime's own settings win."""
    region = Arn.of(runtime_arn).region
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} | dict(settings.environment)


def _on_path(python: str) -> Path:
    found = shutil.which(f"python{python}")
    if not found:
        raise ArtifactError(f"there is no python{python} on this machine")
    return _behind(Path(found))


def _behind(command: Path) -> Path:
    """The interpreter that a script on PATH leads to (pyenv's are such): sessions see that, and not its manager."""
    with command.open("rb") as file:
        if file.read(2) != b"#!":
            return command
    asked = [str(command), "-I", "-S", "-c", "import sys; print(sys.executable)"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=_SCRIPT_SECONDS, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise ArtifactError(f"{command} does not lead to a Python: {error}") from error
    return Path(said)
