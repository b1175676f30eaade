"""What is installed in a virtual environment of the project, read from its files: nothing in it is run or imported."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import Distribution, distributions
from pathlib import Path

from agentcore_cli.operations.check.distributions import normalised

_HARMLESS = frozenset({"distutils-precedence.pth", "_virtualenv.pth"})
_WANTED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<extras>\[[^]]*])?[^;]*;?(?P<marker>.*)", re.DOTALL)


@dataclass(frozen=True)
class Installed:
    """One environment's site-packages."""

    folder: Path

    @cached_property
    def _distributions(self) -> dict[str, Distribution]:
        return {normalised(found.name): found for found in distributions(path=[str(self.folder)]) if found.name}

    def version(self, distribution: str) -> str | None:
        found = self._distributions.get(distribution)
        return found.version if found else None

    def owners(self, root: str) -> set[str]:
        """The distributions that the import name `root` was installed by: several share a namespace."""
        return self._owners.get(root, set())

    @cached_property
    def _owners(self) -> dict[str, set[str]]:
        owners: dict[str, set[str]] = defaultdict(set)
        for name, found in self._distributions.items():
            for root in _import_names(found):
                owners[root].add(name)
        return dict(owners)

    def closure(self, names: Iterable[str], extended: Iterable[str] = ()) -> frozenset[str] | None:
        """The distributions and all that they lead to; None where one of `names` is not installed here.

        What only an extra needs is followed for the `extended` ones, and for those that ask for an extra on the way.
        """
        waiting, with_extras, seen = list(names), set(extended), set[str]()
        if any(name not in self._distributions for name in waiting):
            return None
        while waiting:
            name = waiting.pop()
            found = self._distributions.get(name)
            if found is None or name in seen:
                continue
            seen.add(name)
            for wanted in map(_WANTED.match, found.requires or []):
                if wanted and (name in with_extras or "extra" not in wanted["marker"]):
                    needed = normalised(wanted["name"])
                    waiting.append(needed)
                    if wanted["extras"] and needed not in with_extras:
                        with_extras.add(needed)
                        seen.discard(needed)  # its extras are still to be followed
        return frozenset(seen)


@cache
def in_environment(folder: Path) -> Installed:
    """Of an environment that a deploy made: its name says what is in it, so it is read once."""
    return Installed(folder)


def environments(root: Path, environ: Mapping[str, str]) -> list[Installed]:
    """The environments that belong to the project: the activated one, `.venv` and `venv`."""
    folders = [Path(active)] if (active := environ.get("VIRTUAL_ENV")) else []
    folders += [root / ".venv", root / "venv"]
    found = [path for folder in folders for path in sorted(folder.glob("lib/python3*/site-packages"))]
    return [Installed(folder) for folder in dict.fromkeys(found)]


def extends_path(folder: Path) -> bool:
    """Whether a package has Python look for modules in other places, as editable ones and import hooks do."""
    return any(file.name not in _HARMLESS for file in folder.glob("*.pth"))


def _import_names(found: Distribution) -> set[str]:
    listed = found.read_text("top_level.txt")
    if listed:
        return set(listed.split())
    return {file.parts[0].partition(".")[0] for file in found.files or () if file.suffix in (".py", ".so")}
