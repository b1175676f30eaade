"""The config is changed and everything else of it stays."""

from __future__ import annotations

import re

import pytest

from agentcore_cli.config import parse
from agentcore_cli.config.write import Edit, changed, new_project_id

PRESENT = """\
# who we are
version: 1
project: support-3f9a1c   # never change it

agents:
    # answers
    bot:
        python: '3.12'
        entrypoint: handler.py   # the file
        lifecycle: {idle_timeout: 900}   # seconds
        header_allowlist:
            - X-Tenant   # who asks
    cat: {entrypoint: cat.py}   # another
default_agent: bot
# the end
"""


def test_only_the_value_that_was_said_differs() -> None:
    text = changed(PRESENT, [Edit(("agents", "bot", "entrypoint"), "other.py")])
    assert text == PRESENT.replace("handler.py   #", "other.py     #")  # a comment keeps its column


def test_nothing_to_change_gives_the_same_text() -> None:
    assert changed(PRESENT, []) == PRESENT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PRESENT, id="four blanks"),
        pytest.param("version: 1\nagents:\n  bot:\n    tags:\n    - a\n    - b\n", id="lists not indented"),
        pytest.param("---\nversion: 1\nagents:\n  bot: {a: 'x', b: \"y\"}\n", id="document start, quotes"),
        pytest.param("a:\n  b: >-\n    long\n    text\n  c: |\n    lines\n", id="text blocks"),
        pytest.param(f"a: {'word ' * 60}end\n", id="a long line"),
        pytest.param("base: &base\n  x: 1\nother:\n  <<: *base\n", id="anchors"),
    ],
)
def test_the_style_of_the_file_is_kept(text: str) -> None:
    assert changed(text, []) == text


def test_a_new_agent_goes_below_the_others() -> None:
    text = changed(
        PRESENT,
        [
            Edit(("agents", "dog", "entrypoint"), "dog.py"),
            Edit(("agents", "dog", "python"), "3.13"),
            Edit(("agents", "dog", "environment"), {"A": "1", "B": "true", "C": "x: y # z", "D": "plain"}),
            Edit(("agents", "dog", "header_allowlist"), ("X-A", "X-B")),
        ],
    )
    added = """\
    dog:
        entrypoint: dog.py
        python: "3.13"
        environment: {A: "1", B: "true", C: 'x: y # z', D: plain}
        header_allowlist: [X-A, X-B]
"""
    assert text == PRESENT.replace("default_agent", f"{added}default_agent")
    assert parse(text, "x").agents["dog"].environment == {"A": "1", "B": "true", "C": "x: y # z", "D": "plain"}


def test_keys_are_made_on_the_way() -> None:
    text = changed("version: 1\nagents:\n", [Edit(("agents", "bot", "lifecycle", "idle_timeout"), 60)])
    assert text == "version: 1\nagents:\n  bot:\n    lifecycle:\n      idle_timeout: 60\n"


@pytest.mark.parametrize(
    ("folder", "start"),
    [("support", "support"), ("My Agents!", "My-Agents"), ("", "project"), ("...", "project"), ("日本", "project")],
)
def test_a_project_id(folder: str, start: str) -> None:
    assert re.fullmatch(re.escape(start) + "-[0-9a-f]{6}", new_project_id(folder))
    assert new_project_id(folder) != new_project_id(folder)
