"""Zips become folders, or nothing."""

from __future__ import annotations

import io
import os
import stat
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.programs.snapshots import Snapshots

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
    folder = put(home, ("main.py", 0o644), ("bin/tool", 0o755), ("data/deep/a.txt", 0o600)).unpacked("runtime", KEY)
    assert folder == home.snapshots / "runtime" / ("0" * 64)
    assert (folder / "data/deep/a.txt").read_text() == "this is data/deep/a.txt"
    modes = {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {
        "main.py": 0o644,
        "bin": 0o755,
        "bin/tool": 0o755,
        "data": 0o755,
        "data/deep": 0o755,
        "data/deep/a.txt": 0o644,
    }


def test_unpacked_once_and_forgotten(home: Home) -> None:
    snapshots = put(home, ("main.py", 0o644))
    folder = snapshots.unpacked("runtime", KEY)
    before = folder.stat().st_ino
    assert snapshots.unpacked("runtime", KEY).stat().st_ino == before
    snapshots.forget("runtime", KEY)
    assert list(home.snapshots.iterdir()) == []
    snapshots.forget("runtime", KEY)


def test_what_a_parent_may_have_mounted_stays_a_folder_until_the_last_is_forgotten(home: Home) -> None:
    snapshots, other = put(home, ("main.py", 0o644), ("deep/er/a.txt", 0o600)), "1" * 64 + ".zip"
    (home.artifacts / other).write_bytes((home.artifacts / KEY).read_bytes())
    folder = snapshots.unpacked("runtime", KEY)
    snapshots.unpacked("runtime", other)
    opened = os.open(folder, os.O_PATH)
    try:
        for _ in range(2):
            snapshots.unpacked("runtime", KEY)
            snapshots.forget("runtime", KEY)
            assert not folder.exists()
            assert os.stat(opened).st_nlink > 0
            assert os.listdir(f"/proc/self/fd/{opened}") == []
        Snapshots(home).clean()
        assert [path.name for path in (home.snapshots / "runtime").iterdir()] == ["1" * 64]
        snapshots.forget("runtime", other)
        assert list(home.snapshots.iterdir()) == []
    finally:
        os.close(opened)


def test_what_an_artifact_has_besides_python_is_told_apart(home: Home) -> None:
    def digest(**files: str) -> str:
        with zipfile.ZipFile(home.artifacts / KEY, "w") as archive:
            for name, text in files.items():
                archive.writestr(name.replace("_", "."), text)
        return Snapshots(home).data_of(KEY)

    plain = digest(main_py="1", prompt_md="a")
    assert digest(prompt_md="a", main_py="2", more_py="3") == plain
    assert len({plain, digest(main_py="1", prompt_md="b"), digest(main_py="1", other_md="a"), digest(main_py="1")}) == 4
    (home.artifacts / KEY).unlink()
    assert Snapshots(home).data_of(KEY) == KEY


@pytest.mark.parametrize("name", ["../out.py", "/etc/out.py", "a/../../out.py"])
def test_a_path_that_leads_out(home: Home, name: str) -> None:
    with pytest.raises(ArtifactError, match="leads out"):
        put(home, ("main.py", 0o644), (name, 0o644)).unpacked("runtime", KEY)
    assert list(home.snapshots.iterdir()) == []
    assert not (home.root / "out.py").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK], ids=hex)
def test_what_is_neither_file_nor_folder(home: Home, kind: int) -> None:
    with pytest.raises(ArtifactError, match="is a link or a device"):
        put(home, ("odd", kind | 0o777)).unpacked("runtime", KEY)
    assert list(home.snapshots.iterdir()) == []


@pytest.mark.parametrize("name", ["C:/out.py", "..\\out.py", "a" * 256, "x/" + "é" * 200])
def test_a_name_that_is_none_here(home: Home, name: str) -> None:
    with pytest.raises(ArtifactError, match=r"in the zip (leads out|is not a file name)"):
        put(home, (name, 0o644)).unpacked("runtime", KEY)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice(home: Home) -> None:
    with pytest.raises(ArtifactError, match=r"'main\.py' is in the zip twice"):
        put(home, ("main.py", 0o644), ("main.py", 0o644)).unpacked("runtime", KEY)


def test_a_file_where_a_folder_is(home: Home) -> None:
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        put(home, ("a", 0o644), ("a/b", 0o644)).unpacked("runtime", KEY)


@pytest.mark.long
def test_too_many_files(home: Home) -> None:
    with zipfile.ZipFile(home.artifacts / KEY, "w") as archive:
        for number in range(100_001):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    with pytest.raises(ArtifactError, match="100001 files in the zip"):
        Snapshots(home).unpacked("runtime", KEY)


@pytest.mark.long
@settings(max_examples=300)
@given(st.data())
def test_every_broken_zip_is_told_as_that(data: st.DataObject) -> None:
    """A good zip, cut or with bytes changed anywhere, is unpacked or refused; nothing else is raised."""
    method = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("main.py", b"print(1)\n" * 20)
        archive.writestr("a/b.txt", b"x")
    broken = bytearray(content.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)) | st.just(len(broken)))
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        home = Home(Path(folder)).create()
        (home.artifacts / KEY).write_bytes(broken[:cut])
        with suppress(ArtifactError):
            Snapshots(home).unpacked("runtime", KEY)
        Snapshots(home).forget("runtime", KEY)


def test_no_zip(home: Home) -> None:
    (home.artifacts / KEY).write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        Snapshots(home).unpacked("runtime", KEY)


@pytest.mark.long
def test_too_large(home: Home) -> None:
    with (
        zipfile.ZipFile(home.artifacts / KEY, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(751):
            member.write(bytes(1024**2))
    with pytest.raises(ArtifactError, match="larger than 750 MB"):
        Snapshots(home).unpacked("runtime", KEY)


def test_what_a_killed_server_left(home: Home) -> None:
    partial = home.snapshots / "runtime" / ".partial-x"
    (partial / "sub").mkdir(parents=True)
    (partial / "sub").chmod(0o555)
    Snapshots(home).clean()
    assert not Path(partial).exists()


def test_a_path_that_is_too_deep(home: Home) -> None:
    with pytest.raises(ArtifactError, match="deeper than 200 folders"):
        put(home, ("main.py", 0o644), ("a/" * 1500 + "deep.py", 0o644)).unpacked("runtime", KEY)
    assert list(home.snapshots.iterdir()) == []
