"""What notebooks say to `Runtime.configure`, as the settings that `agentcore configure` writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agentcore_cli.errors import InputError
from agentcore_cli.files import write_atomically
from agentcore_cli.operations.configure.settings import Settings

_REQUIREMENTS: Final = "requirements.txt"
_BUILDS: Final = {"container": "docker", "direct_code_deploy": "zip"}
_JWT: Final = "customJWTAuthorizer"
_ALLOWLIST: Final = "requestHeaderAllowlist"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of `configure` that become settings, under the names that notebooks use; None is "not said"."""

    requirements: Collection[str] | None = None
    requirements_file: str | None = None
    execution_role: str | None = None
    ecr_repository: str | None = None
    protocol: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorizer_configuration: Mapping[str, Any] | None = None
    request_header_configuration: Mapping[str, Any] | None = None
    vpc_subnets: Collection[str] = ()
    vpc_security_groups: Collection[str] = ()
    idle_timeout: int | None = None
    max_lifetime: int | None = None
    deployment_type: str | None = None
    runtime_type: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def settings(said: Arguments, folder: Path) -> Settings:
    """Raises InputError for what can't be carried over; a list of `requirements` is written to requirements.txt."""
    authorizer = _member(said.authorizer_configuration, _JWT, "authorizer_configuration")
    headers = _member(said.request_header_configuration, _ALLOWLIST, "request_header_configuration")
    return Settings(
        requirements=_requirements(said, folder),
        python=_python(said.runtime_type),
        build=_build(said.deployment_type),
        protocol=said.protocol,
        environment=dict(said.environment),
        idle_timeout=said.idle_timeout,
        max_lifetime=said.max_lifetime,
        execution_role=said.execution_role,
        ecr_repository=said.ecr_repository,
        subnets=tuple(said.vpc_subnets),
        security_groups=tuple(said.vpc_security_groups),
        jwt_discovery_url=authorizer.get("discoveryUrl") if authorizer else None,
        jwt_clients=tuple(authorizer.get("allowedClients", ())) if authorizer else (),
        jwt_audience=tuple(authorizer.get("allowedAudience", ())) if authorizer else (),
        jwt_scopes=tuple(authorizer.get("allowedScopes", ())) if authorizer else (),
        header_allowlist=tuple(headers or ()),
        tags=dict(said.tags),
    )


def _requirements(said: Arguments, folder: Path) -> str | None:
    """The requirements file; one that is there with other lines is nobody's but the user's."""
    if said.requirements is None or said.requirements_file is not None:
        return said.requirements_file
    text = "".join(f"{requirement}\n" for requirement in said.requirements)
    path = folder / _REQUIREMENTS
    if path.exists() and path.read_text() != text:
        raise InputError(
            f"requirements: {_REQUIREMENTS} is there and says something else",
            hint=f"give requirements_file={_REQUIREMENTS!r}, or remove it first",
        )
    write_atomically(path, text)
    return _REQUIREMENTS


def _python(runtime_type: str | None) -> str | None:
    """`PYTHON_3_13` -> `3.13`."""
    if runtime_type is None:
        return None
    kind, _, version = runtime_type.partition("_")
    if kind != "PYTHON":
        raise InputError(f"runtime_type {runtime_type!r}: only Python is run", hint="PYTHON_3_13")
    return version.replace("_", ".")


def _build(deployment_type: str | None) -> str | None:
    if deployment_type is None:
        return None
    if deployment_type not in _BUILDS:
        raise InputError(f"deployment_type {deployment_type!r}: none of {', '.join(_BUILDS)}")
    return _BUILDS[deployment_type]


def _member(configuration: Mapping[str, Any] | None, name: str, argument: str) -> Any:
    if configuration is None:
        return None
    if set(configuration) != {name}:
        raise InputError(f"{argument}: must hold {name} and nothing else")
    return configuration[name]
