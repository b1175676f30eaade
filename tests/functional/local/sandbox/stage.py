"""What the sandbox's tests share: a sandbox in a home of its own, programs made of test agents, and an HTTP client."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import Program, Sandbox, SessionProcess, SessionSpec
from agentcore_cli.local.sandbox.isolation import Isolation, detect
from agentcore_cli.local.sandbox.network import SharedGateway
from agentcore_cli.local.sandbox.resolver import Resolver

AGENTS = Path(__file__).parent.parent.parent.parent / "agents"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any


class Stage:
    """One sandbox; everything that it started ends with it."""

    def __init__(
        self,
        root: Path,
        isolation: Isolation | None = None,
        *,
        keep_spares: bool = False,
        resolver: Resolver | None = None,
    ) -> None:
        self.home = Home(root / "home").create()
        network = None if resolver is None else SharedGateway(self.home, isolation or detect(self.home), resolver)
        self.sandbox = Sandbox(self.home, isolation, keep_spares=keep_spares, network=network)
        self._count = 0

    async def __aenter__(self) -> Stage:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sandbox.close()

    def program(
        self,
        source: Path,
        *start: str,
        interpreter: Path | None = None,
        environment: dict[str, str] | None = None,
        port: int = 8080,
        readable: tuple[Path, ...] = (),
    ) -> Program:
        """A program whose snapshot is `source`: a file, which is then what starts, or a folder."""
        self._count += 1
        code = self.home.snapshots / "agent" / str(self._count)
        code.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, code)
        else:
            code.mkdir()
            shutil.copy(source, code)
        return Program(
            key=f"agent/{self._count}",
            interpreter=interpreter or Path(sys.executable),
            code=code,
            start=start or (source.name,),
            environment=environment or {},
            port=port,
            readable=readable,
        )

    def interpreter(self, **modules: str) -> Path:
        """The Python of an environment in which these modules, name and source, are installed."""
        self._count += 1
        environment = self.home.root.parent / f"environment{self._count}"
        packages = environment / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        packages.mkdir(parents=True)
        (environment / "bin").mkdir()
        base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
        (environment / "bin" / "python").symlink_to(base)
        (environment / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
        for name, source in modules.items():
            (packages / f"{name}.py").write_text(source)
        return environment / "bin" / "python"

    def session_folders(self) -> list[Path]:
        """The folder of each session that there is."""
        return list(self.home.sessions.glob("*/*"))

    def write(self, **files: str) -> Path:
        """A folder with Python files, for `program`."""
        self._count += 1
        folder = self.home.root.parent / f"source{self._count}"
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return folder

    def spec(self, **options: Any) -> SessionSpec:
        self._count += 1
        key = f"s{self._count}"
        return SessionSpec(**{"key": key, "environment": {}, "log": self.home.logs / f"{key}.log", **options})

    async def start(self, program: Program, **options: Any) -> SessionProcess:
        return await self.sandbox.start(program, self.spec(**options))


async def invoke(session: SessionProcess, payload: Any, timeout: float = 60) -> Reply:
    """POST /invocations. Raises ConnectionError when the agent hangs up."""
    body = json.dumps(payload).encode()
    head = f"POST /invocations HTTP/1.1\r\nHost: agent\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_unix_connection(session.address)
        try:
            writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
            answer = await reader.read()
        finally:
            writer.close()
    if not answer:
        raise ConnectionError("the agent hung up")
    header, _, text = answer.partition(b"\r\n\r\n")
    if b"chunked" in header.lower():
        text = b"".join(text.split(b"\r\n")[1::2])
    return Reply(int(header.split()[1]), json.loads(text))


async def run_in(session: SessionProcess, source: str) -> Any:
    """Let an `obedient` agent run Python source; gives its `result`."""
    reply = await invoke(session, {"run": source})
    assert reply.status == 200, reply.body["error"]
    return reply.body
