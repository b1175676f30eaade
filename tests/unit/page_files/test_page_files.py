"""The files of the page as they are written: small, plain, and without any way for what others say to become markup."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from agentcore_cli.local.faults import FAULTS
from agentcore_cli.local.page.answers import AGAIN

FOLDER = Path(__file__).parents[3] / "templates" / "page"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
PAGES = [path for path in FILES if path.suffix == ".html"]
SIZE_MAX = 150_000  # bytes of all files together
LINES_MAX = 300
NEVER = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment", "DOMParser"),
    *("eval(", "new Function", "setHTML", "parseFromString", "localStorage", "javascript:", "importScripts"),
)


def named(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def test_all_together_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < SIZE_MAX
    assert {path.suffix for path in FILES} == {".html", ".css", ".js"}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_is_short_and_plain(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LINES_MAX
    assert [word for word in NEVER if word in text] == []
    assert re.findall(r"\w*://[^\s\"'`]*", text) == [], "an address of somebody else"
    assert re.findall(r"<[^>]*\s(on\w+|style)\s*=", text) == [], "a handler or a style within markup"
    rest = re.sub("<script>.*?</script>", "", text, flags=re.DOTALL) if path in PAGES else text
    assert re.findall(r"<script(?![^>]*src=)|<style|@import|url\(", rest) == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_the_one_script_in_a_page_is_the_one_that_the_policy_lets_run(path: Path) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", path.read_text(), re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert [f"sha256-{digest}" for digest in digests] == [AGAIN]


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_a_module_imports_what_is_there(path: Path) -> None:
    for name in re.findall(r"""(?:from|import)\s*\(?\s*"(\.[^"]+)""", path.read_text()):
        assert (path.parent / name).is_file(), name


def test_every_module_is_used() -> None:
    named_somewhere = {
        (path.parent / name).resolve()
        for path in FILES
        for name in re.findall(r'"((?:\./|\.\./|js/)[^"]+\.js)"', path.read_text())
    }
    assert [named(path) for path in SCRIPTS if path.resolve() not in named_somewhere] == []


def test_only_one_module_makes_elements() -> None:
    assert [named(path) for path in SCRIPTS if "createElement" in path.read_text()] == ["js/dom.js"]


def test_faults_are_those_of_the_runtime() -> None:
    listed = re.search(r"FAULTS = \[(.*?)\n\];", (FOLDER / "js/runtime.js").read_text(), re.DOTALL)
    assert listed is not None
    assert sorted(re.findall(r'^  \["([a-z0-9-]+)"', listed[1], re.MULTILINE)) == sorted(FAULTS)
