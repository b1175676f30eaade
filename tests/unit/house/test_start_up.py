"""What the quick commands must not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("boto3", "botocore", "docker", "pydantic", "uvicorn", "fastapi", "starlette", "rich", "jinja2", "ruamel")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["invoke", "--help"], ["exec", "--help"], ["local", "--help"]],
    ids=" ".join,
)
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    program = f"""
import sys
from agentcore_cli.main import main
code = main({arguments!r})
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
raise SystemExit(code)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"
    assert "agentcore" in ran.stdout


def test_the_server_loads_nothing_that_nobody_has_asked_for() -> None:
    """An idle server is as small as it was: WebSockets, tokens and the page cost those who use them."""
    program = """
import sys
import agentcore_cli.local.server
others = ("websockets", "jwt", "cryptography", "boto3", "docker", "agentcore_cli.local.page.page")
print([name for name in others if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
