"""Write an agent into the config: everything is decided and checked first, then the files are written.

What was not said keeps the value that it has; a new agent gets defaults. A fault in the options, in the config that is
there or in the agent's code raises before anything is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentcore_cli import config as configs
from agentcore_cli import files
from agentcore_cli.config import FILE_NAME, LOCAL, AgentConfig, Config, Loaded, Start
from agentcore_cli.config.write import Edit, changed, new_project_id
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener, Note, ignore
from agentcore_cli.names import check_agent_name
from agentcore_cli.operations.check import Spoken, locate
from agentcore_cli.operations.configure.agent_check import check_agent, python_warnings, spoken_protocol, tell_of_files
from agentcore_cli.operations.configure.defaults import default_name, default_region, with_defaults
from agentcore_cli.operations.configure.generated import generated_files
from agentcore_cli.operations.configure.settings import Settings, looks_secret, setting_changes
from agentcore_cli.operations.configure.wording import A2A_VERSION
from agentcore_cli.rendering import has_own_dockerfile, render
from agentcore_cli.trust import Trust

_AWS: Final = "aws"
_PROTOCOL: Final = "HTTP"  # the config's default


@dataclass(frozen=True, slots=True)
class ConfigureRequest:
    """What was said. Paths are relative to `folder`, the working directory; None is "not said".

    `own_config`: the config of `folder` itself is meant, whatever lies in the folders above it.
    """

    folder: Path
    config: Path | None = None
    name: str | None = None
    entrypoint: str | None = None
    settings: Settings = field(default_factory=Settings)
    target: str | None = None
    region: str | None = None
    profile: str | None = None
    make_default: bool = False
    check: bool = True
    own_config: bool = False


@dataclass(frozen=True, slots=True)
class ConfigureResult:
    """The agent as it is configured now. `written` are the files that changed; `region` is the AWS target's;
    `is_default`: commands without --agent are about it.
    """

    agent: str
    entrypoint: str
    requirements: str | None
    python: str
    build: str
    protocol: str
    project: str
    target: str
    region: str | None
    config: Path
    created: bool
    is_default: bool
    written: tuple[Path, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a request comes to: which agent of which config. `loaded` is None where a new config is made."""

    request: ConfigureRequest
    loaded: Loaded | None
    root: Path
    name: str
    entrypoint: str

    @property
    def present(self) -> AgentConfig | None:
        return self.loaded.config.agents.get(self.name) if self.loaded else None

    @property
    def path(self) -> Path:
        return self.loaded.path if self.loaded else self.root / FILE_NAME

    @property
    def target(self) -> str:
        """The AWS target whose region and profile are meant."""
        if self.request.target not in (None, LOCAL):
            return str(self.request.target)
        if self.loaded is None:
            return _AWS
        default = self.loaded.config.default_target
        others = (target for target in self.loaded.config.targets if target != LOCAL)
        return next(others, _AWS) if default in (None, LOCAL) else default


def configure(
    request: ConfigureRequest, listener: Listener = ignore, environ: Mapping[str, str] = os.environ
) -> ConfigureResult:
    """Configure one agent. Raises InputError, ConfigError or EntrypointError (all exit 2) with nothing written.

    Notes and warnings are told to `listener`, too.
    """
    draft = _draft(request)
    text = changed(_present_text(draft), _changes(draft, listener, environ))
    config = configs.parse(text, FILE_NAME, with_lines=False)
    agent = config.agents[draft.name]
    warnings = _warnings(draft, agent, environ)
    for warning in warnings:
        listener(Note(warning, "warning"))
    tell_of_files(draft.root, agent, listener)
    written = _write(generated_files(draft.root, draft.name, agent) | {draft.path.resolve(): text})
    return _result(draft, config, written, warnings)


def existing_config(request: ConfigureRequest) -> Loaded | None:
    """The config that would be changed, None where a new one would be made. Raises ConfigError for a broken one."""
    if request.config is not None:
        return configs.load(configs.find(request.config, request.folder))
    path: Path | None = request.folder / FILE_NAME
    if not request.own_config:
        path = configs.nearest(request.folder)
    return configs.load(path) if path and path.exists() else None


def proposed_protocol(request: ConfigureRequest) -> Spoken | None:
    """What the code of a new agent says of its protocol, where nothing else was said and it is not the default's."""
    return _proposal(_draft(request))


def _proposal(draft: _Draft) -> Spoken | None:
    settings = draft.request.settings
    if draft.present is not None or settings.protocol is not None or not draft.request.check:
        return None
    spoken = spoken_protocol(draft.root, draft.entrypoint, settings.environment)
    return spoken if spoken and spoken.protocol != _PROTOCOL else None


def _draft(request: ConfigureRequest) -> _Draft:
    loaded = existing_config(request)
    root = loaded.root if loaded else request.folder.absolute()
    return _Draft(request, loaded, root, *_agent_of(request, loaded, root))


def _agent_of(request: ConfigureRequest, loaded: Loaded | None, root: Path) -> tuple[str, str]:
    """Name and entrypoint of the agent that is meant, new or not."""
    agents = loaded.config.agents if loaded else {}
    if loaded and request.entrypoint is None and (request.name is None or request.name in agents):
        name, agent = configs.choose_agent(loaded.config, request.name)
        return name, agent.entrypoint
    entrypoint = locate(request.entrypoint or ".", request.folder, root)
    if request.name is not None:
        return check_agent_name(request.name), entrypoint
    same = [name for name, agent in agents.items() if _is_same(agent.entrypoint, entrypoint, root)]
    if len(same) == 1:
        return same[0], entrypoint
    name = default_name(entrypoint, root, agents)
    if name in agents:
        raise InputError(
            f"agent {name} exists, with the entrypoint {agents[name].entrypoint}",
            hint=f"give --name {name} to change it, or another name for a new agent",
        )
    return name, entrypoint


def _is_same(one: str, other: str, root: Path) -> bool:
    """Whether two entrypoints are one, or a file and the application in it: `src/bot/app.py` and `bot.app:app`."""
    if one == other:
        return True
    if (":" in one) == (":" in other):
        return False
    return Start.of(one, _PROTOCOL, root).file == Start.of(other, _PROTOCOL, root).file


def _present_text(draft: _Draft) -> str:
    """The text that is changed: the config as it is, or one without agents."""
    if draft.loaded:
        return text_of(draft.path.read_bytes())
    target = LOCAL if draft.request.target == LOCAL else draft.target
    project = new_project_id(draft.root.name)
    return render("config/agentcore.yaml.j2", project=project, agent=draft.name, target=target)


def _changes(draft: _Draft, listener: Listener, environ: Mapping[str, str]) -> list[Edit]:
    settings = draft.request.settings
    if settings.requirements is not None:
        settings = replace(settings, requirements=_relative(settings.requirements, draft))
    if draft.present is None:
        settings = with_defaults(settings, draft.root, draft.entrypoint, strict=_must_fit(draft))
    if spoken := _proposal(draft):
        listener(Note(f"protocol {spoken.protocol}: {spoken.why} (--protocol changes it)"))
        settings = replace(settings, protocol=spoken.protocol)
    settings = _with_a2a_version(settings, draft.present)
    changes = setting_changes(draft.name, draft.entrypoint, draft.present, settings)
    if draft.request.make_default:
        changes.append(Edit(("default_agent",), draft.name))
    return changes + _target_changes(draft, listener, environ)


def _must_fit(draft: _Draft) -> bool:
    """Whether the agent can't run where AgentCore has no Python that the project allows: an image may bring one."""
    brings_own = draft.request.settings.image or has_own_dockerfile(draft.root, draft.name)
    return draft.request.check and not brings_own


def _with_a2a_version(settings: Settings, present: AgentConfig | None) -> Settings:
    """Clients of A2A 1.0 say their version in a header, which AgentCore forwards only when it is on the list."""
    protocol = settings.protocol or (present.protocol if present else None)
    listed = settings.header_allowlist or (present.header_allowlist if present else ())
    becomes_a2a = protocol == "A2A" and (present is None or present.protocol != "A2A")
    if not becomes_a2a or A2A_VERSION.lower() in map(str.lower, listed):
        return settings
    return replace(settings, header_allowlist=(*listed, A2A_VERSION))


def _relative(requirements: str, draft: _Draft) -> str:
    """`requirements`, which is relative to the working directory, as the config keeps it."""
    path = (draft.request.folder / requirements).resolve()
    if not path.is_file():
        raise InputError(f"--requirements {requirements}: there is no such file")
    if not path.is_relative_to(draft.root.resolve()):
        raise InputError(f"--requirements {requirements}: lies outside the project {draft.root}")
    return path.relative_to(draft.root.resolve()).as_posix()


def _target_changes(draft: _Draft, listener: Listener, environ: Mapping[str, str]) -> list[Edit]:
    request, target = draft.request, draft.target
    said = {"region": request.region, "profile": request.profile}
    given = {key: value for key, value in said.items() if value is not None}
    if draft.loaded and target in draft.loaded.config.targets:
        return [Edit(("targets", target, key), value) for key, value in given.items()]
    if draft.loaded and not given and request.target in (None, LOCAL):
        return []
    if request.region is None:
        region, source = default_region(request.profile, environ)
        listener(Note(f"region {region}: {source} (--region changes it)"))
        given = {"region": region} | given
    return [Edit(("targets", target), given)]


def _warnings(draft: _Draft, agent: AgentConfig, environ: Mapping[str, str]) -> tuple[str, ...]:
    """What the check doubts, and variables that look like secrets. Raises EntrypointError for definite faults."""
    if draft.request.check:
        found = check_agent(draft.root, draft.name, agent, environ)
    else:
        found = python_warnings(draft.root, agent)
    secrets = (key for key, value in draft.request.settings.environment.items() if looks_secret(key, value))
    return found + tuple(
        f"--env {key} looks like a secret: {FILE_NAME} is meant for git and AWS shows it to every reader of the runtime"
        for key in secrets
    )


def _write(texts: Mapping[Path, str]) -> tuple[Path, ...]:
    """Write what differs, the config last: once it is there, so is what it counts on."""
    written = []
    for path, text in texts.items():
        if not path.exists() or path.read_bytes() != text.encode():
            files.write_atomically(path, text)
            written.append(path)
    return tuple(written)


def _result(draft: _Draft, config: Config, written: tuple[Path, ...], warnings: tuple[str, ...]) -> ConfigureResult:
    agent = config.agents[draft.name]
    target = config.targets.get(draft.target)
    Trust().add("projects", config.project)  # this user made it, or works on it
    return ConfigureResult(
        agent=draft.name,
        entrypoint=agent.entrypoint,
        requirements=agent.requirements,
        python=agent.python,
        build=agent.build,
        protocol=agent.protocol,
        project=config.project,
        target=draft.target,
        region=target.region if target else None,
        config=draft.path,
        created=draft.loaded is None,
        is_default=configs.is_meant_unnamed(config, draft.name),
        written=written,
        warnings=warnings,
    )
