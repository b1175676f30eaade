"""Imports go down only, between the rooms and inside them; what is in one row does not know each other."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "agentcore_cli"

ROWS = {
    "__main__": 11,
    "main": 10,
    "pytest_plugin": 10,
    "commands": 9,
    "notebook": 9,
    "operations": 8,
    "wiring": 7,
    "resources": 6,
    "builders": 5,
    "local": 5,
    "aws": 4,
    "engine": 4,
    "ui": 3,
    "config": 3,
    "state": 3,
    "ledger": 3,
    "launcher": 3,
    "rendering": 3,
    "trust": 3,
    "formats": 2,
    "names": 2,
    "keys": 1,
    "waiting": 1,
    "files": 2,
    "confines": 2,
    "certificates": 2,
    "project_folder": 2,
    "allowlist": 2,
    "contract": 1,
    "errors": 1,
    "exclusions": 1,
    "events": 1,
    "signature": 1,
    "docker_context": 1,
    "documents": 1,
    "protocol_errors": 1,
    "user_folder": 1,
    "shared_environments": 1,
    "decoding": 1,
    "__version__": 1,
}
# The same inside a room that has rooms of its own: files and folders at its top.
INNER_ROWS = {
    "operations": {
        "imports": 8,
        "doctor": 8,
        "memories": 8,
        "page": 8,
        "dev": 8,
        "deploy": 7,
        "invoke": 6,
        "logs": 5,
        "traces": 5,
        "sessions": 4,
        "auth": 3,
        "configure": 3,
        "secrets": 3,
        "destination": 3,
        "selection": 2,
        "aws_profile": 1,
        "check": 1,
        "local_runtime": 1,
    },
    "local": {
        "__main__": 10,
        "server": 9,
        "application": 8,
        "page": 6,
        "data_plane": 7,
        "admin_api": 7,
        "extraction": 7,
        "memory": 6,
        "sessions": 6,
        "programs": 5,
        "access": 5,
        "containers": 4,
        "control": 3,
        "storage": 3,
        "storing": 3,
        "traces": 6,
        "daemon": 4,
        "client": 3,
        "protocol": 2,
        "store": 2,
        "sandbox": 2,
        "clock": 1,
        "home": 1,
        "faults": 1,
        "http": 1,
    },
    "builders": {
        "choice": 5,
        "codebuild": 4,
        "oci": 4,
        "zip": 4,
        "images": 3,
        "bundles": 3,
        "packages": 2,
        "registry": 2,
        "source": 1,
        "builder": 1,
        "atomic_dir": 1,
    },
}
# Who must never see what, beyond the order of the rows.
FORBIDDEN = {
    "main": {"boto3", "botocore", "docker", "jinja2"},
    "commands": {"boto3", "botocore", "docker", "jinja2", "http", "agentcore_cli.state"},
    "operations": {"typer", "rich", "argparse"},
    "resources": {"typer", "rich", "agentcore_cli.state"},
    "builders": {"agentcore_cli.config", "typer", "rich"},
    "local": {"boto3", "botocore", "agentcore_cli.aws", "agentcore_cli.config", "typer", "rich"},
    "aws": {"agentcore_cli.config", "agentcore_cli.state", "typer", "rich"},
    "engine": {"boto3", "botocore", "yaml", "ruamel", "typer", "rich"},
    "ui": {"boto3", "botocore"},
    "config": {"boto3", "botocore"},
}


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    return tuple(_names_of(path))


def _names_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield module
            if module == "agentcore_cli":
                yield from (f"agentcore_cli.{alias.name}" for alias in node.names)


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "worker" not in path.relative_to(PACKAGE).as_posix())


ROOMS = sorted({_room(path) for path in FILES})


def _imported_in(room: str) -> Iterator[tuple[Path, str]]:
    return ((path, name) for path in FILES if _room(path) == room for name in _imports(path))


@pytest.mark.parametrize("room", ROOMS)
def test_a_file_imports_only_what_stands_below_it(room: str) -> None:
    for path, name in _imported_in(room):
        parts = name.split(".")
        if parts[0] != "agentcore_cli" or len(parts) == 1:
            continue
        other = parts[1]
        assert other in ROWS, f"{path}: {name} is in no row"
        if room not in (other, "__init__"):
            assert ROWS[other] < ROWS[room], f"{path}: {name} does not stand below {room}"


@pytest.mark.parametrize("room", INNER_ROWS)
def test_inside_a_room_imports_go_down_too(room: str) -> None:
    rows = INNER_ROWS[room]
    for path, name in _imported_in(room):
        if path == PACKAGE / room / "__init__.py":
            continue
        own = path.relative_to(PACKAGE / room).parts[0].removesuffix(".py")
        assert own in rows, f"{own} is in no row of {room}"
        parts = name.split(".")
        if parts[:2] != ["agentcore_cli", room] or len(parts) == 2 or parts[2] == own:
            continue
        assert parts[2] in rows, f"{path}: {name} is in no row of {room}"
        assert rows[parts[2]] < rows[own], f"{path}: {name} does not stand below {own}"


def test_every_row_has_its_room_and_the_shelves_are_short() -> None:
    """A shelf that somebody takes in at a glance: ten files at the top of `operations`, twelve of `local`."""
    for room, rows in INNER_ROWS.items():
        there = {path.stem for path in (PACKAGE / room).iterdir() if path.suffix == ".py" or path.is_dir()}
        assert there - {"__init__", "__pycache__"} == rows.keys(), room
    for room, most in (("operations", 10), ("local", 12)):
        assert len(list((PACKAGE / room).glob("*.py"))) <= most, room


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_does_not_know_what_it_must_not_know(room: str) -> None:
    for path, name in _imported_in(room):
        assert not [it for it in FORBIDDEN[room] if f"{name}.".startswith(f"{it}.")], f"{path}: {name}"


@pytest.mark.parametrize(
    ("pattern", "own"),
    [("local/sandbox/worker/*.py", ()), ("launcher/*.py", ("agentcore_cli.launcher", "agentcore_cli.signature"))],
)
def test_what_runs_beside_the_agent_needs_the_standard_library_alone(pattern: str, own: tuple[str, ...]) -> None:
    """And no newer Python than 3.10; `own` goes along."""
    files = sorted(PACKAGE.glob(pattern))
    assert files
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(), feature_version=(3, 10))):
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in node.names), path
            elif (
                isinstance(node, ast.ImportFrom) and node.level == 0 and not (node.module or "").startswith(own or "?")
            ):
                assert (node.module or "").split(".")[0] in sys.stdlib_module_names, f"{path}: {node.module}"
