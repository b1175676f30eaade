"""Which environment variables look like secrets."""

from __future__ import annotations

import pytest

from agentcore_cli.operations.configure.settings import looks_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "x"),
        ("OPENAI_APIKEY", "x"),
        ("db_password", "x"),
        ("TOKEN", "x"),
        ("SLACK_BOT_TOKEN", "x"),
        ("CLIENT_SECRET", "x"),
        ("ANYTHING", "AKIAABCDEFGHIJKLMNOP"),
        ("ANYTHING", "-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_a_secret(name: str, value: str) -> None:
    assert looks_secret(name, value)


@pytest.mark.parametrize("name", ["LOG_LEVEL", "MONKEY", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "KEYBOARD", "REGION"])
def test_no_secret(name: str) -> None:
    assert not looks_secret(name, "info")
