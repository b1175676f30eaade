"""The grammar of the Python that will run the code, whatever Python runs this: ruff knows that of each."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any, Final

from ruff import find_ruff_bin

from agentcore_cli.errors import AgentcoreError

_SECONDS: Final = 20
# What a Python refuses after parsing; see the table of "F" and "PL" in ruff's rules.
_REFUSED_BY_THE_COMPILER: Final = (
    "F404,F406,F407,F621,F622,F701,F702,F704,F706,F707,PLE0115,PLE0117,PLE0118,PLE1142,PLE1700"
)
_SETTINGS: Final = ("--isolated", "--no-cache", "--ignore-noqa", "--quiet", "--output-format", "json")
_REFUSED: Final = 1


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """The first line that a Python can't read."""

    line: int
    problem: str


def refusal(text: str, python: str) -> UnreadableLine | None:
    """Why Python `python` ("3.13") can't run `text`; None where it can. Raises AgentcoreError if ruff doesn't work."""
    target = "py" + python.replace(".", "")
    command = ["check", *_SETTINGS, "--select", _REFUSED_BY_THE_COMPILER, "--target-version", target, "-"]
    found = _ruff(command, text)
    if not found:
        return None
    first = min(found, key=lambda entry: (entry["location"]["row"], entry["location"]["column"]))
    return UnreadableLine(first["location"]["row"], first["message"])


def _ruff(arguments: list[str], text: str) -> list[dict[str, Any]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    try:
        done = subprocess.run(
            [find_ruff_bin(), *arguments], input=text.encode(), env=environ, capture_output=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AgentcoreError(f"the syntax can't be checked: ruff does not run: {error}") from error
    if done.returncode not in (0, _REFUSED):
        raise AgentcoreError(f"the syntax can't be checked: ruff: {done.stderr.decode(errors='replace').strip()}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
