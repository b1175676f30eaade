"""Every command in docs/ is run as a reader types it, with a new local runtime, in a copy of the example that is called
like the page, or else of examples/session; the other examples are beside it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.command_line import AGENTCORE, environment_without_aws
from tests.redis_server import running_redis

REPOSITORY = Path(__file__).parents[3]
DOCS = sorted((REPOSITORY / "docs").glob("**/*.md"))
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"# exit (\d+)\s*$")
# By their first word: what is not run here, and why.
NOT_RUN = {
    "make": "runs tests, this one among them",
    "git": "needs a repository of somebody's",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A line after `$ `, and how it ends: 0, or the number in `# exit N` at its end."""

    line: str
    code: int

    @property
    def excluded(self) -> bool:
        return self.line.split()[0] in NOT_RUN


def commands_of(text: str) -> list[Typed]:
    """The commands of all console blocks, in order; a line that ends with a backslash goes on in the next."""
    lines = "".join(_BLOCK.findall(text)).replace("\\\n", "").splitlines()
    found = []
    for line in (line.removeprefix("$ ") for line in lines if line.startswith("$ ")):
        ends = _EXIT.search(line)
        found.append(Typed(_EXIT.sub("", line).strip(), int(ends[1]) if ends else 0))
    return found


@pytest.fixture
def reader(tmp_path: Path, home: Home) -> tuple[Path, dict[str, str]]:
    """The folder of examples, and the variables of a shell in it."""
    folder = tmp_path / "examples"
    shutil.copytree(REPOSITORY / "examples", folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = f"{AGENTCORE.parent}{os.pathsep}{os.environ['PATH']}"
    return folder, environment_without_aws() | {"AGENTCORE_HOME": str(home.root), "PATH": path}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_every_command_of_a_page_does_as_it_says(page: Path, reader: tuple[Path, dict[str, str]]) -> None:
    examples, environment = reader
    folder = examples / page.stem
    with ExitStack() as needed:
        if "$REDIS_URL" in page.read_text():
            environment["REDIS_URL"] = needed.enter_context(running_redis(examples.parent))
        for typed in commands_of(page.read_text()):
            if typed.excluded:
                continue
            done = subprocess.run(
                ["bash", "-c", typed.line],
                cwd=folder if folder.is_dir() else examples / "session",
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == typed.code, f"{page.name}: {typed.line}\n{done.stdout}{done.stderr}"


def test_the_runner_reads_what_a_reader_would_type() -> None:
    text = (
        "```console\n$ one --a \\\n  b\nprinted\n$ two   # exit 2\n```\n"
        "```yaml\n$ three\n```\n```console\n$ make x\n```\n"
    )
    found = commands_of(text)
    assert [(each.line, each.code, each.excluded) for each in found] == [
        ("one --a   b", 0, False),
        ("two", 2, False),
        ("make x", 0, True),
    ]
