"""What was read once is remembered in the user's own folder; what a project brings along is not believed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agentcore_cli.config import load
from agentcore_cli.errors import ConfigError
from agentcore_cli.local.home import Home

TEXT = "version: 1\nproject: p-123456\nagents:\n  bot: {entrypoint: agent.py, python: '3.13'}\n"


@pytest.fixture
def config(tmp_path: Path, home: Home) -> Path:
    path = tmp_path / ".agentcore.yaml"
    path.write_text(TEXT)
    return path


def _kept(home: Home) -> Path:
    (path,) = (home.root / "configs").glob("*.json")
    return path


def test_a_config_is_the_same_read_and_remembered(config: Path, home: Home) -> None:
    first = load(config)
    assert _kept(home).stat().st_mode & 0o777 == 0o600
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


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b"null", b'{"digest": 1}', b"[" * 100_000, b"\xff\0"])
def test_a_broken_memory_is_no_memory(config: Path, home: Home, left: bytes) -> None:
    expected = load(config)
    _kept(home).write_bytes(left)
    assert load(config) == expected
    assert json.loads(_kept(home).read_bytes())["values"]["version"] == 1


def test_only_the_newest_are_kept(config: Path, home: Home) -> None:
    for number in range(205):
        config.write_text(TEXT.replace("p-123456", f"p-{number}"))
        load(config)
    assert len(list((home.root / "configs").iterdir())) == 200


def test_nothing_is_written_into_the_project(config: Path) -> None:
    (config.parent / ".agentcore").mkdir()
    load(config)
    assert sorted(path.name for path in config.parent.rglob("*")) == [".agentcore", ".agentcore.yaml"]


def test_what_a_checkout_says_it_was_read_as_is_not_believed(config: Path) -> None:
    """A file that older versions kept there: the config it speaks of is another one than the person sees."""
    import hashlib

    from agentcore_cli import __version__

    values = {"version": 1, "project": "x", "agents": {"evil": {"entrypoint": "evil.py"}}}
    digest = hashlib.sha256(__version__.encode() + b"\0" + TEXT.encode()).hexdigest()
    (config.parent / ".agentcore").mkdir()
    (config.parent / ".agentcore" / "config.cache").write_text(json.dumps({"digest": digest, "values": values}))
    assert list(load(config).config.agents) == ["bot"]


def test_where_the_user_has_no_folder_yet_none_is_made(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTCORE_HOME", str(tmp_path / "nowhere"))
    load(config)
    assert not (tmp_path / "nowhere").exists()
