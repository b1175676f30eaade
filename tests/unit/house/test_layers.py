"""Imports go down only; rooms in one row are strangers; the base row is open to all."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "agentcore_cli"

ROWS = {
    "__main__": 10,
    "main": 9,
    "pytest_plugin": 9,
    "commands": 8,
    "notebook": 8,
    "operations": 7,
    "wiring": 6,
    "resources": 5,
    "builders": 4,
    "local": 4,
    "aws": 3,
    "engine": 3,
    "ui": 2,
    "config": 2,
    "state": 2,
    "ledger": 2,
    "launcher": 2,
    "rendering": 2,
    "contract": 1,
    "errors": 1,
    "exclusions": 1,
    "event_stream": 1,
    "log_records": 1,
    "events": 1,
    "names": 1,
    "waiting": 1,
    "keys": 1,
    "signature": 1,
    "files": 1,
    "confines": 1,
    "certificates": 1,
    "docker_context": 1,
    "documents": 1,
    "project_folder": 1,
    "protocol_errors": 1,
    "user_folder": 1,
    "trust": 2,
    "decoding": 1,
    "allowlist": 1,
    "__init__": 1,
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


def _imports(path: Path) -> Iterator[str]:
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_only_what_stands_below_it(path: Path) -> None:
    room = _room(path)
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] != "agentcore_cli" or len(parts) == 1:
            continue
        other = parts[1]
        assert other in ROWS or other == "__version__", f"{path}: {name} is in no row"
        if other != room and ROWS[room] > 1 and other in ROWS:
            assert ROWS[other] < ROWS[room], f"{path}: {name} does not stand below {room}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_does_not_know_what_it_must_not_know(path: Path) -> None:
    for name in _imports(path):
        for forbidden in FORBIDDEN.get(_room(path), ()):
            assert name != forbidden
            assert not name.startswith(forbidden + "."), f"{path}: {name}"


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
