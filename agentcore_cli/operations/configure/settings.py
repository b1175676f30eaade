"""The settings of an agent that `configure` can write, and the changes to the config that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli.config import AgentConfig, LifecycleConfig, MemoryConfig
from agentcore_cli.config.write import ABSENT, Edit

NONE_OF_THEM: Final = ("",)  # what takes a list away
_SECRET_NAME: Final = re.compile(
    r"(?i)(^|_)(secret|password|passwd|token|api_?key|access_?key|private_?key|credentials?)(_|$)"
)
_SECRET_VALUE: Final = re.compile(r"(AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN |gh[pousr]_\w{30}|sk-[\w-]{20}|xox[abp]-")


@dataclass(frozen=True, slots=True)
class Settings:
    """Values as they are written; None and empty are "not said". Times are seconds, `requirements` a path.

    A list of one empty word (`NONE_OF_THEM`) takes it out of the config.
    """

    requirements: str | None = None
    python: str | None = None
    build: str | None = None
    protocol: str | None = None
    description: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    idle_timeout: int | None = None
    max_lifetime: int | None = None
    execution_role: str | None = None
    permissions_boundary: str | None = None
    ecr_repository: str | None = None
    image: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    secrets_keys: tuple[str, ...] = ()
    jwt_discovery_url: str | None = None
    jwt_clients: tuple[str, ...] = ()
    jwt_audience: tuple[str, ...] = ()
    jwt_scopes: tuple[str, ...] = ()
    header_allowlist: tuple[str, ...] = ()
    memory: str | None = None
    session_storage: str | None = None
    otel: bool | None = None
    runtime: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def setting_changes(name: str, entrypoint: str, present: AgentConfig | None, said: Settings) -> list[Edit]:
    """The changes that make agent `name` what was said; `present` is the agent as it is, None for a new one."""
    plain = {
        "entrypoint": None if present and present.entrypoint == entrypoint else entrypoint,
        "requirements": said.requirements,
        "python": said.python,
        "build": said.build,
        "protocol": said.protocol,
        "description": said.description,
        "execution_role": said.execution_role,
        "permissions_boundary": said.permissions_boundary,
        "ecr_repository": said.ecr_repository,
        "image": said.image,
        "secrets_keys": said.secrets_keys,
        "header_allowlist": said.header_allowlist,
        "session_storage": said.session_storage,
        "otel": said.otel,
        "runtime": said.runtime,
    }
    changes = [_change(("agents", name, key), value) for key, value in plain.items() if value]
    if said.memory:
        has_keys = present is not None and isinstance(present.memory, MemoryConfig)
        changes.append(Edit(("agents", name, "memory", *(["name"] if has_keys else [])), said.memory))
    for key, present_values, values in _groups(present, said):
        given = {inner: value for inner, value in values.items() if value is not None and value != ()}
        changes += _group_changes(("agents", name, key), bool(present_values), given)
    return changes


def looks_secret(name: str, value: str) -> bool:
    """Whether an environment variable looks like something that belongs in no file and no console."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))


def _groups(present: AgentConfig | None, said: Settings) -> list[tuple[str, object, Mapping[str, object]]]:
    """The keys that hold mappings: what is there already, and what was said."""
    lifecycle = present.lifecycle if present and present.lifecycle != LifecycleConfig() else None
    network = {"subnets": said.subnets, "security_groups": said.security_groups}
    authorizer = {
        "discovery_url": said.jwt_discovery_url,
        "clients": said.jwt_clients,
        "audience": said.jwt_audience,
        "scopes": said.jwt_scopes,
    }
    times = {"idle_timeout": said.idle_timeout, "max_lifetime": said.max_lifetime}
    return [
        ("environment", present and present.environment, said.environment),
        ("secrets", present and present.secrets, said.secrets),
        ("lifecycle", lifecycle, times),
        ("network", present and present.network, network),
        ("authorizer", present and present.authorizer, authorizer),
        ("tags", present and present.tags, said.tags),
    ]


def _group_changes(path: tuple[str, ...], is_there: bool, given: Mapping[str, object]) -> list[Edit]:
    """A mapping that is there is changed key by key, so that its other keys and comments stay."""
    if is_there:
        return [_change((*path, key), value) for key, value in given.items()]
    said = {key: value for key, value in given.items() if value != NONE_OF_THEM}
    return [Edit(path, said)] if said else []


def _change(path: tuple[str, ...], value: object) -> Edit:
    return Edit(path, ABSENT if value == NONE_OF_THEM else value)
