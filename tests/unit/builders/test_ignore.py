"""Docker's ignore rules, line by line."""

from __future__ import annotations

import pytest

from agentcore_cli.builders.ignore import Ignore
from agentcore_cli.errors import InputError

CASES = [
    # lines, path, ignored
    (["*.md"], "README.md", True),
    (["*.md"], "docs/README.md", False),  # anchored at the root
    (["**/*.md"], "docs/deep/README.md", True),
    (["**/*.md"], "README.md", True),
    (["*/*.md"], "docs/README.md", True),
    (["*/*.md"], "docs/deep/README.md", False),
    (["docs"], "docs/a/b", True),  # a folder takes what is in it along
    (["docs/"], "docs/a", True),
    (["/docs"], "docs/a", True),
    (["./docs"], "docs/a", True),
    (["docs"], "docs2/a", False),
    (["docs/**"], "docs/a", True),
    (["docs/**"], "docs", False),
    (["**"], "anything/at/all", True),
    (["a/**/z"], "a/z", True),
    (["a/**/z"], "a/b/c/z", True),
    (["temp?"], "tempa", True),
    (["temp?"], "temp", False),
    (["temp?"], "temp/", False),
    (["[a-c].py"], "b.py", True),
    (["[^a-c].py"], "b.py", False),
    (["a.b"], "aXb", False),  # a dot is a dot
    (["a+b(c)"], "a+b(c)", True),
    ([r"\*.md"], "*.md", True),
    ([r"\*.md"], "a.md", False),
    (["# a.md"], "# a.md", False),
    ([" # a.md"], "# a.md", True),  # a comment starts in the first column
    (["", "   "], "a", False),
    (["  a.md  "], "a.md", True),
    (["*.md", "!README.md"], "README.md", False),
    (["!README.md", "*.md"], "README.md", True),  # the last line that matches decides
    (["*", "!src"], "src/a.py", False),
    (["*", "!src", "src/b.py"], "src/b.py", True),
    (["docs", "!docs/keep"], "docs/keep/a", False),
    (["docs", "!docs/keep"], "docs/drop", True),
    (["*", "!**/*.py"], "deep/er/a.py", False),
    (["! a.md", "a.md"], "a.md", True),
    (["a/../b"], "b", True),
    (["\ufeffa.md"], "a.md", True),
]


@pytest.mark.parametrize(("lines", "path", "ignored"), CASES, ids=lambda value: str(value))
def test_a_path_is_in_or_out(lines: list[str], path: str, ignored: bool) -> None:
    assert Ignore.of(lines).ignores(path) is ignored


def test_an_exclamation_mark_alone_is_refused() -> None:
    with pytest.raises(InputError, match="takes nothing back"):
        Ignore.of(["!"])


def test_a_folder_is_walked_when_something_in_it_may_be_taken_back() -> None:
    assert Ignore.of(["docs"]).prunes("docs")
    assert not Ignore.of(["docs", "!docs/keep"]).prunes("docs")
