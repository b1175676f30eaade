"""What git ignores, told as git itself tells it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agentcore_cli.builders.source import source
from agentcore_cli.builders.source.git_ignore import GitIgnore

FILES = {
    ".gitignore": "data/\n*.log\n!keep.log\n/only-here\nmodels/*.bin\n[broken\n# note\n\nbuild\n**/deep/x\n",
    "sub/.gitignore": "!*.log\nlocal\n/anchored\nbuilt/\n!/back/\n",
    "sub/again/.gitignore": "*.log\n!built\n",
    "data/.gitignore": "!*\n",
}
PATHS = [
    *("data/a", "data/b/c", "a.log", "keep.log", "only-here", "sub/only-here", "models/a.bin", "models/a/b.bin"),
    *("build/x", "sub/build", "q/deep/x", "q/deep/y", "handler.py", "sub/a.log", "sub/local", "sub/x/local"),
    *("sub/anchored", "sub/x/anchored", "sub/built/a", "sub/x/built", "sub/again/a.log", "sub/again/built/a"),
]


def lay_out(folder: Path) -> None:
    for name, text in {**FILES, **dict.fromkeys(PATHS, "x")}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("below", ["", "team/project"], ids=["at the top", "in a repository"])
def test_it_agrees_with_git(tmp_path: Path, below: str) -> None:
    root = tmp_path / below
    lay_out(root)
    if below:
        (tmp_path / ".gitignore").write_text("handler.py\n/sub\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    asked = "\n".join(PATHS)
    git = subprocess.run(["git", "check-ignore", "--stdin"], cwd=root, input=asked, capture_output=True, text=True)
    ours = GitIgnore(root)
    assert [path for path in PATHS if ours.ignored_part(path)] == git.stdout.splitlines()
    assert ("handler.py" in git.stdout) is bool(below)


def test_a_survey_names_the_folders_and_what_they_weigh(tmp_path: Path) -> None:
    lay_out(tmp_path)
    for name in ("models/b.bin", "data/big"):
        (tmp_path / name).write_bytes(bytes(1000))
    found = source.survey(tmp_path).git_ignored
    assert found["data"] >= 1002
    assert found["models"] == 1001
    assert found["sub/again"] == 1
    assert found["a.log"] == 1
    assert not {"keep.log", "handler.py"} & found.keys()


def test_what_never_goes_along_is_no_weight(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*\n")
    for name in (".claude/a", ".venv/a", ".venv-3.12/a", "env/pyvenv.cfg", "sub/.claude/a", "sub/.venv/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert sum(source.survey(tmp_path).git_ignored.values()) == len("*\n")
