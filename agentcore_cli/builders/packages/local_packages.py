"""Packages that lie in folders of this machine: which ones an agent leans on, what of them counts, and copying them.

A folder's packages may lean on others: by path in `[tool.uv.sources]` or Poetry's table, as members of a workspace, by
a `file:` address. What counts is what can get into a wheel: no caches, no virtual environments, no version control, and
not what an earlier build left (`build/lib`, `*.egg-info`), which setuptools would pack again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from agentcore_cli.builders.packages.requirement_lines import ARCHIVES, parse
from agentcore_cli.confines import repository, require_in_repository
from agentcore_cli.errors import InputError
from agentcore_cli.exclusions import CLUTTER

PROJECT_FILE: Final = "pyproject.toml"
_MARKERS: Final = (PROJECT_FILE, "setup.py", "setup.cfg")
_LEFT_BY_BUILDS: Final = "*.egg-info"
_OUT: Final = (*CLUTTER, ".agentcore.yaml", _LEFT_BY_BUILDS)


def is_package(folder: Path) -> bool:
    """Whether a folder holds a package that can be built."""
    return folder.is_dir() and any((folder / name).is_file() for name in _MARKERS)


def environ_of(root: Path) -> Mapping[str, str]:
    """What ${VARIABLES} in requirements stand for: the shell's, and PROJECT_ROOT, which uv and others know."""
    return {**os.environ, "PROJECT_ROOT": str(root)}


def closure(start: Iterable[Path]) -> list[Path]:
    """The folders and all that they lean on, resolved. Raises InputError for a project file that is no TOML."""
    waiting, found = [folder.resolve() for folder in start], dict[Path, None]()
    while waiting:
        folder = waiting.pop(0)
        if folder not in found and is_package(folder):
            found[folder] = None
            waiting += _leans_on(folder)
    return list(found)


def sources_of(folder: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    """The places on this machine that a project's `[tool.uv.sources]` name: paths, and members of its workspace."""
    workspace = workspace_of(folder)
    inherited = _content(workspace).get("tool", {}).get("uv", {}).get("sources", {}) if workspace else {}
    base = {name: (workspace or folder, value) for name, value in inherited.items()}
    own = content.get("tool", {}).get("uv", {}).get("sources", {})
    for name, (place, value) in (base | {name: (folder, value) for name, value in own.items()}).items():
        for source in value if isinstance(value, list) else [value]:
            if isinstance(source, dict) and "path" in source and _asks_for(content, name):
                yield place / source["path"]
            elif isinstance(source, dict) and source.get("workspace") and workspace and _asks_for(content, name):
                yield from (member for member in members(workspace) if _name(member) == canonicalize_name(name))


def workspace_of(folder: Path) -> Path | None:
    """The root of the uv workspace that a project's folder belongs to."""
    resolved = folder.resolve()
    around = repository(resolved)
    for above in (resolved, *(parent for parent in resolved.parents if parent.is_relative_to(around))):
        if (above / PROJECT_FILE).is_file() and "workspace" in _content(above).get("tool", {}).get("uv", {}):
            return above if resolved in (above, *members(above)) else None
    return None


def members(workspace: Path) -> list[Path]:
    """The folders of a workspace's members, its root first."""
    settings = _content(workspace).get("tool", {}).get("uv", {}).get("workspace", {})
    left_out = {path.resolve() for pattern in settings.get("exclude", ()) for path in workspace.glob(pattern)}
    found = [path.resolve() for pattern in settings.get("members", ()) for path in sorted(workspace.glob(pattern))]
    return [workspace, *(path for path in found if (path / PROJECT_FILE).is_file() and path not in left_out)]


def dynamic_files(folder: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    """The files that say what a project with `dynamic = ["dependencies"]` depends on, for setuptools and by hand."""
    named = content.get("tool", {}).get("setuptools", {}).get("dynamic", {}).get("dependencies", {})
    files = named.get("file", []) if isinstance(named, dict) else []
    for name in ("setup.py", "setup.cfg", *([files] if isinstance(files, str) else files)):
        if (folder / name).is_file():
            yield folder / name


def digest(place: Path) -> str:
    """The hash of a file, or of what counts of a folder. Raises InputError that names what can't be read."""
    result = hashlib.sha256()
    for name, path in files(place) if place.is_dir() else [(place.name, place)]:
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            result.update(f"{name}\0{os.access(path, os.X_OK)}\0{content}\n".encode(errors="surrogateescape"))
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
    return result.hexdigest()


def copy(folder: Path, target: Path) -> None:
    """Copy what counts of a folder. Raises InputError that names what can't be read."""
    target.mkdir(parents=True, exist_ok=True)
    for name, path in files(folder):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, target / name)
        except PermissionError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        (target / name).chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that count, by their relative names, in order. Links are followed, but not in circles."""
    seen = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        at_top = Path(parent) == folder
        for name in (name for name in folders if Path(parent, name).is_symlink() and not _matches(name)):
            require_in_repository(Path(parent, name), folder, str(Path(parent, name)))
        folders[:] = sorted(name for name in folders if not _is_out(Path(parent, name), at_top=at_top))
        for name in sorted(files):
            path = Path(parent, name)
            if path.is_symlink():
                require_in_repository(path, folder, str(path))
            if path.is_file() and not _matches(name):
                yield path.relative_to(folder).as_posix(), path


def _is_out(folder: Path, *, at_top: bool) -> bool:
    if _matches(folder.name) or os.path.exists(folder / "pyvenv.cfg"):
        return True
    if at_top and folder.name == "build":
        return any(folder.glob("lib*")) or any(folder.glob("bdist.*"))
    if at_top and folder.name == "dist":
        return all(path.name.endswith((*ARCHIVES, ".gitignore")) for path in folder.iterdir())
    return False


def _matches(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _OUT)


def _leans_on(folder: Path) -> Iterator[Path]:
    content = _content(folder)
    project = content.get("project", {})
    asked = [*project.get("dependencies", []), *content.get("build-system", {}).get("requires", [])]
    for extra in project.get("optional-dependencies", {}).values():
        asked += extra
    for line in (parse(item) for item in asked if isinstance(item, str)):
        if line.path is not None:
            yield (folder / line.path).resolve()
    yield from (place.resolve() for place in sources_of(folder, content))
    for wanted in content.get("tool", {}).get("poetry", {}).get("dependencies", {}).values():
        for item in wanted if isinstance(wanted, list) else [wanted]:
            if isinstance(item, dict) and "path" in item:
                yield (folder / item["path"]).resolve()


def _asks_for(content: Mapping[str, Any], name: str) -> bool:
    """Whether a project depends on `name`; a source that nobody asks for is not installed."""
    project = content.get("project", {})
    asked = [*project.get("dependencies", []), *content.get("build-system", {}).get("requires", [])]
    for extra in project.get("optional-dependencies", {}).values():
        asked += extra
    asked += content.get("tool", {}).get("uv", {}).get("override-dependencies", [])
    names = (line.requirement.name for item in asked if (line := parse(str(item))).requirement)
    return "dependencies" in project.get("dynamic", []) or canonicalize_name(name) in map(canonicalize_name, names)


def _name(folder: Path) -> str:
    return canonicalize_name(str(_content(folder).get("project", {}).get("name", folder.name)))


def _content(folder: Path) -> dict[str, Any]:
    path = folder / PROJECT_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
