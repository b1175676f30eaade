"""What uv says, as errors: who is at fault, and no credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.installer import failure, redact
from agentcore_cli.errors import AgentcoreError, InputError

PLACE = Path("/home/environments")

SAYINGS = [
    pytest.param(
        "  cause: Because nosuch was not found in the package registry and you require nosuch, we can conclude that "
        "your requirements are unsatisfiable.",
        InputError,
        "because of nosuch",
        id="unknown",
    ),
    pytest.param(
        "error: No solution found when resolving dependencies\n  cause: Because there is no version of six==99 and you",
        InputError,
        "because of six",
        id="no-such-version",
    ),
    pytest.param(
        "error: No solution found when resolving dependencies\n  cause: Because all of:\n           six>=1.15,<=1.26\n",
        InputError,
        "because of six:",
        id="none-of-many",
    ),
    pytest.param("error: Couldn't parse requirement in `r.txt` at position 0", InputError, "r.txt", id="malformed"),
    pytest.param(
        "error: Failed to build `pyodbc==5.0`\n  cause: gcc", AgentcoreError, "because of pyodbc==5.0", id="build"
    ),
    pytest.param("error: Request failed after 3 retries", AgentcoreError, "Request failed", id="network"),
    pytest.param("error: No space left on device (os error 28)", AgentcoreError, "no space left", id="disk"),
]


@pytest.mark.parametrize(("said", "kind", "shown"), SAYINGS)
def test_a_failure_names_what_is_at_fault(said: str, kind: type[AgentcoreError], shown: str) -> None:
    error = failure(said.splitlines(), PLACE)
    assert type(error) is kind
    assert shown in error.message
    assert error.hint


def test_who_has_a_further_index_is_told_how_pip_looks_at_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_INDEX_STRATEGY", raising=False)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://extra.example/simple")
    unmet = ["error: No solution found when resolving dependencies"]
    assert "UV_INDEX_STRATEGY=unsafe-best-match" in (failure(unmet, PLACE).hint or "")
    monkeypatch.setenv("UV_INDEX_STRATEGY", "unsafe-best-match")
    assert "unsafe" not in (failure(unmet, PLACE).hint or "")


def test_credentials_of_an_index_are_not_told() -> None:
    told = redact("Failed to fetch: https://me:s3cret@index.example/simple/six/ and http://t0ken@other.example/")
    assert told == "Failed to fetch: https://***@index.example/simple/six/ and http://***@other.example/"
