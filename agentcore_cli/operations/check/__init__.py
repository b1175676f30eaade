"""The entrypoint check: what would make an agent fail at its first call, found by reading its code, not running it.

`explore` reads the entrypoint and the files of the project that it imports. Each of the others then asks one question:
does anything listen (`application`), is it where AgentCore looks (`protocols`), can the SDK call the handlers
(`handlers`), is what is imported required and does it exist (`dependencies`), does the project allow the agent's Python
(`pythons`). A finding is definite only where the
agent can't work as it stands: what depends on a condition, on packages whose content is unknown or on code that changes
the import path is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentcore_cli.config import Start
from agentcore_cli.contract import Protocol
from agentcore_cli.operations.check import requirements
from agentcore_cli.operations.check.application import application_findings
from agentcore_cli.operations.check.dependencies import Supply, absent, nonexistent, unprovided
from agentcore_cli.operations.check.findings import Finding, raise_faults
from agentcore_cli.operations.check.handlers import handler_findings
from agentcore_cli.operations.check.hiding import hidden_modules
from agentcore_cli.operations.check.imports import Import
from agentcore_cli.operations.check.installed import environments, extends_path, in_environment
from agentcore_cli.operations.check.locate import locate, source_of
from agentcore_cli.operations.check.notebooks import notebook_findings
from agentcore_cli.operations.check.project import ReadProject, Use, explore
from agentcore_cli.operations.check.protocols import protocol_findings, speaks
from agentcore_cli.operations.check.pythons import python_findings

__all__ = ["Spoken", "Subject", "check_entrypoint", "check_installed", "locate", "python_findings", "spoken_by"]


@dataclass(frozen=True, slots=True)
class Subject:
    """An agent as it would be started in the folder `root`.

    `environment` is the agent's; `brings_packages`: its image may hold packages that no requirement names;
    `own_start`: its image may start something else than the entrypoint. `packages` is the folder that a deploy has
    installed these very requirements in.
    """

    root: Path
    start: Start
    python: str
    requirements: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    brings_packages: bool = False
    own_start: bool = False
    packages: Path | None = None
    protocol: Protocol = "HTTP"

    @property
    def python_path(self) -> tuple[str, ...]:
        """The folders, relative to the code, that the agent's own PYTHONPATH adds."""
        return tuple(filter(None, self.environment.get("PYTHONPATH", "").split(":")))


def check_entrypoint(subject: Subject, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The warnings about an agent. Raises EntrypointError with every definite fault as `file:line: problem`.

    `environ` is the shell's: VIRTUAL_ENV tells where the project's packages are.
    """
    file = source_of(subject.start, subject.root)
    project = explore(subject.root, file, subject.python, subject.start, subject.python_path)
    asked = requirements.read(subject.root, subject.requirements)
    made = [in_environment(subject.packages)] if subject.packages else []
    installed = [*made, *environments(subject.root, environ)]
    supply = Supply(subject.root, subject.requirements, subject.python, asked, installed)
    findings = [*asked.findings, *project.findings, *_missing_findings(project, supply)]
    findings += python_findings(subject.root, subject.requirements, subject.python)
    findings += hidden_modules(subject.root, file, subject.start, subject.python, supply.hidden_as)
    started = (
        *application_findings(project, subject.start),
        *protocol_findings(project, subject.start, subject.protocol, subject.environment),
    )
    findings += (finding.doubtful() if subject.own_start else finding for finding in started)
    for source in project.sources:
        findings += [*handler_findings(source), *notebook_findings(source)]
    findings += _import_findings(project, supply, subject)
    return raise_faults(findings)


def check_installed(subject: Subject) -> None:
    """Raises EntrypointError for what surely is imported and is not in `packages`, which were made of the requirements.

    Packages that extend the import path, and code that does, are believed.
    """
    assert subject.packages is not None, "there is nothing to compare with"
    project = explore(
        subject.root, source_of(subject.start, subject.root), subject.python, subject.start, subject.python_path
    )
    if _looks_elsewhere(project, subject) or extends_path(subject.packages):
        return
    uses = [*project.foreign, *_server_of(project, subject.start)]
    asked = requirements.read(subject.root, subject.requirements)
    installed = in_environment(subject.packages)
    supply = Supply(subject.root, subject.requirements, subject.python, asked, [installed])
    faults = [finding for finding in absent(uses, supply, installed) if finding.certain]
    raise_faults(faults, hint="mend the code or the requirements; deploy --no-smoke goes on without looking")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The protocol that an agent's code speaks, and the place that tells."""

    protocol: Protocol
    why: str


def spoken_by(subject: Subject) -> Spoken | None:
    """What the code of an agent says of its protocol; None where it says nothing.

    Raises EntrypointError where the file is missing.
    """
    file = source_of(subject.start, subject.root)
    project = explore(subject.root, file, subject.python, subject.start, subject.python_path)
    server = speaks(project, subject.environment)
    if server is None or server.kind.protocol is None:
        return None
    return Spoken(server.kind.protocol, f"{server.source.shown}:{server.line}: {server.kind.name}")


def _missing_findings(project: ReadProject, supply: Supply) -> Iterator[Finding]:
    """What the project's own modules lack; one that hides a package of the same name is told as that."""
    for missing in project.missing:
        if owner := supply.brought_as(missing.name):
            problem = f"hides the package {owner} of {supply.requirements}: rename it"
            yield Finding(missing.file, None, problem, missing.finding.certain)
        elif not missing.by_itself:
            yield missing.finding


def _import_findings(project: ReadProject, supply: Supply, subject: Subject) -> Iterator[Finding]:
    uses = [*project.foreign, *_server_of(project, subject.start)]
    elsewhere = _looks_elsewhere(project, subject)
    nonexisting = list(nonexistent(uses, supply))
    unknown = () if supply.asked.findings else unprovided(uses, supply)
    for finding in unknown:
        yield finding.doubtful() if elsewhere or subject.brings_packages else finding
    for finding in nonexisting:
        yield finding.doubtful() if elsewhere else finding


def _looks_elsewhere(project: ReadProject, subject: Subject) -> bool:
    """Whether modules may come from where nobody has looked."""
    return project.changes_path or any(not _is_inside(subject.root, place) for place in subject.python_path)


def _is_inside(root: Path, place: str) -> bool:
    """Whether a folder of PYTHONPATH is one of the project's, which has been looked at."""
    folder = (root / place).resolve()
    return folder.is_dir() and folder.is_relative_to(root.resolve())


def _server_of(project: ReadProject, start: Start) -> list[Use]:
    """`module:app` is served by uvicorn: as good as an import of it."""
    if start.attribute is None or project.main is None:
        return []
    return [Use(project.main, Import("uvicorn", (), 0, 1, "always"), "always")]
