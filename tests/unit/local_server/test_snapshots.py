"""Zips become read-only folders, or nothing."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.snapshots import Snapshots

KEY = "0" * 64 + ".zip"


def put(home: Home, *members: tuple[str, int]) -> Snapshots:
    """A zip in the store, of members with these modes."""
    with zipfile.ZipFile(home.artifacts / KEY, "w") as archive:
        for name, mode in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, f"this is {name}")
    return Snapshots(home)


def test_files_and_modes(home: Home) -> None:
    folder = put(home, ("main.py", 0o644), ("bin/tool", 0o755), ("data/deep/a.txt", 0o600)).unpacked(KEY)
    assert folder == home.snapshots / ("0" * 64)
    assert (folder / "data/deep/a.txt").read_text() == "this is data/deep/a.txt"
    modes = {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {
        "main.py": 0o444,
        "bin": 0o555,
        "bin/tool": 0o555,
        "data": 0o555,
        "data/deep": 0o555,
        "data/deep/a.txt": 0o444,
    }


def test_unpacked_once_and_forgotten(home: Home) -> None:
    snapshots = put(home, ("main.py", 0o644))
    folder = snapshots.unpacked(KEY)
    before = folder.stat().st_ino
    assert snapshots.unpacked(KEY).stat().st_ino == before
    snapshots.forget(KEY)
    assert list(home.snapshots.iterdir()) == []
    snapshots.forget(KEY)


@pytest.mark.parametrize("name", ["../out.py", "/etc/out.py", "a/../../out.py"])
def test_a_path_that_leads_out(home: Home, name: str) -> None:
    with pytest.raises(ArtifactError, match="leads out"):
        put(home, ("main.py", 0o644), (name, 0o644)).unpacked(KEY)
    assert list(home.snapshots.iterdir()) == []
    assert not (home.root / "out.py").exists()


def test_a_link_is_no_link(home: Home) -> None:
    folder = put(home, ("link", stat.S_IFLNK | 0o777)).unpacked(KEY)
    assert not (folder / "link").is_symlink()


def test_no_zip(home: Home) -> None:
    (home.artifacts / KEY).write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        Snapshots(home).unpacked(KEY)


def test_too_large(home: Home) -> None:
    with (
        zipfile.ZipFile(home.artifacts / KEY, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(751):
            member.write(bytes(1024**2))
    with pytest.raises(ArtifactError, match="larger than 750 MB"):
        Snapshots(home).unpacked(KEY)


def test_what_a_killed_server_left(home: Home) -> None:
    partial = home.snapshots / ".partial-x"
    (partial / "sub").mkdir(parents=True)
    (partial / "sub").chmod(0o555)
    Snapshots(home).clean()
    assert not Path(partial).exists()


def test_a_path_that_is_too_deep(home: Home) -> None:
    with pytest.raises(ArtifactError, match="deeper than 200 folders"):
        put(home, ("main.py", 0o644), ("a/" * 1500 + "deep.py", 0o644)).unpacked(KEY)
    assert list(home.snapshots.iterdir()) == []
