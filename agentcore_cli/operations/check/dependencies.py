"""Whether what the code imports will be there: required by the project, and in the installed package as it is."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.config import layout
from agentcore_cli.errors import InputError
from agentcore_cli.operations.check import distributions, modules
from agentcore_cli.operations.check.distributions import normalised
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.installed import Installed
from agentcore_cli.operations.check.project import Use
from agentcore_cli.operations.check.requirements import DeclaredRequirements as Asked
from agentcore_cli.operations.check.requirements import asked_elsewhere, set_aside
from agentcore_cli.operations.check.resolution import resolve

_OURS: Final = Installed(Path(sysconfig.get_path("purelib")))  # this tool's own: what it has is seen, too
# Told by tutorials, never part of the SDK (1.25.0); where its names are instead.
_NO_MODULE: Final = "bedrock_agentcore.context"
_SDK_NAMES: Final = {
    "RequestContext": "bedrock_agentcore",
    "BedrockAgentCoreContext": "bedrock_agentcore",
    "BedrockAgentCoreApp": "bedrock_agentcore",
}


@dataclass(frozen=True)
class Supply:
    """What is there at run time: what is `asked` for, and environments that show what that leads to."""

    root: Path
    requirements: str | None
    python: str
    asked: Asked
    installed: list[Installed] = field(default_factory=list)

    def provides(self, name: str) -> bool | None:
        """Whether an import of `name` works; None where it can't be known."""
        if distributions.brings(distributions.brought_by(frozenset(self.asked.names)), name) or self._beside(name):
            return True
        shown = self._shown(name)
        if shown or self.asked.is_open:
            return True if shown else None
        if shown is False or not self.asked.names:
            return False
        if self._resolved is None:
            return None
        seen = {owner for environment in (*self.installed, _OURS) for owner in environment.owners(name)}
        if distributions.brings(self._resolved, name) or not seen.isdisjoint(self._resolved):
            return True
        # a distribution may bring modules of any name: what it brings is known where it is seen
        unseen = {distribution for distribution in self._resolved if not self._is_seen(distribution)}
        if distributions.is_known(name):
            unseen = {distribution for distribution in unseen if distributions.may_bring(distribution, name)}
        return None if unseen else False

    def brought_as(self, name: str) -> str | None:
        """The requirement, asked for or led to, that is imported as `name`; None where none is known to be."""
        return self.seen_as(name) or self._among(self._resolved or frozenset(), name)

    def seen_as(self, name: str) -> str | None:
        """The same by what is installed here and what is known without asking."""
        for environment in self.installed:
            if owners := environment.owners(name) & (environment.closure(self.asked.names) or self.asked.names):
                return min(owners)
        return self._among(distributions.brought_by(frozenset(self.asked.names)), name)

    def hidden_as(self, name: str) -> str | None:
        """The same for a module of the project that has this name, unless it is that very package: `.` is required."""
        return None if self._beside(name) else self.seen_as(name)

    def _among(self, names: frozenset[str], imported: str) -> str | None:
        candidates = (distributions.advised(imported) or "", normalised(imported))
        return next((candidate for candidate in candidates if candidate in names), None)

    def owner_of(self, name: str) -> str | None:
        """The distribution that brings `name` in an environment of the project, whether it is required or not."""
        return min((owner for environment in self.installed for owner in environment.owners(name)), default=None)

    def _beside(self, name: str) -> bool:
        """Whether a package that lies on this machine, and is asked for, has a module of that name."""
        if self.requirements is None:
            return False
        try:
            folders = Requirements(self.root, self.requirements).folders
        except InputError:
            return False
        return any(layout.has_module(folder, name) for folder in folders)

    def _is_seen(self, distribution: str) -> bool:
        return any(environment.version(distribution) for environment in (*self.installed, _OURS))

    def _shown(self, name: str) -> bool | None:
        """Whether an environment shows that the requirements lead to `name`; None where none has them all."""
        for environment in self.installed:
            owners = environment.owners(name)
            closure = environment.closure(self.asked.names, self.asked.extended)
            if not owners.isdisjoint(closure or self.asked.names):
                return True
            if closure is not None:
                return False
        return None

    @cached_property
    def _resolved(self) -> frozenset[str] | None:
        """All that the requirements lead to, as uv resolves it."""
        if self.requirements is None:
            return None
        return resolve(self.root, self.requirements, self.python)


def unprovided(uses: Iterable[Use], supply: Supply) -> Iterator[Finding]:
    """A finding for each imported package that no requirement provides, at its surest import."""
    for name, use in _surest(uses).items():
        if use.runs == "optional" or distributions.in_standard_library(name, supply.python):
            continue
        provided = supply.provides(name)
        if provided:
            continue
        finding = use.finding(_advice(name, supply, certain=provided is False))
        yield finding if provided is False else finding.doubtful()


def nonexistent(uses: Iterable[Use], supply: Supply) -> Iterator[Finding]:
    """A finding for each import of a module or name that the installed package does not have."""
    for use in uses:
        if use.runs != "optional" and (problem := _nonexistent(use, supply)):
            yield use.finding(problem)


def absent(uses: Iterable[Use], supply: Supply, installed: Installed) -> Iterator[Finding]:
    """A finding for each package, module or name that is imported for sure and is not installed."""
    uses = [use for use in uses if use.runs == "always"]
    for name, use in _surest(uses).items():
        if distributions.in_standard_library(name, supply.python):
            continue
        if modules.find(name, installed.folder) is None:
            yield use.finding(_advice(name, supply, certain=True))
    for use in uses:
        if problem := _nonexistent(use, supply):
            yield use.finding(problem)


def _surest(uses: Iterable[Use]) -> dict[str, Use]:
    """The first import of each package that is surest to run."""
    found: dict[str, Use] = {}
    for wanted in ("always", "perhaps", "optional"):
        for use in uses:
            if use.runs == wanted:
                found.setdefault(use.statement.root, use)
    return found


def _advice(name: str, supply: Supply, *, certain: bool) -> str:
    wanted = distributions.advised(name) or supply.owner_of(name)
    file = supply.requirements or "requirements.txt"
    if removed := distributions.removed_in(name, supply.python):
        return f"{name} left the standard library in Python {removed}" + (
            f"; add {wanted} to {file}" if wanted and supply.requirements else ""
        )
    if other := asked_elsewhere(supply.root, supply.requirements, normalised(wanted or name)):
        return f"{name} comes with {wanted or name}, which {other} asks for: configure with --requirements {other}"
    if supply.requirements is None:
        start = f"nothing is required that provides {name}"
        return f"{start}: write {wanted or 'the package that has it'} to {file}"
    aside = set_aside(supply.root, supply.requirements)
    if group := aside.get(wanted or normalised(name)):
        return f"{name} comes with {wanted or name}, which is in {group} alone, and is not installed: add it to {file}"
    start = f"no requirement provides {name}" if certain else f"can't tell which requirement provides {name}; if none"
    return f"{start}: add {wanted or 'the package that has it'} to {file}"


def _nonexistent(use: Use, supply: Supply) -> str | None:
    for environment in supply.installed:
        package = modules.find(use.statement.root, environment.folder)
        if package:
            return _missing_in(package, use, environment, supply.asked)
    if use.statement.module == _NO_MODULE:
        places = {name: _SDK_NAMES[name] for name in use.statement.names if name in _SDK_NAMES}
        return f"there is no module {_NO_MODULE}{_instead(places)}"
    return None


def _missing_in(package: modules.Module, use: Use, environment: Installed, asked: Asked) -> str | None:
    owner = min(environment.owners(package.name), default=None)
    version = environment.version(owner) if owner else None
    if owner and asked.pins.get(owner, version) != version:
        return None  # another version will be installed
    where = f" in the installed {owner} {version}" if owner else ""
    statement = use.statement
    module = modules.find(statement.module, environment.folder)
    if module is None:
        parent = modules.last_found(statement.module, environment.folder)
        if parent is None or not modules.is_static(parent):
            return None
        return f"there is no module {statement.module}{where}{_instead(_places(statement.names, package))}"
    missing = [name for name in statement.names if name != "*" and modules.binds(module, name) is False]
    if not missing:
        return None
    return f"{statement.module} has no {', '.join(missing)}{where}{_instead(_places(missing, package))}"


def _places(names: Iterable[str], package: modules.Module) -> dict[str, str]:
    """Where in the package each of the names is, for those that it has."""
    return {name: place for name in names if (place := modules.place_of(name, package))}


def _instead(places: dict[str, str]) -> str:
    """The import lines that work."""
    lines = [
        f"from {module} import {', '.join(name for name, place in places.items() if place == module)}"
        for module in dict.fromkeys(places.values())
    ]
    return f"; write: {'; '.join(lines)}" if lines else ""
