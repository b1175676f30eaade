"""Which Python of a machine an agent gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agentcore_cli.builders.packages import interpreters

OWN = f"3.{sys.version_info[1]}"


class Machine:
    """A machine whose Pythons are scripts that say a version."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def install(self, folder: str, version: str, *, implementation: str = "cpython", works: bool = True) -> Path:
        path = self.root / folder / f"python{version.rpartition('.')[0]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        said = json.dumps([str(path), [int(part) for part in version.split(".")], implementation])
        path.write_text(f"#!/bin/sh\necho '{said}'\nexit {0 if works else 127}\n")
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{tmp_path / 'pyenv' / 'shims'}:{tmp_path / 'nowhere'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    return Machine(tmp_path)


@pytest.mark.parametrize("folder", ["bin", "pyenv/versions/3.14.2/bin", "uv/cpython-3.14.2-linux/bin"])
def test_the_wanted_version_is_found_wherever_it_is(machine: Machine, folder: str) -> None:
    path = machine.install(folder, "3.14.2")
    found = interpreters.find("3.14")
    assert (found.path, found.version, found.minor) == (path, "3.14.2", "3.14")


def test_a_folder_that_may_not_be_looked_into_is_passed_over(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH and HOME are another user's after `su`; a name that is too long fails for root, too."""
    path = machine.install("bin", "3.14.2")
    unseen = f"/{'x' * 300}"
    monkeypatch.setenv("PATH", f"{unseen}:{path.parent}")
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, unseen)
    assert interpreters.find("3.14").path == path


def test_path_comes_before_pyenv(machine: Machine) -> None:
    machine.install("pyenv/versions/3.14.9/bin", "3.14.9")
    machine.install("bin", "3.14.1")
    assert interpreters.find("3.14").version == "3.14.1"


def test_the_newest_of_pyenv_comes_first(machine: Machine) -> None:
    machine.install("pyenv/versions/3.14.1/bin", "3.14.1")
    machine.install("pyenv/versions/3.14.9/bin", "3.14.9")
    assert interpreters.find("3.14").version == "3.14.9"


def test_the_shims_of_pyenv_are_not_asked(machine: Machine) -> None:
    machine.install("pyenv/shims", "3.14.1")
    assert interpreters.find("3.14").minor == OWN


@pytest.mark.parametrize(
    ("installed", "wanted", "nearest"),
    [
        (["3.14.0", "3.10.1"], "3.13", "3.13" if OWN == "3.13" else "3.14"),
        (["3.10.1"], "3.14", OWN),
        (["3.14.0"], "3.9", "3.11"),
    ],
)
def test_the_nearest_is_the_next_newer_else_the_next_older(
    machine: Machine, installed: list[str], wanted: str, nearest: str
) -> None:
    for version in installed:
        machine.install("bin", version)
    if nearest == "3.11" and OWN != "3.11":
        machine.install("bin", "3.11.0")
    assert interpreters.find(wanted).minor == nearest


@pytest.mark.parametrize("fault", [{"works": False}, {"implementation": "pypy"}], ids=str)
def test_one_that_does_not_run_or_is_no_cpython_is_passed_over(machine: Machine, fault: dict) -> None:
    machine.install("bin", "3.14.0", **fault)
    good = machine.install("uv/cpython-3.14.5/bin", "3.14.5")
    assert interpreters.find("3.14").path == good


def test_versions_that_agentcore_does_not_run_are_no_candidates(machine: Machine) -> None:
    for version in ("3.9.1", "3.15.0", "2.7.18"):
        machine.install("bin", version)
    assert interpreters.installed_minors() == [OWN]


def test_the_answer_is_a_python_outside_virtual_environments() -> None:
    assert not (interpreters.find(OWN).path.parents[1] / "pyvenv.cfg").exists()


def test_an_unheard_of_version_still_finds_the_nearest(machine: Machine) -> None:
    assert interpreters.find("3.99").minor == OWN


def test_one_is_asked_once_and_again_when_it_has_changed(machine: Machine) -> None:
    path = machine.install("bin", "3.14.0")
    path.write_text(f"{path.read_text().replace('exit 0', f'echo >> {machine.root}/starts')}")
    assert [interpreters.find("3.14").version for _ in range(3)] == ["3.14.0"] * 3
    assert (machine.root / "starts").read_text() == "\n"
    path.unlink()
    machine.install("bin", "3.14.1")
    assert interpreters.find("3.14").version == "3.14.1"
