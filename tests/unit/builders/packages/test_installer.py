"""What uv says, as errors: who is at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.packages.installer import failure
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
    pytest.param(
        "error: No solution found when resolving dependencies\n  cause: Because you require six==1.17 and six<1.16, we",
        InputError,
        "because of six:",
        id="contradiction",
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


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("error: Failed to build `pyodbc==5.0`", "give pyodbc==5.0 a version that has a wheel, or mend what its build"),
        ("error: Failed to build `kit @ file:///home/kit`", "mend what its build says"),
        (
            "error: Failed to download and build `kit @ git+ssh://host/kit`\n  cause: Git operation failed",
            "see that git reaches the repository and may read it",
        ),
        ("error: Failed to fetch: https://host/simple/kit/", "see that the package index can be reached"),
    ],
)
def test_a_failure_says_what_to_do_first(said: str, advice: str) -> None:
    assert (failure(said.splitlines(), PLACE).hint or "").startswith(advice)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("hint: Pre-releases are there; enable them with `--prerelease=allow`", "`UV_PRERELEASE=allow`"),
        ("hint: use `--index-strategy unsafe-best-match`", "`UV_INDEX_STRATEGY unsafe-best-match`"),
        ("hint: Consider the `--system-certs` command-line flag", "Consider the `UV_SYSTEM_CERTS` variable"),
        ("hint: retry with `--some-other-way`", None),
        ("  cause: the file has --some-other-way", "--some-other-way"),
    ],
)
def test_no_advice_names_an_option_that_is_not_ours(said: str, told: str | None) -> None:
    message = failure(["error: it failed", said], PLACE).message
    if told is None:
        assert message == "the requirements can't be installed:\nerror: it failed"
    else:
        assert told in message


def test_a_certificate_that_is_not_trusted_is_told_with_what_names_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_CERT", "/nowhere.pem")
    said = ["error: Failed to fetch: https://pypi.org/simple/x/", "  cause: invalid peer certificate: UnknownIssuer"]
    hint = failure(said, PLACE).hint or ""
    assert "whoever signed it is in the file that PIP_CERT or SSL_CERT_FILE names" in hint
    assert "pip's cert (there is no such file)" in hint


def test_who_has_a_further_index_is_told_how_pip_looks_at_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_INDEX_STRATEGY", raising=False)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://extra.example/simple")
    unmet = ["error: No solution found when resolving dependencies"]
    assert "UV_INDEX_STRATEGY=unsafe-best-match" in (failure(unmet, PLACE).hint or "")
    monkeypatch.setenv("UV_INDEX_STRATEGY", "unsafe-best-match")
    assert "unsafe" not in (failure(unmet, PLACE).hint or "")
