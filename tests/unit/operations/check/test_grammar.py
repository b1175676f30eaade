"""Syntax, judged by the Python that will run it: the same on each Python that runs these tests, with no other here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.source import SourceFile, read

PYTHONS = [f"3.{minor}" for minor in range(10, 15)]
OURS = f"3.{sys.version_info[1]}"

# Code, the first Python that reads it, and the line that the others stumble over.
SINCE = {
    "match": ("match x:\n    case [a, *b]: pass\n", "3.10", 1),
    "except*": ("try:\n    pass\nexcept* OSError:\n    pass\n", "3.11", 3),
    "star in an index": ("a: tuple = ()\nb[*a]\n", "3.11", 2),
    "star in an annotation": ("def f(*args: *Ts): pass\n", "3.11", 1),
    "quotes in f-strings": ("x = 1\n\nprint(f'{d['key']}')\n", "3.12", 3),
    "backslashes in f-strings": ("print(f\"{'\\\\n'.join(x)}\")\n", "3.12", 1),
    "comments in f-strings": ('f"""{x  # which\n}"""\n', "3.12", 1),
    "type statement": ("x = 1\ntype Word = str\n", "3.12", 2),
    "type parameters": ("class Box[T]:\n    pass\n", "3.12", 1),
    "defaults of type parameters": ("def f[T = int](x: T) -> T: return x\n", "3.13", 1),
    "except without parentheses": ("try:\n    pass\nexcept OSError, ValueError:\n    pass\n", "3.14", 3),
    "t-strings": ("name = 'x'\nt'hello {name}'\n", "3.14", 2),
}
# Code that no Python reads, and where.
NEVER = {
    "unfinished": ("def f(:\n", 1),
    "not indented": ("def f():\npass\n", 2),
    "string without an end": ("x = 1\ny = 'abc\n", 2),
    "Python 2": ("print 'hello'\n", 1),
    "return at the top": ("x = 1\nreturn x\n", 2),
    "break outside of a loop": ("if x:\n    break\n", 2),
    "await outside of a function": ("import asyncio\nawait asyncio.sleep(1)\n", 2),
    "nonlocal at the top": ("nonlocal x\n", 1),
    "global after its use": ("def f():\n    x = 1\n    global x\n", 3),
    "a parameter twice": ("def f(a, a): pass\n", 1),
    "a late __future__": ("import os\nfrom __future__ import annotations\n", 2),
}


def at(python: str) -> int:
    return int(python.removeprefix("3."))


def reading(folder: Path, code: str, python: str) -> SourceFile | Finding:
    (folder / "agent.py").write_text(code)
    return read(folder / "agent.py", "agent.py", python)


def is_told(found: Finding, code: str, line: int, python: str) -> None:
    """Parsers stumble over the line or over the one after it."""
    assert found.certain
    assert found.line is not None
    assert abs(found.line - line) <= 1
    text = code.splitlines()[found.line - 1].strip()
    assert str(found).startswith(f"agent.py:{found.line}: syntax error in Python {python}: ")
    assert str(found).endswith(f"\n    {text}")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("kind", SINCE)
def test_newer_syntax_is_a_fault_for_an_older_python_alone(kind: str, python: str, tmp_path: Path) -> None:
    code, since, line = SINCE[kind]
    found = reading(tmp_path, code, python)
    if at(python) < at(since):
        assert isinstance(found, Finding)
        is_told(found, code, line, python)
    elif at(OURS) < at(since):
        assert isinstance(found, Finding)
        assert str(found).endswith(f"not checked any further: syntax newer than Python {OURS}, fine for {python}")
        assert not found.certain
    else:
        assert isinstance(found, SourceFile)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("kind", NEVER)
def test_what_no_python_reads_is_a_fault_for_each(kind: str, python: str, tmp_path: Path) -> None:
    code, line = NEVER[kind]
    found = reading(tmp_path, code, python)
    assert isinstance(found, Finding)
    is_told(found, code, line, python)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        pytest.param("type Word = str\n\n\nx = = 1\n", 4, id="parser"),
        pytest.param("try:\n    pass\nexcept A, B:\n    pass\n\n\nreturn\n", 7, id="compiler"),
    ],
)
def test_the_fault_is_told_and_not_the_newer_syntax_before_it(code: str, line: int, tmp_path: Path) -> None:
    found = reading(tmp_path, code, "3.14")
    assert isinstance(found, Finding)
    is_told(found, code, line, "3.14")


def test_settings_of_ruff_and_remarks_for_it_change_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("target-version = 'py314'\nexclude = ['*']\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "github")
    newest = SINCE["t-strings"][0]
    found = reading(tmp_path, f"# ruff: noqa\n{newest}", "3.13")
    assert isinstance(found, Finding)
    assert found.certain
    assert found.line == 3


@pytest.mark.parametrize("python", PYTHONS)
def test_other_encodings_are_read(python: str, tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_bytes("# coding: latin-1\nx = 'M\xfcnchen'\n".encode("latin-1"))
    assert isinstance(read(tmp_path / "agent.py", "agent.py", python), SourceFile)
