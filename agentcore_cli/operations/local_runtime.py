"""Start, stop and steer the local runtime itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agentcore_cli.contract import LOCAL_REGION
from agentcore_cli.errors import AgentcoreError, InputError, NotFoundError
from agentcore_cli.local import daemon
from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.faults import FAULTS
from agentcore_cli.local.home import Home
from agentcore_cli.local.protocol import MountRecord, ProtectionRecord, ServerFile


@dataclass(frozen=True, slots=True)
class RuntimeStatus:
    """`sandbox` is how strictly sessions are separated here; `sandbox_reason` why not better; `protections` by what."""

    running: bool
    url: str | None = None
    pid: int | None = None
    version: str | None = None
    home: Path | None = None
    sandbox: str | None = None
    sandbox_reason: str | None = None
    protections: tuple[ProtectionRecord, ...] = ()
    mounts: tuple[MountRecord, ...] = ()
    runtimes: int = 0
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class ClientEnvironment:
    """What points boto3, the AWS CLI and SDKs at the local runtime."""

    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CommandEnded:
    exit_code: int


def start(home: Home) -> RuntimeStatus:
    """Start the local runtime, or find it running."""
    daemon.ensure_running(home.create())
    return status(home)


def stop(home: Home) -> RuntimeStatus:
    """Stop it with all its sessions; deployed runtimes stay known."""
    daemon.stop(home)
    return status(home)


def status(home: Home) -> RuntimeStatus:
    server = daemon.running(home)
    if server is None:
        return RuntimeStatus(running=False, home=home.root)
    health = AdminClient(server).health()
    return RuntimeStatus(
        running=True,
        url=server.url,
        pid=server.pid,
        version=server.version,
        home=home.root,
        sandbox=health.level,
        sandbox_reason=health.level_reason or None,
        protections=health.protections,
        mounts=health.mounts,
        runtimes=health.runtimes,
        sessions=health.sessions,
    )


def environment(home: Home, region: str | None) -> ClientEnvironment:
    """The variables for a shell; starts the local runtime when it isn't running."""
    server = daemon.ensure_running(home.create())
    chosen = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or LOCAL_REGION
    return ClientEnvironment(_variables(server, chosen))


def advance_clock(home: Home, seconds: float) -> float:
    """Move the local runtime's clock forward; gives its new time. Raises NotFoundError when it isn't running."""
    return _client(home).advance_clock(seconds)


def arm_fault(home: Home, name: str, count: int) -> None:
    """Make the next `count` occasions of this fault fail. Raises InputError for a fault that doesn't exist."""
    if name not in FAULTS:
        raise InputError(f"{name}: no such fault", hint="one of " + ", ".join(FAULTS))
    _client(home).arm_fault(name, count)


def read_server_log(home: Home) -> str:
    """What the server itself wrote. Raises NotFoundError when it never ran."""
    try:
        return home.server_log.read_text(errors="replace")
    except FileNotFoundError:
        raise NotFoundError(f"{home.server_log}: the local runtime has not run yet") from None


def run_command(command: list[str], region: str | None, on_output: Callable[[str], None] | None) -> CommandEnded:
    """Run `command` with a fresh local runtime that ends with it.

    `on_output` gets the lines of its stdout; with None they go to ours. Raises NotFoundError if there is no such
    command.
    """
    with _fresh_home() as home:
        variables = environment(home, region).environment | {"AGENTCORE_HOME": str(home.root)}
        try:
            return _run(command, os.environ | variables, on_output)
        finally:
            daemon.stop(home)


def _run(command: list[str], environ: dict[str, str], on_output: Callable[[str], None] | None) -> CommandEnded:
    stdout = None if on_output is None else subprocess.PIPE
    try:
        child = subprocess.Popen(command, env=environ, stdout=stdout, text=True, errors="replace")
    except OSError as error:
        raise NotFoundError(f"{command[0]}: {error.strerror}") from None
    with child:
        for line in child.stdout or ():
            if on_output is not None:
                on_output(line.rstrip("\n"))
    return CommandEnded(child.returncode if child.returncode >= 0 else 128 - child.returncode)


@contextmanager
def _fresh_home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="agentcore-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder)).create()
        with contextlib.suppress(AgentcoreError):  # there is no folder of the user's: then it has its own packages
            home.share_environments(Home.default())
        yield home


def _client(home: Home) -> AdminClient:
    server = daemon.running(home)
    if server is None:
        raise NotFoundError("the local runtime is not running", hint="agentcore local start")
    return AdminClient(server)


def _variables(server: ServerFile, region: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": server.url,
        "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": server.url,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
