from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agentcore_cli.config import load
from agentcore_cli.errors import ConfigError

TEXT = "version: 1\nproject: p-123456\nagents:\n  bot: {entrypoint: agent.py, python: '3.13'}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / ".agentcore").mkdir()
    path = tmp_path / ".agentcore.yaml"
    path.write_text(TEXT)
    return path


def _kept(config: Path) -> Path:
    return config.parent / ".agentcore" / "config.cache"


def test_a_config_is_the_same_read_and_remembered(config: Path) -> None:
    first = load(config)
    assert _kept(config).exists()
    assert load(config) == first


def test_every_change_is_seen_even_one_that_keeps_time_and_size(config: Path) -> None:
    load(config)
    times = config.stat()
    config.write_text(TEXT.replace("bot", "bat"))

    os.utime(config, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(load(config).config.agents) == ["bat"]


def test_a_fault_is_told_every_time(config: Path) -> None:
    load(config)
    config.write_text(TEXT.replace("entrypoint", "entrypont"))
    for _ in range(2):
        with pytest.raises(ConfigError, match="did you mean entrypoint"):
            load(config)


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b"null", b'{"digest": 1}'])
def test_a_broken_memory_is_no_memory(config: Path, left: bytes) -> None:
    expected = load(config)
    _kept(config).write_bytes(left)
    assert load(config) == expected
    assert json.loads(_kept(config).read_bytes())["values"]["version"] == 1


def test_nothing_is_written_where_nothing_was_deployed(tmp_path: Path) -> None:
    (tmp_path / ".agentcore.yaml").write_text(TEXT)
    load(tmp_path / ".agentcore.yaml")
    assert [path.name for path in tmp_path.iterdir()] == [".agentcore.yaml"]
