"""Every command of the pages without recipes is run as a reader types it, in a copy of the example that is called like
the page, else of examples/session; the other examples are beside it.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.functional.docs.page import REPOSITORY, Recipe, Typed, commands_of, recipes_of, shell
from tests.redis_server import running_redis

OF = {"traces": "strands"}  # whose example has another name
IN_EVERY_RUN = {"builders", "zip"}  # the others take half a minute each
PAGES = [page for page in sorted((REPOSITORY / "docs").glob("**/*.md")) if not [*recipes_of(page.read_text())]]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=() if page.stem in IN_EVERY_RUN else pytest.mark.long, id=page.stem) for page in PAGES],
)
def test_every_command_of_a_page_does_as_it_says(page: Path, tmp_path: Path, home: Home) -> None:
    examples, environment = tmp_path / "examples", shell(home.root)
    shutil.copytree(REPOSITORY / "examples", examples, ignore=shutil.ignore_patterns("__pycache__"))
    folder = examples / OF.get(page.stem, page.stem)
    folder = folder if folder.is_dir() else examples / "session"
    with ExitStack() as needed:
        if "$REDIS_URL" in page.read_text():
            environment["REDIS_URL"] = needed.enter_context(running_redis(tmp_path))
        for typed in commands_of(page.read_text()):
            if not typed.excluded:
                typed.run(folder, environment)


def test_the_runner_reads_what_a_reader_would_type() -> None:
    text = (
        "```console\n$ one --a \\\n  b\nprinted\n$ two   # exit 2\n```\n"
        "```yaml\n$ three\n```\n```console\n$ make x\n```\n"
    )
    found = commands_of(text)
    assert found == [Typed("one --a   b", 0, ("printed",)), Typed("two", 2), Typed("make x")]
    assert [each.excluded for each in found] == [False, False, True]


def test_a_recipe_has_files_and_commands() -> None:
    file = "`src/agent.py`, which answers:\n\n```python\nX = 1\n```\n"
    text = f"### A\n\n{file}\n```console\n$ one\n```\n\n## Next\n\n```console\n$ two\n```\n\n### B\n\nNo file.\n"
    assert [*recipes_of(text)] == [Recipe("A", {"src/agent.py": "X = 1\n"}, (Typed("one"),))]


@pytest.mark.parametrize(("printed", "holds"), [("a … c", True), ("a b", False), ("", True)])
def test_what_a_command_prints_is_held_to_the_page(tmp_path: Path, printed: str, holds: bool) -> None:
    typed = Typed("echo a b c", 0, tuple(filter(None, [printed])))
    if holds:
        typed.run(tmp_path, shell(tmp_path))
    else:
        with pytest.raises(AssertionError, match="not printed: a b"):
            typed.run(tmp_path, shell(tmp_path))
