"""Trees that were made to last."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.trees import remove_tree
from tests.long_cases import always


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def nested(folder: Path, depth: int, *, mode: int = 0o755) -> None:
    """Folders in folders, deeper than a path may be long; each with a file, a pipe and a link to the top."""
    opened = [os.open(folder, os.O_RDONLY)]
    for _ in range(depth):
        os.mkdir("d", dir_fd=opened[-1])
        opened.append(os.open("d", os.O_RDONLY, dir_fd=opened[-1]))
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, 0, dir_fd=opened[-1]))
        os.mkfifo("pipe", dir_fd=opened[-1])
        os.symlink(folder, "link", dir_fd=opened[-1])
        if len(opened) > 2:
            os.fchmod(opened[-2], mode)
            os.close(opened.pop(-2))
    for descriptor in opened:
        os.close(descriptor)


@pytest.mark.parametrize("mode", always(0o000, of=[0o755, 0o000, 0o500]))
def test_deeper_than_python_recurses(tree: Path, mode: int) -> None:
    nested(tree, 1200, mode=mode)
    remove_tree(tree)
    assert not os.path.lexists(tree)


@pytest.mark.long
def test_with_a_handful_of_descriptors(tree: Path) -> None:
    nested(tree, 500)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 30, hard))
    try:
        remove_tree(tree)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not tree.exists()


@pytest.mark.parametrize(
    "name", [b"\xff\xfe", b"new\nline", b"-rf", b" ", b"x" * 255, "größe".encode(), b".agentcore-removed-1"]
)
def test_names_of_any_bytes(tree: Path, name: bytes) -> None:
    place = os.fsencode(tree)
    for folder in (os.path.join(place, name), os.path.join(place, b"a", name, name)):
        os.makedirs(folder)
        for twice in (folder + b"/f", folder + b"/" + name):
            with open(twice, "wb"):
                pass
    remove_tree(tree)
    assert not tree.exists()


def test_wide_and_deep_at_once(tree: Path) -> None:
    for first in range(20):
        for second in range(20):
            (tree / f"{first}" / f"{second}" / "x" / "y").mkdir(parents=True)
            (tree / f"{first}" / f"{second}" / "x" / "y" / "z").write_text("z")
    remove_tree(tree)
    assert not tree.exists()


def test_links_are_removed_and_not_followed(tree: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "inner").mkdir(parents=True)
    (kept / "file").write_text("kept")
    (tree / "to-folder").symlink_to(kept)
    (tree / "to-file").symlink_to(kept / "file")
    (tree / "up").symlink_to("..")
    remove_tree(tree)
    assert (kept / "file").read_text() == "kept"
    (tmp_path / "link").symlink_to(kept)
    remove_tree(tmp_path / "link")
    assert (kept / "inner").is_dir()
    assert not os.path.lexists(tmp_path / "link")


def test_what_is_not_there_and_what_is_no_folder(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    remove_tree(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("chattr") is None, reason="only root marks files as immutable")
@pytest.mark.parametrize("mark", ["+i", "+a"])
def test_what_is_marked_as_immutable(tree: Path, mark: str) -> None:
    inner = tree / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    marked = [inner / "file", inner, tree / "a", tree]
    if subprocess.run(["chattr", mark, *marked], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no such mark")
    remove_tree(tree)
    assert not tree.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_what_can_t_be_removed_is_told_and_the_rest_goes(tree: Path) -> None:
    for name in ("a", "mounted", "z"):
        (tree / name / "inner").mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "none", tree / "mounted"], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(OSError, match="busy"):
            remove_tree(tree)
        assert [path.name for path in tree.iterdir()] == ["mounted"]
    finally:
        subprocess.run(["umount", tree / "mounted"], check=True)


SWAP = """
import os, sys
folder, canary = sys.argv[1:]
os.chdir(folder)
names = os.listdir(".")
for name in names:
    os.symlink(canary, f"link-{name}")
print("ready", flush=True)
for name in reversed(names):
    try:
        os.rename(name, f"../aside-{name}")
        os.rename(f"link-{name}", name)
    except OSError:
        pass
"""


@pytest.mark.long
def test_a_link_that_takes_a_folders_place_is_not_followed(tmp_path: Path) -> None:
    """A dependency in a warm parent can do it while the server, as root, removes the folder of a session."""
    canary = tmp_path / "canary"
    canary.mkdir(mode=0o555)
    for attempt in range(2):
        tree = tmp_path / f"tree{attempt}"
        (tree / "room").mkdir(parents=True)
        for number in range(1000):
            (tree / "room" / str(number)).mkdir()
        command = [sys.executable, "-S", "-c", SWAP, str(tree / "room"), str(canary)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as swapping:
            assert swapping.stdout is not None
            assert swapping.stdout.readline() == b"ready\n"
            with contextlib.suppress(OSError):  # what came while it was emptied is for the next time
                remove_tree(tree)
            swapping.wait()
        assert canary.stat().st_mode & 0o777 == 0o555
        remove_tree(tree)
        assert not tree.exists()
