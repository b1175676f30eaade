"""Docker's ignore rules, line by line."""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore_cli.builders.source.ignore import Ignore
from agentcore_cli.errors import InputError
from tests.long_cases import always

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


HOSTILE: dict[str, Callable[[], list[str]]] = {
    "stars": lambda: ["*a*a*a*a*b"] * 100_000,
    "each another": lambda: [f"*a*{number}*b" for number in range(100_000)],
    "folders": lambda: ["/".join(["**"] * 30) + "/x"] * 100_000,
    "names": lambda: [f"**/file{number}.txt" for number in range(100_000)],
    "taken back": lambda: [f"!keep{number}*" for number in range(100_000)],
    "classes": lambda: [f"[a-{chr(98 + number % 20)}]*[0-9]x{number}" for number in range(100_000)],
    "one long line": lambda: ["*a" * 50_000 + "b"],
}


@pytest.mark.parametrize("lines", always("stars", of=HOSTILE))
def test_a_strangers_file_costs_time_that_grows_with_its_length_alone(lines: Callable[[], list[str]]) -> None:
    written = lines()
    began = time.process_time()
    read = Ignore.of(written)
    for number in range(50):
        assert not read.ignores("a" * 200 + f"/{'a' * 200}-{number}")
        assert not read.takes_back_by_name("a" * 200)
    assert time.process_time() - began < 20, "a second or two; with backtracking it takes longer than anybody waits"


_SEGMENT = st.text("ab*.[]", min_size=1, max_size=3)
_LINE = st.lists(st.sampled_from(["a", "b", "*", "**", "**/", "/", "?", "[ab]", "[^a]", "\\*", "."]), max_size=7)


@settings(max_examples=500)
@given(st.lists(_LINE.map("".join), max_size=4), st.lists(_SEGMENT, min_size=1, max_size=4).map("/".join))
def test_it_says_the_same_as_the_rules_written_as_an_expression(lines: list[str], path: str) -> None:
    """Docker's own way is a regular expression for each line; the automaton must not differ from it."""
    texts = [posixpath.normpath(line).lstrip("/") for line in lines if line.strip()]
    parts = path.split("/")
    lineage = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    expected = any(re.fullmatch(_expression(text), part, re.DOTALL) for text in texts for part in lineage)
    assert Ignore.of(lines).ignores(path) is expected


def _expression(pattern: str) -> str:
    pieces = list(re.finditer(r"\*\*/?|\*|\?|\\.|\[[^]]*\]|.", pattern, re.DOTALL))
    return "".join(_piece(found.group(), found.end() == len(pattern)) for found in pieces)


def _piece(text: str, last: bool) -> str:
    if text.startswith("**"):
        return ".*" if last else "(.*/)?"
    if len(text) > 1 and text[0] == "[":
        return text
    return {"*": "[^/]*", "?": "[^/]"}.get(text) or re.escape(text[-1])
