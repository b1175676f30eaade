"""A Python file as a syntax tree, read and never run."""

from __future__ import annotations

import ast
import codecs
import io
import sys
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.grammar import UnreadableLine, refusal

_OURS: Final = sys.version_info[:2]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`shown` is the path as the user knows it; `is_main`: it runs as `__main__`."""

    path: Path
    shown: str
    tree: ast.Module
    is_main: bool = False


def read(path: Path, shown: str, python: str, *, is_main: bool = False) -> SourceFile | Finding:
    """The file as a tree, or the finding that says why it has none. `python` is the version that will run it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Finding(shown, None, "there is no such file")
    except OSError as error:
        return Finding(shown, None, f"can't be read: {error.strerror}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Finding(shown, None, "it is UTF-16, which Python does not read: save it as UTF-8")
    try:
        tree = _parse(data, python)
    except SyntaxError as error:
        return _refused_here(error, data, shown, python)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nesting without end
        return Finding(shown, None, f"not readable as Python: {error}")
    return _refused_there(data, shown, python) or SourceFile(path, shown, tree, is_main)


def _parse(data: bytes, python: str) -> ast.Module:
    """Raises SyntaxError for what the compiler refuses, too: a `return` outside of a function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `"\d"`: the agent's affair
        tree = ast.parse(data, feature_version=min(_version(python), _OURS))
        compile(tree, "<agent>", "exec", dont_inherit=True)
    return tree


def _refused_here(error: SyntaxError, data: bytes, shown: str, python: str) -> Finding:
    """This Python can't read it: neither can an older one; a newer one may."""
    own = UnreadableLine(error.lineno or 1, error.msg)
    text = _text(data)
    if text is None or _version(python) <= _OURS:
        return _fault(own, data, shown, python)
    theirs = refusal(text, python)
    if theirs is None:
        ours = "{}.{}".format(*_OURS)
        problem = f"not checked any further: syntax newer than Python {ours}, fine for {python}"
        return Finding(shown, own.line, problem, certain=False)
    return _fault(own if own.line == theirs.line else theirs, data, shown, python)


def _refused_there(data: bytes, shown: str, python: str) -> Finding | None:
    """This Python can read it, an older one perhaps not: `feature_version` knows nothing of f-strings or stars."""
    text = _text(data)
    if text is None or _version(python) >= _OURS:
        return None
    theirs = refusal(text, python)
    if theirs is None or refusal(text, "{}.{}".format(*_OURS)) is not None:
        return None
    return _fault(theirs, data, shown, python)


def _fault(refusal: UnreadableLine, data: bytes, shown: str, python: str) -> Finding:
    lines = data.decode(errors="replace").splitlines()
    text = lines[refusal.line - 1].strip() if refusal.line <= len(lines) else ""
    problem = f"syntax error in Python {python}: {refusal.problem}" + (f"\n    {text}" if text else "")
    if text.startswith(("%", "!")):
        problem = f"a command of a notebook, which Python does not know: take it out\n    {text}"
    return Finding(shown, refusal.line, problem)


def _text(data: bytes) -> str | None:
    """None where the bytes are not what they say they are."""
    try:
        return data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0])
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return None


def _version(python: str) -> tuple[int, int]:
    major, _, minor = python.partition(".")
    return int(major), int(minor)
