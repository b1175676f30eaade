"""What a page of docs/ asks its reader to type, and the files that its recipes have the reader make."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from tests.command_line import AGENTCORE, environment_without_aws

REPOSITORY = Path(__file__).parents[3]
SECONDS = 150  # that a command may take; packages are installed by some
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"# exit (\d+)\s*$")
_HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
_FILE = re.compile(r"^`([^`\n]+)`[^`\n]*:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# By their first word: what is not run here, and why.
NOT_RUN = {
    "make": "runs tests, this one among them",
    "git": "needs a repository of somebody's",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A line after `$ `, how it ends (0, or the number in `# exit N` at its end), and the lines that it prints, among
    others; `…` in one stands for anything."""

    line: str
    code: int = 0
    printed: tuple[str, ...] = ()

    @property
    def excluded(self) -> bool:
        return self.line.split()[0] in NOT_RUN

    def run(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Type it in `folder`; fails the test when it does not do as the page says."""
        done = subprocess.run(
            ["bash", "-c", self.line],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        told = f"{self.line}\n{done.stdout}{done.stderr}"
        assert done.returncode == self.code, told
        lines = (done.stdout + done.stderr).splitlines()
        for expected in self.printed:
            pattern = re.compile(re.escape(expected).replace("…", ".*"))
            assert any(pattern.fullmatch(line.rstrip()) for line in lines), f"not printed: {expected}\n{told}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A part of a page that has files: its title, the files' texts by their paths, and what is typed among them."""

    title: str
    files: Mapping[str, str]
    commands: tuple[Typed, ...]

    def write(self, folder: Path) -> None:
        """Make the files."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def commands_of(text: str) -> list[Typed]:
    """The commands of all console blocks, in order; a line that ends with a backslash goes on in the next."""
    found: list[Typed] = []
    for block in _BLOCK.findall(text):
        for chunk in re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
            line, *printed = chunk.splitlines()
            ends = _EXIT.search(line)
            code = int(ends[1]) if ends else 0
            found.append(Typed(_EXIT.sub("", line).strip(), code, tuple(filter(None, map(str.rstrip, printed)))))
    return found


def recipes_of(text: str) -> Iterator[Recipe]:
    """The parts below a third-level heading that have files: blocks after a line with a path and a colon."""
    titles = list(_HEADING.finditer(text))
    for title, after in zip_longest(titles, titles[1:]):
        part = text[title.end() : after.start() if after else len(text)].partition("\n## ")[0]
        if files := dict(_FILE.findall(part)):
            yield Recipe(title[1], files, tuple(commands_of(part)))


def shell(home: Path) -> dict[str, str]:
    """The variables of a reader's shell, with `agentcore` on its PATH."""
    path = f"{AGENTCORE.parent}{os.pathsep}{os.environ['PATH']}"
    return environment_without_aws() | {"AGENTCORE_HOME": str(home), "PATH": path}
