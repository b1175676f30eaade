"""`.bedrock_agentcore.yaml`, the file of AWS's earlier toolkit (bedrock-agentcore-starter-toolkit, to 0.3.14), read.

It mixes what a person said with what the toolkit found out, holds absolute paths, and forgets who made a role: one that
was "auto-created" is written as if it had been given. So a role or repository with a name there is taken as given: it
is used, and never deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from agentcore_cli.config import Start
from agentcore_cli.config.document import require_bounded
from agentcore_cli.confines import require_in_repository
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import ConfigError
from agentcore_cli.operations.configure.settings import Settings
from agentcore_cli.operations.imports import old_dockerfile
from agentcore_cli.operations.imports.imported import Imported
from agentcore_cli.operations.imports.left_out import left_out
from agentcore_cli.operations.imports.old_dockerfile import OldDockerfile

FILE_NAME: Final = ".bedrock_agentcore.yaml"
_MEMORY_NAME: Final = "BEDROCK_AGENTCORE_MEMORY_NAME"  # its id the agent gets from every deploy, by `memory`


def read(path: Path) -> tuple[list[Imported], str | None]:
    """The agents of the file in `path`, and the default one's name. Raises ConfigError for what is no such file."""
    content = _load(path)
    agents = content.get("agents")
    if agents is None and "name" in content and "entrypoint" in content:  # the format before there were several agents
        agents = {content["name"]: content}
    if not isinstance(agents, dict) or not agents:
        raise ConfigError(f"{path.name}: agents: there is none")
    try:
        imported = [_agent(str(name), _mapping(agent, f"agents.{name}", path), path) for name, agent in agents.items()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a list where a mapping is meant, and the like
        raise ConfigError(
            f"{path.name}: not as AWS's toolkit writes it: {error}", hint="mend it, or agentcore configure -e FILE"
        ) from error
    default = content.get("default_agent")
    return imported, default if isinstance(default, str) else None


def _load(path: Path) -> dict[str, Any]:
    require_in_repository(path, path.absolute().parent, path.name)
    try:
        text = text_of(path.read_bytes())
        require_bounded(text, path.name)
        content = yaml.safe_load(text)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file", hint="agentcore import --from FILE") from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"{path.name}: can't be read: {error}") from error
    return _mapping(content, "the file", path)


def _agent(name: str, agent: Mapping[str, Any], path: Path) -> Imported:
    aws = agent.get("aws") or {}
    deployed = agent.get("bedrock_agentcore") or {}
    dockerfile = old_dockerfile.read(path.absolute().parent, name)
    settings = _settings(agent, aws)
    return Imported(
        name=name,
        entrypoint=_as_started(_entrypoint(name, agent, path), dockerfile, path.absolute().parent),
        settings=settings if settings.python else replace(settings, python=dockerfile.python),
        region=aws.get("region"),
        account=str(aws["account"]) if aws.get("account") else None,
        runtime_arn=deployed.get("agent_arn"),
        left_out=tuple(f"{name}: {line}" for line in (*left_out(agent), *dockerfile.left_out)),
    )


def _settings(agent: Mapping[str, Any], aws: Mapping[str, Any]) -> Settings:
    lifecycle = aws.get("lifecycle_configuration") or {}
    network = (aws.get("network_configuration") or {}).get("network_mode_config") or {}
    jwt = (agent.get("authorizer_configuration") or {}).get("customJWTAuthorizer") or {}
    memory = agent.get("memory") or {}
    return Settings(
        python=_python(agent.get("runtime_type")),
        protocol=(aws.get("protocol_configuration") or {}).get("server_protocol"),
        environment={_MEMORY_NAME: memory["memory_name"]} if memory.get("memory_name") else {},
        idle_timeout=lifecycle.get("idle_runtime_session_timeout"),
        max_lifetime=lifecycle.get("max_lifetime"),
        execution_role=aws.get("execution_role"),
        ecr_repository=aws.get("ecr_repository"),
        subnets=tuple(network.get("subnets") or ()),
        security_groups=tuple(network.get("security_groups") or ()),
        jwt_discovery_url=jwt.get("discoveryUrl"),
        jwt_clients=tuple(jwt.get("allowedClients") or ()),
        jwt_audience=tuple(jwt.get("allowedAudience") or ()),
        jwt_scopes=tuple(jwt.get("allowedScopes") or ()),
        header_allowlist=tuple((agent.get("request_header_configuration") or {}).get("requestHeaderAllowlist") or ()),
        memory=memory.get("memory_id"),
        session_storage=_session_storage(agent),
        otel=(aws.get("observability") or {}).get("enabled"),
    )


def _entrypoint(name: str, agent: Mapping[str, Any], path: Path) -> str:
    """The entrypoint relative to the file's folder; the absolute paths in it may be another machine's."""
    said = Path(str(agent.get("entrypoint") or ""))
    if not said.name:
        raise ConfigError(f"{path.name}: agents.{name}.entrypoint: there is none")
    folder = path.absolute().parent
    candidates = [said] if said.is_absolute() else [folder / said]
    source = agent.get("source_path")
    if source:
        moved = said.relative_to(source) if said.is_relative_to(source) else Path(said.name)
        candidates += [folder / moved, Path(source) / said]
    candidates.append(folder / said.name)
    for candidate in candidates:
        if candidate.is_file() and candidate.resolve().is_relative_to(folder.resolve()):
            return candidate.resolve().relative_to(folder.resolve()).as_posix()
    raise ConfigError(
        f"{path.name}: agents.{name}.entrypoint: {said}: no such file in {folder}",
        hint="mend the path in that file, or move the file beside it",
    )


def _as_started(entrypoint: str, dockerfile: OldDockerfile, root: Path) -> str:
    """The file, unless the image started it in another way than follows from its imports."""
    started = dockerfile.entrypoint
    if started is None or not started.startswith("-m "):
        return entrypoint
    there, wanted = Start.of(entrypoint, "HTTP", root), Start.of(started, "HTTP", root)
    return started if wanted.file == there.file and wanted.argv != there.argv else entrypoint


def _python(runtime_type: Any) -> str | None:
    """`PYTHON_3_13` -> `3.13`; None for another language, or none."""
    language, _, version = str(runtime_type or "").partition("_")
    return version.replace("_", ".") if language == "PYTHON" else None


def _session_storage(agent: Mapping[str, Any]) -> str | None:
    """The mount of the session's own storage, which some write beside the toolkit's fields, as the API has it."""
    mounts = agent.get("filesystem_configurations") or ()
    return next((mount["sessionStorage"]["mountPath"] for mount in mounts if "sessionStorage" in mount), None)


def _mapping(value: Any, what: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path.name}: {what}: not a mapping")
    return value
