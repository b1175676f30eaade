"""What is looked at in a project before an agent of it is written into the config: its code, what goes along."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from agentcore_cli import wiring
from agentcore_cli.builders.packages import environment
from agentcore_cli.builders.packages.interpreters import find
from agentcore_cli.builders.packages.packages import Wanted
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.source import source
from agentcore_cli.config import AgentConfig, Start
from agentcore_cli.contract import PYTHONS
from agentcore_cli.errors import AgentcoreError, EntrypointError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.operations.check import (
    Spoken,
    Subject,
    check_entrypoint,
    check_installed,
    python_findings,
    spoken_by,
)
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.source import read
from agentcore_cli.operations.selection import Selected
from agentcore_cli.rendering import OTEL_DISTRO, has_own_dockerfile

_LARGE: Final = 10 * 1024**2  # bytes that git ignores, from which on they are told of
_SHOWN: Final = 5


def check_agent(root: Path, agent_name: str, agent: AgentConfig, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The warnings about an agent. Raises EntrypointError with every definite fault.

    What an image brings from another base, or does by a person's own Dockerfile, is not known: that is warned of.
    """
    return check_entrypoint(_subject(root, agent_name, agent, _installed(root, agent)), environ)


def check_imports(selected: Selected, packages: Path) -> None:
    """Raises EntrypointError for what an agent surely imports and the packages that a deploy has installed lack."""
    subject = _subject(selected.loaded.root, selected.agent_name, selected.agent, packages)
    if not subject.brings_packages:
        check_installed(subject)


def python_warnings(root: Path, agent: AgentConfig) -> tuple[str, ...]:
    """What the project's pyproject.toml says against the agent's Python."""
    return tuple(map(str, python_findings(root, agent.requirements, agent.python)))


def spoken_protocol(root: Path, entrypoint: str, environment: Mapping[str, str]) -> Spoken | None:
    """What the code of an agent that is not in the config yet says of its protocol; None where it says nothing."""
    try:
        start = Start.of(entrypoint, "HTTP", root)
        return spoken_by(Subject(root, start, PYTHONS[-1], environment=environment))
    except EntrypointError:  # the check tells what is wrong with it
        return None


def check_readable(root: Path, agent_name: str, agent: AgentConfig) -> None:
    """Raises EntrypointError for an entrypoint whose syntax the agent's Python refuses: no session of it could start.

    What a person's own Dockerfile starts is not known.
    """
    file = Start.of(agent.entrypoint, agent.protocol, root).file
    if has_own_dockerfile(root, agent_name) or not (root / file).is_file():
        return
    found = read(root / file, str(file), agent.python)
    if isinstance(found, Finding) and found.certain:
        raise EntrypointError(str(found), hint="mend the code, then run this again")


def _subject(root: Path, agent_name: str, agent: AgentConfig, packages: Path | None) -> Subject:
    own_dockerfile = has_own_dockerfile(root, agent_name)
    return Subject(
        root=root,
        start=Start.of(agent.entrypoint, agent.protocol, root),
        python=agent.python,
        requirements=agent.requirements,
        environment=agent.environment,
        brings_packages=own_dockerfile or bool(agent.base_image or agent.image),
        own_start=own_dockerfile or agent.image is not None,
        packages=packages,
        protocol=agent.protocol,
    )


def _installed(root: Path, agent: AgentConfig) -> Path | None:
    """The packages that a deploy on this machine has installed for these very requirements, locally or for an image."""
    if agent.requirements is None:
        return None
    try:
        requirements = Requirements(root, agent.requirements)
        extra = (OTEL_DISTRO,) if agent.otel else ()
        key = environment.key_of(requirements, find(agent.python), extra)
        made = environment.find(wiring.home().environments, key)
        wanted = Wanted(requirements, agent.python, extra)
        folders = (made.packages if made else None, wiring.home().packages / wanted.key)
    except AgentcoreError:  # the check tells what is wrong with them
        return None
    return next((folder for folder in folders if folder and folder.is_dir()), None)


def tell_of_files(root: Path, agent: AgentConfig, listener: Listener) -> None:
    """What a person may not expect of the files that go along; a project that can't be packed says so at deploy."""
    try:
        found = source.survey(root)
    except InputError:
        return
    if found.left_out:
        listener(
            Note(f"left out, since they look like secrets: {_some(found.left_out)} (!NAME in {IGNORE_FILE} takes in)")
        )
    if not agent.secrets and any(name.startswith(".env") for name in found.left_out):
        listener(Note("what .env holds reaches the agent by its name alone: agentcore configure --secret NAME=env"))
    large = {name: size for name, size in found.git_ignored.items() if size >= _LARGE}
    if large:
        size = f"{sum(large.values()) / 1024**2:.0f} MB"
        listener(Note(f"taken along: {size} that git ignores: {_some(large)} (a line in {IGNORE_FILE} leaves it out)"))


def _some(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
