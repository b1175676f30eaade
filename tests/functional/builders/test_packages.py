"""The packages of an image, resolved for arm64 by the real uv: wheels, folders, repositories, a private index."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import uv

from agentcore_cli.builders.packages import packages
from agentcore_cli.builders.packages.packages import Wanted
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError, InputError
from tests.fakes.private_index import private_index
from tests.fakes.wheel import make_wheel

PYTHON = f"3.{sys.version_info[1]}"
TAG = f"cp3{sys.version_info[1]}"
ARM64 = f"{TAG}-{TAG}-manylinux_2_28_aarch64"
X86 = f"{TAG}-{TAG}-manylinux_2_28_x86_64"
UNCHECKED_HASH = 1  # the flags of a .pyc that is checked against nothing (PEP 552)
BACKEND = """\
import pathlib, sys
sys.path.insert(0, {here!r})
from tests.fakes.private_index import private_index
from tests.fakes.wheel import make_wheel

def build_wheel(folder, settings=None, metadata=None):
    return make_wheel(pathlib.Path(folder), {name!r}, tag={tag!r}, more={more!r}).name
"""


def elf(machine: int) -> bytes:
    """The head of a 64-bit program for a processor (elf(5))."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44)


def make_source(folder: Path, name: str, *, tag: str = "py3-none-any", more: dict[str, bytes] | None = None) -> Path:
    """A folder from which the wheel of a package can be built."""
    folder.mkdir(parents=True)
    here = str(Path(__file__).parents[3])
    (folder / "backend.py").write_text(BACKEND.format(here=here, name=name, tag=tag, more=more or {}))
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "wheels").mkdir(parents=True)
    return folder


def wanted(project: Path, *lines: str, python: str = PYTHON) -> Wanted:
    """Requirements that are looked for among the project's wheels alone."""
    text = "\n".join(["--no-index", "--find-links ./wheels", *lines, ""])
    (project / "requirements.txt").write_text(text)
    return Wanted(Requirements(project, "requirements.txt"), python)


def install(project: Path, *lines: str, python: str = PYTHON, told: list[str] | None = None) -> Path:
    tell = [].append if told is None else told.append
    cache = project.parent / "cache"
    return packages.build(cache, wanted(project, *lines, python=python), tell=tell, stopping=lambda: False)


def refused(project: Path, *lines: str, python: str = PYTHON) -> InputError:
    with pytest.raises(InputError) as caught:
        install(project, *lines, python=python)
    assert list((project.parent / "cache").iterdir()) == []
    return caught.value


def names(folder: Path) -> list[str]:
    return sorted(info.name.partition("-")[0] for info in folder.glob("*.dist-info"))


def test_a_wheel_for_arm64_is_taken_and_compiled_for_good(project: Path) -> None:
    for tag in (ARM64, X86):
        make_wheel(project / "wheels", "native", more={"native.so": elf(183 if tag == ARM64 else 62)}, tag=tag)
    there = install(project, "native")
    assert (there / "native.so").read_bytes() == elf(183)
    (compiled,) = (there / "__pycache__").glob(f"native.{sys.implementation.cache_tag}.pyc")
    assert struct.unpack_from("<I", compiled.read_bytes(), 4) == (UNCHECKED_HASH,)


def test_a_newer_platform_is_tried_when_the_oldest_has_no_wheel(project: Path) -> None:
    make_wheel(project / "wheels", "newer", tag=f"{TAG}-{TAG}-manylinux_2_34_aarch64")
    told: list[str] = []
    assert names(install(project, "newer", told=told)) == ["newer"]
    assert "the base image needs glibc 2.34 or newer for these packages" in told


def test_wheels_for_other_platforms_alone_are_refused_with_the_package_and_the_ways_out(project: Path) -> None:
    make_wheel(project / "wheels", "native", tag=X86)
    make_wheel(project / "wheels", "plain")
    error = refused(project, "plain", "native>=1")
    assert error.message.startswith("no arm64 wheel for native, and no build here that runs on arm64")
    assert "manylinux_2_28_x86_64" in error.message
    assert "install: image" in (error.hint or "")


def test_wheels_for_other_pythons_alone_are_refused_with_the_package_and_the_ways_out(project: Path) -> None:
    make_wheel(project / "wheels", "native", tag="cp39-cp39-manylinux_2_28_aarch64")
    error = refused(project, "native")
    assert error.message.startswith(f"no wheel of native for Python {PYTHON}: ")
    assert "`python` in the config" in (error.hint or "")


def test_a_package_that_is_nowhere_is_named(project: Path) -> None:
    assert "because of nowhere" in refused(project, "nowhere").message


def test_a_folder_that_runs_everywhere_is_built_here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")  # what uv says is understood in any terminal
    make_source(project / "shared", "shared")
    told: list[str] = []
    assert names(install(project, "./shared", told=told)) == ["shared"]
    assert "no arm64 wheel of shared: building from source" in told


@pytest.mark.parametrize(("line", "named"), [("./shared", "a folder"), ("shared @ file://{}/shared", "shared")])
def test_a_folder_whose_build_alone_knows_what_it_is_is_built_here(project: Path, line: str, named: str) -> None:
    pyproject = make_source(project / "shared", "shared") / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().partition("[project]")[0])
    make_wheel(project / "wheels", "plain")
    told: list[str] = []
    assert names(install(project, line.format(project), "plain", told=told)) == ["plain", "shared"]
    assert f"no arm64 wheel of {named}: building from source" in told


def test_one_of_them_whose_build_fails_is_told_with_what_the_build_says(project: Path) -> None:
    (make_source(project / "shared", "shared") / "backend.py").write_text("import nothing_there\n")
    pyproject = project / "shared" / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().partition("[project]")[0])
    assert "No module named 'nothing_there'" in refused(project, "./shared").message


def test_what_a_build_here_makes_for_this_processor_alone_is_refused(project: Path) -> None:
    code = {"shared.so": elf(62)}
    make_source(project / "shared", "shared", tag=f"{TAG}-{TAG}-manylinux_2_28_aarch64", more=code)
    error = refused(project, "./shared")
    assert error.message.startswith("no arm64 wheel for shared==1.0")
    assert "it came out as code for x86-64" in error.message


def test_markers_are_those_of_the_target(project: Path) -> None:
    for name in ("here", "there", "young"):
        make_wheel(project / "wheels", name)
    lines = [
        'here; platform_machine == "x86_64"',
        'there; platform_machine == "aarch64"',
        'young; python_version < "3"',
    ]
    assert names(install(project, *lines)) == ["there"]


def test_included_files_and_constraints_count(project: Path) -> None:
    for name in ("one", "two"):
        make_wheel(project / "wheels", name)
    (project / "other.txt").write_text("two\n")
    (project / "constraints.txt").write_text("two<1\n")
    there = install(project, "one", "-r other.txt")
    assert names(there) == ["one", "two"]
    assert "two" in refused_beside(project, there, "one", "-r other.txt", "-c constraints.txt").message


def refused_beside(project: Path, there: Path, *lines: str) -> InputError:
    with pytest.raises(InputError) as caught:
        install(project, *lines)
    assert list(there.parent.iterdir()) == [there]
    return caught.value


def test_the_same_requirements_are_installed_once(project: Path) -> None:
    make_wheel(project / "wheels", "one")
    there = install(project, "one")
    told: list[str] = []
    assert install(project, "one", told=told) == there
    assert told == []


def test_an_interrupted_installation_leaves_nothing(project: Path) -> None:
    make_wheel(project / "wheels", "one")
    with pytest.raises(AgentcoreError, match="interrupted"):
        packages.build(project.parent / "cache", wanted(project, "one"), tell=print, stopping=lambda: True)
    assert list((project.parent / "cache").iterdir()) == []


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_git_repository_is_built_at_its_commit(project: Path) -> None:
    repository = make_source(project.parent / "repository", "fromgit")
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "first")
    commit = git(repository, "rev-parse", "HEAD").strip()
    there = install(project, f"fromgit @ git+file://{repository}@{commit}")
    (info,) = there.glob("fromgit-*.dist-info")
    assert json.loads((info / "direct_url.json").read_text())["vcs_info"]["commit_id"] == commit


def test_a_private_index_serves_and_its_password_is_nowhere_in_the_packages_or_the_log(project: Path) -> None:
    index = project.parent / "index"
    (index / "internal").mkdir(parents=True)
    make_wheel(index / "internal", "internal")
    told: list[str] = []
    with private_index(index) as address:
        (project / "requirements.txt").write_text(f"--index-url http://reader:s3cret-word@{address}/\ninternal\n")
        asked = Wanted(Requirements(project, "requirements.txt"), PYTHON)
        there = packages.build(project.parent / "cache", asked, tell=told.append, stopping=lambda: False)
        (project / "requirements.txt").write_text(f"--index-url http://reader:s3cret-wrong@{address}/\ninternal\n")
        asked = Wanted(Requirements(project, "requirements.txt"), PYTHON)
        with pytest.raises(AgentcoreError) as caught:
            packages.build(project.parent / "cache", asked, tell=told.append, stopping=lambda: False)
    assert names(there) == ["internal"]
    kept = b"".join(path.read_bytes() for path in there.rglob("*") if path.is_file())
    assert b"s3cret" not in kept
    assert "s3cret" not in "\n".join([*told, caught.value.message, caught.value.hint or ""])


@pytest.mark.parametrize("how", ["variable", "file"])
def test_the_index_that_pip_was_told_serves(project: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    index = project.parent / "index"
    (index / "internal").mkdir(parents=True)
    make_wheel(index / "internal", "internal")
    (project / "requirements.txt").write_text("internal\n")
    told: list[str] = []
    with private_index(index) as address:
        url = f"http://reader:s3cret-word@{address}/"
        conf = project.parent / "pip.conf"
        conf.write_text(f"[global]\nindex-url = {url if how == 'file' else 'http://127.0.0.1:1/'}\nextra-index-url =\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(conf))
        if how == "variable":
            monkeypatch.setenv("PIP_INDEX_URL", url)
        asked = Wanted(Requirements(project, "requirements.txt"), PYTHON)
        there = packages.build(project.parent / "cache", asked, tell=told.append, stopping=lambda: False)
        (project / "requirements.txt").write_text("nowhere\n")
        asked = Wanted(Requirements(project, "requirements.txt"), PYTHON)
        with pytest.raises(InputError) as caught:
            packages.build(project.parent / "cache", asked, tell=told.append, stopping=lambda: False)
    assert names(there) == ["internal"]
    assert "pip's index-url" in (caught.value.hint or "")
    assert "s3cret" not in "\n".join([*told, caught.value.message, caught.value.hint or ""])


def test_a_source_of_poetry_serves_whom_poetry_knows(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = project.parent / "index"
    (index / "internal").mkdir(parents=True)
    make_wheel(index / "internal", "internal")
    with private_index(index, "s3cret/word") as address:
        (project / "pyproject.toml").write_text(
            '[tool.poetry.dependencies]\npython = "^3.11"\ninternal = "*"\n'
            f'[[tool.poetry.source]]\nname = "acme.own"\nurl = "http://{address}/"\npriority = "primary"\n'
        )
        monkeypatch.setenv("POETRY_HTTP_BASIC_ACME_OWN_USERNAME", "reader")
        monkeypatch.setenv("POETRY_HTTP_BASIC_ACME_OWN_PASSWORD", "s3cret/word")
        asked = Wanted(Requirements(project, "pyproject.toml"), PYTHON)
        there = packages.build(project.parent / "cache", asked, tell=print, stopping=lambda: False)
    assert names(there) == ["internal"]


def test_a_pyproject_is_installed_from_its_lock(project: Path) -> None:
    make_wheel(project / "wheels", "one")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "agent"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["one"]\n'
        '[tool.uv]\nno-index = true\nfind-links = ["./wheels"]\n'
    )
    asked = Wanted(Requirements(project, "pyproject.toml"), PYTHON)
    there = packages.build(project.parent / "cache", asked, tell=print, stopping=lambda: False)
    assert names(there) == ["one"]
    before = asked.key
    subprocess.run([uv.find_uv_bin(), "lock", "--quiet", "--no-python-downloads", "--offline"], cwd=project, check=True)
    assert asked.key != before
    locked = packages.build(project.parent / "cache", asked, tell=print, stopping=lambda: False)
    assert locked != there
    assert names(locked) == ["one"]
