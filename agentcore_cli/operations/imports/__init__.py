"""Move in: write the config, and where its agents are, for what another tool deployed. Nothing in AWS is changed.

What is imported belongs to whoever made it: `deploy` uses and updates it, `destroy` leaves it alone. The config says
so: `runtime`, `execution_role` and `ecr_repository` name what was there before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentcore_cli import config as configs
from agentcore_cli import files, wiring
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.config import FILE_NAME
from agentcore_cli.config.write import Edit, changed
from agentcore_cli.contract import DEFAULT_ENDPOINT, Arn, endpoint_arn
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import AgentcoreError, InputError, NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.keys import RESOURCE_POLICY, RUNTIME
from agentcore_cli.operations.configure.configure import ConfigureRequest, configure
from agentcore_cli.operations.imports import from_runtime, predecessor
from agentcore_cli.operations.imports.completed import completed
from agentcore_cli.operations.imports.imported import Imported
from agentcore_cli.resources.resource_policy import as_file
from agentcore_cli.state import State

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
        if agent.policies and (request.folder / agent.policy_file).exists():
            raise InputError(f"import: {agent.policy_file} is there already", hint="move it away, or give --name NAME")
    regions = list(dict.fromkeys(agent.region for agent in found))
    targets = {region: _AWS if index == 0 else f"{_AWS}-{region}" for index, region in enumerate(regions)}
    for agent in found:
        _write_config(request, agent, targets[agent.region], is_default=agent.name == default, listener=listener)
    imported = tuple(ImportedAgent(agent.name, targets[agent.region], agent.runtime_arn) for agent in found)
    for agent, there in zip(found, imported, strict=True):
        _write_state(path.absolute().parent, there, agent)
    return ImportResult(path, imported, tuple(line for agent in found for line in agent.left_out))


def _read(request: ImportRequest) -> tuple[Sequence[Imported], str | None]:
    if request.arn is not None:
        imported = _read_runtime(request.arn, request.entrypoint, request.profile)
        return [replace(imported, name=request.name) if request.name else imported], None
    found, default = predecessor.read(request.folder / (request.file or predecessor.FILE_NAME))
    return [_with_what_runs(agent, request.profile) for agent in found], default


def _with_what_runs(agent: Imported, profile: str | None) -> Imported:
    """The earlier file has no field for much of a runtime; what runs is asked, if it can be."""
    if agent.runtime_arn is None:
        return agent
    try:
        return completed(agent, _read_runtime(agent.runtime_arn, agent.entrypoint, profile))
    except AgentcoreError as error:
        line = f"{agent.name}: what runs could not be looked at ({error.message}): its variables, description and tags"
        return replace(agent, left_out=(*agent.left_out, f"{line}; agentcore plan names what differs"))


def _read_runtime(arn: str, entrypoint: str | None, profile: str | None) -> Imported:
    if arn.count(":") != _COLONS_OF_A_RUNTIME_ARN or "/" not in arn:
        raise InputError(
            f"--arn {arn}: not the ARN of a runtime", hint="arn:aws:bedrock-agentcore:REGION:ACCOUNT:runtime/ID"
        )
    with closing(wiring.session_in(Arn.of(arn).region, profile)) as session:
        client = wiring.runtimes(session)
        runtime_id = arn.partition("/")[2]
        runtime = client.get(runtime_id)
        if runtime is None:
            raise NotFoundError(
                f"runtime {runtime_id}: not found", hint="check the ARN and the account of the credentials"
            )
        imported = from_runtime.read(runtime, client.tags(runtime.arn), client.endpoints(runtime_id), entrypoint)
        return _with_policies(imported, client)


def _with_policies(agent: Imported, client: RuntimeControl) -> Imported:
    """With those of the runtime, unless whoever asks may not read them."""
    assert agent.runtime_arn, "read from a runtime"
    arns = (agent.runtime_arn, endpoint_arn(agent.runtime_arn, DEFAULT_ENDPOINT))
    try:
        return replace(agent, policies=as_file(*[client.policy(arn) for arn in arns]))
    except AgentcoreError as error:
        line = f"{agent.name}: whether it has a resource policy could not be looked at ({error.message}); it stays"
        return replace(agent, left_out=(*agent.left_out, line))


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
    more = [Edit(("targets", target, "account"), agent.account)] if agent.account else []
    if agent.policies:
        files.write_atomically(request.folder / agent.policy_file, json.dumps(agent.policies, indent=2) + "\n")
        more.append(Edit(("agents", agent.name, "resource_policy"), agent.policy_file))
    if more:
        files.write_atomically(written.config, changed(text_of(written.config.read_bytes()), more))


def _write_state(root: Path, agent: ImportedAgent, read: Imported) -> None:
    """Where it is, its policies, and the image that runs: that is kept as its maker named it, by a tag, too."""
    if agent.arn is None:
        return
    image, state = read.settings.image, State(root, agent.target)
    outputs = {"arn": agent.arn, "id": agent.arn.partition("/")[2], "version": "", "endpoint": DEFAULT_ENDPOINT}
    outputs |= {"artifact": image} if image else {}
    state.change(agent.name, RUNTIME, {"outputs": outputs, "facts": {}})
    if read.policies:
        state.change(agent.name, RESOURCE_POLICY, {"outputs": {"arn": agent.arn}, "facts": {}})
