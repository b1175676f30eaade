"""What types alone can't say: rules between keys, and the service's rules with exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from agentcore_cli.allowlist import may_be_allowed
from agentcore_cli.config.faults import ConfigFault
from agentcore_cli.config.memory_rules import memory_faults
from agentcore_cli.config.paths import path_fault
from agentcore_cli.config.regions import region_fault
from agentcore_cli.config.schema import AgentConfig, Config, Target
from agentcore_cli.config.start import check_form
from agentcore_cli.contract import HEADER_CUSTOM_PREFIX, PYTHONS
from agentcore_cli.errors import EntrypointError

_OLDEST_PYTHON: Final = 10  # 3.10, for the worker of the local runtime and for the SDK


def broken_rules(config: Config) -> Iterator[ConfigFault]:
    """Every broken rule of a config whose types are right."""
    for name, agent in config.agents.items():
        for fault in _agent_faults(agent):
            yield ConfigFault(("agents", name, *fault.path), fault.problem)
        yield from _covered_mounts(name, agent, config)
    for name, target in config.targets.items():
        for fault in _target_faults(name, target):
            yield ConfigFault(("targets", name, *fault.path), fault.problem)
    if config.default_agent is not None and config.default_agent not in config.agents:
        yield ConfigFault(
            ("default_agent",), f"{config.default_agent!r} is none of the agents {', '.join(config.agents)}"
        )
    if config.default_target not in (None, "local", *config.targets):
        known = ", ".join(sorted({"local", *config.targets}))
        yield ConfigFault(("default_target",), f"{config.default_target!r} is none of the targets {known}")


def _agent_faults(agent: AgentConfig) -> Iterator[ConfigFault]:
    yield from _entrypoint_faults(agent)
    yield from _python_faults(agent)
    yield from _requirements_faults(agent)
    for key in ("role_policy", "resource_policy"):
        path: str | None = getattr(agent, key)
        if path is not None and (problem := path_fault(path)):
            yield ConfigFault((key,), problem)
    for fault in memory_faults(agent.whole_memory) if agent.whole_memory else ():
        yield ConfigFault(("memory", *fault.path), fault.problem)
    for name in agent.secrets.keys() & agent.environment.keys():
        yield ConfigFault(("secrets", name), "is in environment, too; take it out there")
    yield from _header_faults(agent)
    lifecycle = agent.lifecycle
    if lifecycle.idle_timeout > lifecycle.max_lifetime:
        problem = f"{lifecycle.idle_timeout} is above max_lifetime, {lifecycle.max_lifetime} (seconds)"
        yield ConfigFault(("lifecycle", "idle_timeout"), problem)
    for key in agent.tags:
        if key.lower().startswith(("aws:", "agentcore:")):
            yield ConfigFault(("tags", key), "keys that begin with aws: or agentcore: are taken")


def _covered_mounts(name: str, agent: AgentConfig, config: Config) -> Iterator[ConfigFault]:
    """Where session storage is mounted nothing else can be."""
    if agent.session_storage is None:
        return
    place = PurePosixPath(agent.session_storage)
    for mount in config.local.mounts:
        if PurePosixPath(mount.path).is_relative_to(place) or place.is_relative_to(mount.path):
            problem = f"{agent.session_storage} and {mount.path} of local.mounts lie in one another"
            yield ConfigFault(("agents", name, "session_storage"), problem)


def _entrypoint_faults(agent: AgentConfig) -> Iterator[ConfigFault]:
    try:
        check_form(agent.entrypoint)
    except EntrypointError as error:
        yield ConfigFault(("entrypoint",), f"{error.message}; {error.hint}")


def _python_faults(agent: AgentConfig) -> Iterator[ConfigFault]:
    if int(agent.python.partition(".")[2]) < _OLDEST_PYTHON:
        yield ConfigFault(("python",), f"{agent.python} is below 3.{_OLDEST_PYTHON}")
    elif agent.build == "zip" and agent.python not in PYTHONS:
        # supported-runtimes: the others can't be created or updated any more
        taken = f"{', '.join(PYTHONS)}, to which AgentCore limits `build: zip` since 2026-08-31; an image may have any"
        yield ConfigFault(("python",), f"{agent.python} is none of {taken}")


def _requirements_faults(agent: AgentConfig) -> Iterator[ConfigFault]:
    if agent.requirements is None:
        return
    path = PurePosixPath(agent.requirements)
    if problem := path_fault(agent.requirements):
        yield ConfigFault(("requirements",), problem)
    elif path.suffix not in (".txt", ".in") and path.name != "pyproject.toml":
        yield ConfigFault(
            ("requirements",), f"{agent.requirements!r} is neither a requirements file (.txt) nor pyproject.toml"
        )


def _header_faults(agent: AgentConfig) -> Iterator[ConfigFault]:
    """runtime-header-allowlist: no x-amz-*, of x-amzn-* the custom ones alone, none that is restricted, each once
    whatever its case.
    """
    seen: set[str] = set()
    for index, header in enumerate(agent.header_allowlist):
        lower = header.lower()
        if lower in seen:
            yield ConfigFault(("header_allowlist", index), f"{header} is given twice")
        elif lower.startswith("x-amz-"):
            yield ConfigFault(("header_allowlist", index), f"{header}: AgentCore forwards no x-amz- header")
        elif lower.startswith("x-amzn-") and not lower.startswith(HEADER_CUSTOM_PREFIX.lower()):
            yield ConfigFault(
                ("header_allowlist", index), f"{header}: of x-amzn- headers only {HEADER_CUSTOM_PREFIX}* pass"
            )
        elif not may_be_allowed(header):
            yield ConfigFault(("header_allowlist", index), f"{header}: AgentCore never forwards it to an agent")
        seen.add(lower)


def _target_faults(name: str, target: Target) -> Iterator[ConfigFault]:
    if target.region is not None and (problem := region_fault(target.region)):
        yield ConfigFault(("region",), problem)
    if name == "local":
        for key in ("account", "profile", "assume_role", "endpoint"):
            if getattr(target, key) is not None:
                yield ConfigFault((key,), "means nothing to the local runtime; remove it")
