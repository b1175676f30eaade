"""A Python file as a syntax tree, read and never run."""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from agentcore_cli.builders import interpreters
from agentcore_cli.errors import InputError
from agentcore_cli.operations.check.findings import Finding

_PARSE_ONLY = "import ast,sys; ast.parse(sys.stdin.buffer.read())"
_PARSE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Source:
    """`shown` is the path as the user knows it; `is_main`: it runs as `__main__`."""

    path: Path
    shown: str
    tree: ast.Module
    is_main: bool = False


def read(path: Path, shown: str, python: str, *, is_main: bool = False) -> Source | Finding:
    """The file as a tree, or the finding that says why it has none. `python` is the version that will run it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Finding(shown, None, "there is no such file")
    except OSError as error:
        return Finding(shown, None, f"can't be read: {error.strerror}")
    try:
        return Source(path, shown, _parse(data, python), is_main)
    except SyntaxError as error:
        return _syntax_finding(error, data, shown, python)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nesting without end
        return Finding(shown, None, f"not readable as Python: {error}")


def _parse(data: bytes, python: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `"\d"`: the agent's affair
        return ast.parse(data, feature_version=min(_version(python), sys.version_info[:2]))


def _syntax_finding(error: SyntaxError, data: bytes, shown: str, python: str) -> Finding:
    text = (error.text or "").strip()
    finding = Finding(shown, error.lineno, f"syntax error: {error.msg}" + (f"\n    {text}" if text else ""))
    if _version(python) <= sys.version_info[:2]:
        return finding
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    readable = _readable_by(python, data)
    if readable is None:
        problem = f"{finding.problem}\n    Python {ours} can't read this; {python} might, but is not on this machine"
        return Finding(shown, error.lineno, problem, certain=False)
    if readable:
        return Finding(
            shown, error.lineno, f"not checked any further: syntax newer than Python {ours}, fine for {python}", False
        )
    return finding


def _readable_by(python: str, data: bytes) -> bool | None:
    """Whether the Python that will run the file can parse it; None if it is not on this machine."""
    try:
        found = interpreters.find(python)
    except InputError:
        return None
    if found.minor != python:
        return None
    command = [str(found.path), "-I", "-S", "-c", _PARSE_ONLY]
    try:
        return subprocess.run(command, input=data, capture_output=True, timeout=_PARSE_SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return None


def _version(python: str) -> tuple[int, int]:
    major, _, minor = python.partition(".")
    return int(major), int(minor)
