"""What the earlier toolkit's Dockerfile says of how an agent is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.operations.imports import predecessor
from agentcore_cli.operations.imports.old_dockerfile import OldDockerfile, read

FILE = """\
agents:
  desk:
    name: desk
    entrypoint: src/desk/agent.py
    aws: {region: us-west-2}
"""
TOOLKIT = """\
FROM --platform=linux/arm64 ghcr.io/astral-sh/uv:python3.12-bookworm-slim
CMD ["opentelemetry-instrument", "python", "-m", "src.desk.agent"]
"""


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(
    ("text", "entrypoint", "python"),
    [
        (TOOLKIT, "-m src.desk.agent", "3.12"),
        ("FROM public.ecr.aws/docker/library/python:3.11-slim\nCMD python agent.py\n", "agent.py", "3.11"),
        ('FROM python:3.13 AS base\nFROM base\nFROM python:3.10\nCMD ["python3", "-u", "/app/a.py"]\n', "a.py", "3.10"),
        ('FROM python:3.12.4-slim\nENTRYPOINT ["uv", "run", "a.py"]\n', "a.py", "3.12"),
    ],
)
def test_start_and_python_are_read(text: str, entrypoint: str, python: str, tmp_path: Path) -> None:
    write(tmp_path, ".bedrock_agentcore/desk/Dockerfile", text)
    assert read(tmp_path, "desk") == OldDockerfile(entrypoint, python)


def test_what_can_t_be_taken_over_is_named(tmp_path: Path) -> None:
    write(tmp_path, "Dockerfile", 'FROM debian:13\nCMD ["gunicorn", "a:app"]\n')
    found = read(tmp_path, "desk")
    assert (found.entrypoint, found.python) == (None, None)
    assert [line.partition(": ")[2].partition(":")[0] for line in found.left_out] == [
        "FROM debian",
        'CMD ["gunicorn", "a',
    ]


def test_no_dockerfile_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "desk") == OldDockerfile(None, None)


@pytest.mark.parametrize(
    ("code", "entrypoint"),
    [
        ("from src.desk.words import WORDS\n", "src/desk/agent.py"),  # that it is a module follows from its imports
        ("import importlib\n", "-m src.desk.agent"),
    ],
)
def test_an_imported_agent_starts_as_it_did(code: str, entrypoint: str, tmp_path: Path) -> None:
    write(tmp_path, ".bedrock_agentcore.yaml", FILE)
    write(tmp_path, ".bedrock_agentcore/desk/Dockerfile", TOOLKIT)
    write(tmp_path, "src/desk/agent.py", code)
    write(tmp_path, "src/desk/words.py", "WORDS = 1\n")
    ((imported,), _) = predecessor.read(tmp_path / ".bedrock_agentcore.yaml")
    assert (imported.entrypoint, imported.settings.python) == (entrypoint, "3.12")
