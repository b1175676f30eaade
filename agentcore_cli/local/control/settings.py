"""What a version's stored request means: its settings with every default of the service filled in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.contract import (
    IDLE_TIMEOUT_DEFAULT,
    LOCAL_DEBUGGER,
    MAX_LIFETIME_DEFAULT,
    PROTOCOLS,
    Protocol,
)

SESSION_STORAGE: Final = "sessionStorage"
MUST_START: Final = "localMustStart"  # beside the service's members in a stored body, and in no answer


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """One immutable version. `body` is what the caller sent, after validation, with the effective lifecycle in it."""

    body: Mapping[str, Any]
    protocol: Protocol
    port: int
    path: str
    environment: Mapping[str, str]
    header_allowlist: tuple[str, ...]
    authorizer: Mapping[str, Any] | None  # customJWTAuthorizer
    idle_timeout: int  # seconds
    max_lifetime: int  # seconds
    entry_point: tuple[str, ...]  # argv, after the interpreter; empty for a container
    code_key: str | None  # `<sha256>.zip` in the content store
    container_uri: str | None
    python: str | None  # "3.13"
    storage: str | None  # where session storage is mounted
    other_mounts: tuple[str, ...]  # kinds of file systems that are to be mounted besides
    must_start: bool  # before DEFAULT leads to it
    trial_waits: bool  # the session that showed that it does is the first that is called for, if that is soon

    @property
    def waits_for_editor(self) -> bool:
        """Whether it runs under a debugger: nobody knows how long somebody looks at a line."""
        return self.entry_point[:2] == ("-m", LOCAL_DEBUGGER)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> RuntimeSettings:
        """Read a stored body. It was validated before it was stored."""
        protocol = body.get("protocolConfiguration", {})
        contract = PROTOCOLS[protocol.get("serverProtocol", "HTTP")]
        code = body["agentRuntimeArtifact"].get("codeConfiguration")
        lifecycle = body["lifecycleConfiguration"]
        return cls(
            body=body,
            protocol=protocol.get("serverProtocol", "HTTP"),
            port=protocol.get("port", contract.port),
            path=protocol.get("path", contract.path),
            environment=body.get("environmentVariables", {}),
            header_allowlist=tuple(body.get("requestHeaderConfiguration", {}).get("requestHeaderAllowlist", ())),
            authorizer=body.get("authorizerConfiguration", {}).get("customJWTAuthorizer"),
            idle_timeout=lifecycle["idleRuntimeSessionTimeout"],
            max_lifetime=lifecycle["maxLifetime"],
            entry_point=_argv(code["entryPoint"]) if code else (),
            code_key=code["code"]["s3"]["prefix"] if code else None,
            container_uri=body["agentRuntimeArtifact"].get("containerConfiguration", {}).get("containerUri"),
            python=code["runtime"].removeprefix("PYTHON_").replace("_", ".") if code else None,
            storage=_storage(body),
            other_mounts=tuple(kind for kind, _ in _mounts(body) if kind != SESSION_STORAGE),
            must_start=MUST_START in body,
            trial_waits=body.get(MUST_START) == "waits",
        )


def _storage(body: Mapping[str, Any]) -> str | None:
    places = (mount["mountPath"].rstrip("/") for kind, mount in _mounts(body) if kind == SESSION_STORAGE)
    return next(places, None)


def _mounts(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in body.get("filesystemConfigurations", ()):
        yield from entry.items()


def _argv(entry_point: list[str]) -> tuple[str, ...]:
    """`["-m", "uvicorn app:app"]` is one word too few for the service's list of two: the second is split. So is that
    of `["opentelemetry-instrument", "-m uvicorn app:app"]`.
    """
    if entry_point[0] == "-m":
        return ("-m", *shlex.split(entry_point[1]))
    if entry_point[-1].startswith("-m "):
        return (*entry_point[:-1], *shlex.split(entry_point[-1]))
    return tuple(entry_point)


def effective_lifecycle(asked: Mapping[str, int]) -> dict[str, int]:
    """Both lifecycle values, in seconds, when one or none was asked for (runtime-lifecycle-settings)."""
    longest = asked.get("maxLifetime", MAX_LIFETIME_DEFAULT)
    idle = asked.get("idleRuntimeSessionTimeout", min(IDLE_TIMEOUT_DEFAULT, longest))
    return {"idleRuntimeSessionTimeout": idle, "maxLifetime": longest}
