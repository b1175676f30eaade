"""What a Dockerfile needs to install an agent's packages by itself, with pip in a RUN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import InputError


@dataclass(frozen=True, slots=True)
class Standalone:
    """`files` are read by the installer, the main one first; `places` are the local packages that they lead to: folders
    and wheels. Names are relative to the project.

    `lines` and `constraints` are requirements for a project that the installer can't read itself (Poetry's table); then
    there are no `files`.
    """

    files: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


def of(requirements: Requirements | None) -> Standalone:
    """Raises InputError for requirements that can't be read, and for what lies outside the project: an image can't
    install from there."""
    if requirements is None:
        return Standalone()
    reading = requirements.checked()
    found = dict.fromkeys((*reading.places, *requirements.folders))
    for path in (*requirements.files(), *found):
        _require_inside(requirements.root, path)
    return _of(requirements, list(found))


def as_far_as_known(requirements: Requirements | None) -> Standalone:
    """The same without what lies outside the project, which a deploy brings along, or can't be read."""
    return Standalone() if requirements is None else _of(requirements, list(requirements.reading.places))


def _of(requirements: Requirements, found: list[Path]) -> Standalone:
    root, reading = requirements.root.resolve(), requirements.reading
    outermost = [place for place in found if not any(other in place.parents for other in found)]
    places = tuple(_names(root, outermost))
    if written := reading.written:
        return Standalone((), places, tuple(written.requirements), tuple(written.constraints))
    files = [*reading.files, *([requirements.lock] if requirements.lock else [])]
    return Standalone(tuple(_names(root, files)), places)


def _names(root: Path, paths: list[Path]) -> Iterator[str]:
    for path in paths:
        if path.resolve().is_relative_to(root):
            yield path.resolve().relative_to(root).as_posix()


def _require_inside(root: Path, path: Path) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise InputError(
            f"{path}: lies outside {root}, so the image can't install from it",
            hint="move it into the project, or leave out `install: image`",
        )
