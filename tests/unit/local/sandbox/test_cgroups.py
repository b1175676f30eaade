"""Control groups, on folders that look like the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.cgroups import Cgroups, Hierarchy, find

GIGABYTE = 1024**3


def version_2(root: Path, *path: str, handed_down: str) -> Path:
    """A chain of groups in a unified hierarchy; the last holds this process, the one above hands controllers down."""
    (root / "cgroup.subtree_control").parent.mkdir(parents=True, exist_ok=True)
    folder = root
    (folder / "cgroup.subtree_control").write_text(handed_down)
    for number, name in enumerate(path):
        folder = folder / name
        folder.mkdir()
        (folder / "cgroup.subtree_control").write_text(handed_down if number < len(path) - 1 else "")
    return folder


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own"
    file.write_text(text)
    return file


def test_version_2_uses_the_nearest_group_that_hands_memory_down(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    version_2(root, "user.slice", "session.scope", handed_down="memory pids hugetlb\n")
    found = find(root, own(tmp_path, "0::/user.slice/session.scope\n"))
    assert found == [Hierarchy(root / "user.slice", frozenset({"memory", "pids"}), 2)]


def test_version_2_without_memory_is_not_used(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    version_2(root, "user.slice", "session.scope", handed_down="pids\n")
    assert find(root, own(tmp_path, "0::/user.slice/session.scope\n")) == []


def test_version_1_has_a_hierarchy_for_each_controller(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    for folder in ("memory/docker", "pids/docker", "blkio/docker"):
        (root / folder).mkdir(parents=True)
    found = find(
        root, own(tmp_path, "9:blkio:/docker\n8:pids:/docker\n4:memory:/docker\n1:cpu,cpuacct:/docker\n0::/\n")
    )
    assert found == [
        Hierarchy(root / "pids" / "docker", frozenset({"pids"}), 1),
        Hierarchy(root / "memory" / "docker", frozenset({"memory"}), 1),
    ]


def test_no_control_groups_at_all(tmp_path: Path) -> None:
    assert find(tmp_path, tmp_path / "absent") == []
    group = Cgroups(Home(tmp_path), []).create("s1", GIGABYTE, 2)
    assert (group.limits_memory, group.open(), group.out_of_memory()) == (False, [], False)
    group.remove()


@pytest.fixture
def pretended(tmp_path: Path) -> Path:
    """A hierarchy whose groups have the files that the kernel would make."""
    folder = tmp_path / "cgroup"
    folder.mkdir()
    return folder


class Pretended(Cgroups):
    """Makes what the kernel makes with a group, and believes in it."""

    def _usable(self, hierarchy: Hierarchy) -> bool:
        self._folder(hierarchy, "").mkdir(parents=True, exist_ok=True)
        return True


@pytest.mark.parametrize(
    ("version", "file"),
    [pytest.param(1, "memory.limit_in_bytes", id="version-1"), pytest.param(2, "memory.max", id="version-2")],
)
def test_limits_are_written(version: int, file: str, tmp_path: Path, pretended: Path) -> None:
    hierarchy = Hierarchy(pretended, frozenset({"memory", "pids", "cpu"}), version)
    group = Pretended(Home(tmp_path), [hierarchy]).create("s1", GIGABYTE, 1)
    assert group.limits_memory
    (folder,) = pretended.glob("agentcore-*/s1")
    assert (folder / file).read_text() == str(GIGABYTE)
    assert int((folder / "pids.max").read_text()) == 4096
    if (os.cpu_count() or 1) > 1:
        quota = (folder / ("cpu.max" if version == 2 else "cpu.cfs_quota_us")).read_text()
        assert quota.split()[0] == "100000"


@pytest.mark.parametrize(
    ("file", "text", "out_of_memory"),
    [
        pytest.param("memory.events", "low 0\noom 1\noom_kill 1\n", True, id="version-2"),
        pytest.param("memory.events", "low 0\noom 0\noom_kill 0\n", False, id="version-2-not"),
        pytest.param("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 12\n", True, id="version-1"),
        pytest.param("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", False, id="version-1-not"),
    ],
)
def test_a_kill_for_want_of_memory_is_told_apart(
    file: str, text: str, out_of_memory: bool, tmp_path: Path, pretended: Path
) -> None:
    group = Pretended(Home(tmp_path), [Hierarchy(pretended, frozenset({"memory"}), 1)]).create("s1", GIGABYTE, 2)
    (folder,) = pretended.glob("agentcore-*/s1")
    (folder / file).write_text(text)
    assert group.out_of_memory() is out_of_memory
