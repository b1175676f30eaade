"""Move in: write the config, and where its agents are, for what another tool deployed. Nothing in AWS is changed.

What is imported belongs to whoever made it: `deploy` uses and updates it, `destroy` leaves it alone. The config says
so: `runtime`, `execution_role` and `ecr_repository` name what was there before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentcore_cli import config as configs
from agentcore_cli import files, wiring
from agentcore_cli.config import FILE_NAME
from agentcore_cli.config.write import Change, changed
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.errors import InputError, NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.operations.configure import ConfigureRequest, configure
from agentcore_cli.operations.imports import from_runtime, predecessor
from agentcore_cli.operations.imports.imported import Imported
from agentcore_cli.state import RUNTIME, State

_AWS: Final = "aws"
_COLONS_OF_A_RUNTIME_ARN: Final = 5


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """From the runtime with this `arn`, else from the earlier toolkit's `file`. Paths are relative to `folder`.

    `entrypoint` is the agent's file, `name` another name for the agent: both go with `arn`.
    """

    folder: Path
    arn: str | None = None
    file: Path | None = None
    entrypoint: str | None = None
    name: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedAgent:
    """`arn` is what runs of it, None when nothing did."""

    name: str
    target: str
    arn: str | None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`left_out` says, a line each, what could not be carried over."""

    config: Path
    agents: tuple[ImportedAgent, ...]
    left_out: tuple[str, ...] = field(default=())


def import_agents(request: ImportRequest, listener: Listener) -> ImportResult:
    """Read, then write config and state. Raises InputError or ConfigError (2), NotFoundError (4) for an unknown ARN."""
    found, default = _read(request)
    path = request.folder / FILE_NAME
    present = configs.load(path).config.agents if path.exists() else {}
    for agent in found:
        if agent.name in present:
            raise InputError(
                f"import: {FILE_NAME} has an agent {agent.name} already",
                hint="give --name NAME, or remove that one first",
            )
    regions = list(dict.fromkeys(agent.region for agent in found))
    targets = {region: _AWS if index == 0 else f"{_AWS}-{region}" for index, region in enumerate(regions)}
    for agent in found:
        _write_config(request, agent, targets[agent.region], is_default=agent.name == default, listener=listener)
    imported = tuple(ImportedAgent(agent.name, targets[agent.region], agent.runtime_arn) for agent in found)
    for there in imported:
        _write_state(path.absolute().parent, there)
    return ImportResult(path, imported, tuple(line for agent in found for line in agent.left_out))


def _read(request: ImportRequest) -> tuple[Sequence[Imported], str | None]:
    if request.arn is not None:
        return [_read_runtime(request, request.arn)], None
    return predecessor.read(request.folder / (request.file or predecessor.FILE_NAME))


def _read_runtime(request: ImportRequest, arn: str) -> Imported:
    if arn.count(":") != _COLONS_OF_A_RUNTIME_ARN or "/" not in arn:
        raise InputError(
            f"--arn {arn}: not the ARN of a runtime", hint="arn:aws:bedrock-agentcore:REGION:ACCOUNT:runtime/ID"
        )
    session = wiring.session_in(arn.split(":")[3], request.profile)
    try:
        door = wiring.runtimes(session)
        runtime_id = arn.partition("/")[2]
        runtime = door.get(runtime_id)
        if runtime is None:
            raise NotFoundError(
                f"runtime {runtime_id}: not found", hint="check the ARN and the account of the credentials"
            )
        imported = from_runtime.read(runtime, door.tags(runtime.arn), door.endpoints(runtime_id), request.entrypoint)
    finally:
        session.close()
    return replace(imported, name=request.name) if request.name else imported


def _write_config(
    request: ImportRequest, agent: Imported, target: str, *, is_default: bool, listener: Listener
) -> None:
    settings = replace(agent.settings, runtime=agent.runtime_arn.partition("/")[2] if agent.runtime_arn else None)
    written = configure(
        ConfigureRequest(
            folder=request.folder,
            name=agent.name,
            entrypoint=agent.entrypoint,
            settings=settings,
            target=target,
            region=agent.region,
            profile=request.profile,
            make_default=is_default,
            check=False,
            own_config=True,
        ),
        listener,
    )
    if agent.account:
        account = Change(("targets", target, "account"), agent.account)
        files.write_atomically(written.config, changed(written.config.read_text(), [account]))


def _write_state(root: Path, agent: ImportedAgent) -> None:
    if agent.arn is None:
        return
    outputs = {"arn": agent.arn, "id": agent.arn.partition("/")[2], "version": "", "endpoint": DEFAULT_ENDPOINT}
    State(root, agent.target).change(agent.name, RUNTIME, {"outputs": outputs, "facts": {}})
