"""Session folders and sockets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.folders import Folders, copy_tree
from tests.local_runtime import eventually


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def folders(home: Home) -> Iterator[Folders]:
    folders = Folders(home)
    yield folders
    folders.close()


def test_a_session_folder_is_made_and_removed(folders: Folders, home: Home) -> None:
    folder = folders.create("agent/1", "s1", None)
    assert sorted(path.name for path in folder.iterdir()) == ["app", "home", "tmp", "work"]
    (folder / "app" / "locked").mkdir(mode=0)
    folders.remove("agent/1", "s1")
    folders.remove("agent/1", "s1")
    assert not folder.exists()


def test_what_an_earlier_server_left_is_swept(folders: Folders, home: Home) -> None:
    folders.create("agent/1", "s1", None)
    listener, _ = folders.listen("s1")
    listener.close()
    folders.sweep()
    eventually(lambda: not list(home.sessions.iterdir()), "the folders are gone")
    assert list(home.sockets.iterdir()) == []


@pytest.mark.parametrize("depth", [pytest.param(1, id="short-path"), pytest.param(12, id="path-too-long-for-a-socket")])
def test_a_listening_socket_has_an_address_to_connect_to(depth: int, tmp_path: Path) -> None:
    home = Home(tmp_path.joinpath(*["long-name"] * depth)).create()
    folders = Folders(home)
    listener, address = folders.listen("s1")
    with listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(address)
    assert (home.sockets / "s1.sock").exists()
    folders.close()


def test_a_copy_is_writable_and_the_original_is_not_touched(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "folder" / "file").write_text("x")
    (source / "link").symlink_to("folder/file")
    (source / "folder" / "file").chmod(0o444)
    (tmp_path / "target").mkdir()
    copy_tree(source, tmp_path / "target", None)
    copy = tmp_path / "target" / "folder" / "file"
    assert copy.stat().st_mode & 0o777 == 0o644
    copy.write_text("y")
    assert (source / "folder" / "file").read_text() == "x"
    assert (tmp_path / "target" / "link").readlink() == Path("folder/file")


def test_what_can_t_be_swept_keeps_nobody_from_starting(folders: Folders, home: Home) -> None:
    """A file where a folder should be, and folders deeper than Python recurses."""
    (home.sessions / "file").write_text("x")
    nest(folders.create("agent/1", "s1", None), 1200)
    folders.sweep()
    eventually(lambda: not list(home.sessions.iterdir()), "the folders are gone")


def nest(folder: Path, depth: int) -> None:
    """Folders in folders, deeper than a path may be long, each with a file."""
    here = os.open(folder, os.O_RDONLY)
    for level in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=below))
        os.fchmod(below, 0o700 if level % 2 else 0o755)
        here = below
    os.close(here)
