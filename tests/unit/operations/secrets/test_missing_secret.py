"""What an agent that fails for a variable is told of it, by what `.env` has."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.secrets.secrets import explain_missing
from agentcore_cli.operations.selection import Options, select

CONFIG = """\
version: 1
project: p-1
agents: {bot: {entrypoint: main.py}}
targets: {aws: {region: us-west-2}}
"""


@pytest.mark.parametrize(
    ("target", "source"), [("local", "env"), ("aws", "secretsmanager:SECRET")], ids=["local", "aws"]
)
def test_the_advice_is_one_that_the_target_takes(tmp_path: Path, target: str, source: str) -> None:
    (tmp_path / ".agentcore.yaml").write_text(CONFIG)
    (tmp_path / ".env").write_text("API_KEY=x\n")
    error = AgentFailedError("KeyError: 'API_KEY'")
    explain_missing(error, select(Options(config=tmp_path / ".agentcore.yaml", target=target)))
    assert ".env has API_KEY, and stays behind" in error.message
    assert (error.hint or "").startswith(f"agentcore configure --secret API_KEY={source}, then agentcore deploy")


@pytest.mark.parametrize(
    ("name", "field"),
    [("API_KEY", "api_key"), ("APP_API_KEY", "api_key"), ("DB__PASSWORD", "db.password"), ("api_key", "api_key")],
)
@pytest.mark.parametrize("line", ["\n  ", "\\n  "], ids=["traceback", "JSON"])
def test_a_field_of_pydantic_s_settings_is_the_variable_that_fills_it(
    tmp_path: Path, name: str, field: str, line: str
) -> None:
    (tmp_path / ".agentcore.yaml").write_text(CONFIG)
    (tmp_path / ".env").write_text(f"OTHER=y\n{name}=x\n")
    error = AgentFailedError(f"1 validation error for Settings{line}{field}{line}Field required [type=missing, input]")
    explain_missing(error, select(Options(config=tmp_path / ".agentcore.yaml", target="local")))
    assert f".env has {name}, and stays behind" in error.message
