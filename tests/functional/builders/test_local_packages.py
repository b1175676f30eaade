"""Packages that lie on this machine: what is installed is what is there now, and building leaves nothing behind."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
import uv

from agentcore_cli.builders.packages import environment, interpreters, packages, resolution
from agentcore_cli.builders.packages.packages import Wanted
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError
from tests.fakes.wheel import make_wheel
from tests.long_cases import always

PYTHON: Final = f"3.{sys.version_info[1]}"
IDENTITY: Final = ("-c", "user.name=a", "-c", "user.email=a@example.com")
# As setuptools does: what an earlier build left in build/lib is packed again, and folders appear in the source.
BACKEND: Final = """\
import pathlib, shutil, sys, tomllib
sys.path.insert(0, {here!r})
from tests.fakes.wheel import make_wheel

PROJECT = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]

def build_wheel(folder, settings=None, metadata=None):
    name = PROJECT["name"]
    built = pathlib.Path("build/lib") / (name + ".py")
    if not built.exists():
        built.parent.mkdir(parents=True)
        shutil.copy(name + ".py", built)
    pathlib.Path(name + ".egg-info").mkdir(exist_ok=True)
    requires = "".join("Requires-Dist: " + item + "\\n" for item in PROJECT.get("dependencies", []))
    info = name + "-1.0.dist-info/METADATA"
    metadata = "Metadata-Version: 2.1\\nName: " + name + "\\nVersion: 1.0\\n" + requires
    return make_wheel(pathlib.Path(folder), name, built.read_text(), more={{info: metadata.encode()}}).name
"""


def make_package(folder: Path, name: str, more: str = "", dependencies: str = "") -> Path:
    """A package of one module, `answer = 'first'`, whose backend is as careless as setuptools."""
    folder.mkdir(parents=True)
    (folder / "backend.py").write_text(BACKEND.format(here=str(Path(__file__).parents[3])))
    (folder / f"{name}.py").write_text("answer = 'first'\n")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.10"\ndependencies = [{dependencies}]\n'
        f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n{more}'
    )
    return folder


def edit(folder: Path, name: str) -> None:
    """Another content of the same length at the same time: only reading it tells."""
    file = folder / f"{name}.py"
    times = file.stat()
    file.write_text("answer = 'later'\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


Install = Callable[[Path, str], Mapping[str, str]]


def in_an_environment(root: Path, name: str, cache: Path) -> Mapping[str, str]:
    made = environment.build(
        cache,
        Requirements(root, name),
        interpreters.find(PYTHON),
        tell=lambda line: None,
        stopping=lambda: False,
    )
    return answers(made.packages)


def for_an_image(root: Path, name: str, cache: Path) -> Mapping[str, str]:
    wanted = Wanted(Requirements(root, name), PYTHON)
    return answers(packages.build(cache, wanted, tell=lambda line: None, stopping=lambda: False))


def answers(folder: Path) -> dict[str, str]:
    """What the installed modules say."""
    return {path.stem: path.read_text().split("'")[1] for path in folder.glob("*.py") if "answer" in path.read_text()}


@pytest.fixture(params=[in_an_environment, for_an_image], ids=["local", "image"])
def install(request: pytest.FixtureRequest, tmp_path: Path) -> Install:
    return functools.partial(request.param, cache=tmp_path / "cache")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / ".git").mkdir()  # what lies outside the repository is not read
    return folder


@pytest.mark.parametrize(
    "line",
    always(
        *("./libs/kit", "-e libs/kit"),
        of=["./libs/kit", "libs/kit", "-e ./libs/kit", "-e libs/kit", "kit @ file:./libs/kit", "./libs/../libs/kit"],
    ),
)
def test_a_changed_folder_is_built_anew_and_nothing_is_left_in_it(root: Path, line: str, install: Install) -> None:
    kit = make_package(root / "libs/kit", "kit")
    (root / "requirements.txt").write_text(f"{line}\n")
    before = tree(root)
    assert install(root, "requirements.txt") == {"kit": "first"}
    assert tree(root) == before
    edit(kit, "kit")
    assert install(root, "requirements.txt") == {"kit": "later"}
    assert tree(root) == before


def test_an_absolute_path_is_built_outside_as_well(root: Path, install: Install) -> None:
    kit = make_package(root.parent / "elsewhere/kit", "kit")
    (root / "requirements.txt").write_text(f"kit @ file://{kit}\n")
    before = tree(kit)
    assert install(root, "requirements.txt") == {"kit": "first"}
    edit(kit, "kit")
    assert install(root, "requirements.txt") == {"kit": "later"}
    assert tree(kit) == before


def test_what_an_earlier_build_left_is_not_packed_again(root: Path, install: Install) -> None:
    kit = make_package(root / "kit", "kit")
    (kit / "build/lib").mkdir(parents=True)
    (kit / "build/lib/kit.py").write_text("answer = 'of a build long ago'\n")
    (root / "requirements.txt").write_text("./kit\n")
    assert install(root, "requirements.txt") == {"kit": "first"}


def test_a_package_that_another_leans_on_by_path_counts(root: Path, install: Install) -> None:
    base = make_package(root.parent / "base", "base")
    make_package(root / "kit", "kit", '[tool.uv.sources]\nbase = {path = "../../base"}\n', '"base"')
    (root / "requirements.txt").write_text("./kit\n")
    before = tree(root.parent / "base")
    assert install(root, "requirements.txt") == {"kit": "first", "base": "first"}
    edit(base, "base")
    assert install(root, "requirements.txt") == {"kit": "first", "base": "later"}
    assert tree(base) == before


def test_path_sources_of_a_pyproject_count(root: Path, install: Install) -> None:
    kit = make_package(root / "kit", "kit")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "agent"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["kit"]\n'
        '[tool.uv.sources]\nkit = {path = "kit", editable = true}\n'
    )
    before = tree(root)
    assert install(root, "pyproject.toml") == {"kit": "first"}
    edit(kit, "kit")
    assert install(root, "pyproject.toml") == {"kit": "later"}
    assert tree(root) == before


@pytest.mark.parametrize("locked", always(False, of=[False, True]), ids=["unlocked", "locked"])
def test_members_of_a_workspace_count_with_what_they_lean_on(root: Path, locked: bool, install: Install) -> None:
    (root / "pyproject.toml").write_text(
        '[project]\nname = "mono"\nversion = "1"\nrequires-python = ">=3.10"\n'
        '[tool.uv]\npackage = false\n[tool.uv.workspace]\nmembers = ["agents/*", "packages/*"]\n'
    )
    workspace = "[tool.uv.sources]\n{0} = {{workspace = true}}\n".format
    make_package(root / "packages/kit", "kit", workspace("base"), '"base"')
    base = make_package(root / "packages/base", "base")
    other = make_package(root / "packages/other", "other")
    agent = root / "agents/bot"
    agent.mkdir(parents=True)
    (agent / "pyproject.toml").write_text(
        '[project]\nname = "bot"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["kit"]\n'
        f"[tool.uv]\npackage = false\n{workspace('kit')}"
    )
    if locked:
        command = [uv.find_uv_bin(), "lock", "--quiet", "--offline", "--no-python-downloads"]
        subprocess.run(command, cwd=agent, check=True)
    before = tree(root)
    digest = Requirements(agent, "pyproject.toml").digest()
    assert install(agent, "pyproject.toml") == {"kit": "first", "base": "first"}
    edit(other, "other")
    assert Requirements(agent, "pyproject.toml").digest() == digest  # nobody leans on it
    edit(base, "base")
    assert install(agent, "pyproject.toml") == {"kit": "first", "base": "later"}
    assert tree(root) == before


def test_the_project_itself_may_be_asked_for(root: Path, install: Install) -> None:
    root.rmdir()
    make_package(root, "bot")
    (root / "requirements.txt").write_text("-e .\n")
    before = tree(root)
    assert install(root, "requirements.txt") == {"bot": "first"}
    edit(root, "bot")
    assert install(root, "requirements.txt") == {"bot": "later"}
    assert tree(root) == before


@pytest.mark.parametrize("lines", ["./kit-1.0-py3-none-any.whl", "--no-index\n--find-links ./\nkit"])
def test_another_wheel_of_the_same_version_is_installed(root: Path, lines: str, install: Install) -> None:
    wheel = make_wheel(root, "kit", "answer = 'first'\n")
    times = wheel.stat()
    (root / "requirements.txt").write_text(f"{lines}\n")
    assert install(root, "requirements.txt") == {"kit": "first"}
    make_wheel(root, "kit", "answer = 'later'\n")
    os.utime(wheel, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert install(root, "requirements.txt") == {"kit": "later"}


def test_the_user_s_folder_is_named_as_the_place_where_a_package_came_from(root: Path) -> None:
    make_package(root / "kit", "kit")
    (root / "requirements.txt").write_text("./kit\n")
    in_an_environment(root, "requirements.txt", root.parent / "cache")
    (told,) = (root.parent / "cache").rglob("direct_url.json")
    assert f'"file://{root.resolve()}/kit"' in told.read_text()


def test_a_build_that_fails_names_the_user_s_folder(root: Path, install: Install) -> None:
    kit = make_package(root / "kit", "kit")
    (kit / "backend.py").write_text("raise OSError('in ' + __file__)\n")
    (root / "requirements.txt").write_text("./kit\n")
    with pytest.raises(AgentcoreError) as caught:
        install(root, "requirements.txt")
    assert f"in {kit.resolve()}/backend.py" in caught.value.message
    assert "agentcore-" not in (caught.value.hint or "agentcore-")  # the folder that it was built in


@pytest.mark.parametrize("option", always("-e ", of=["-e ", "--editable ", "--editable=", ""]))
def test_an_editable_repository_is_installed_like_any_package(root: Path, install: Install, option: str) -> None:
    """As `pip freeze` writes it, which uv refuses."""
    repository = root.parent / "repository"
    make_package(repository / "libs/kit", "kit")
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        subprocess.run(["git", *IDENTITY, *arguments], cwd=repository, check=True)
    line = f"{option}git+file://{repository}#egg=kit&subdirectory=libs/kit"
    (root / "requirements.txt").write_text(f"# kept\n{line}\n")
    assert [asked.name for asked in Requirements(root, "requirements.txt").reading.named] == ["kit"]
    assert install(root, "requirements.txt") == {"kit": "first"}
    assert (root / "requirements.txt").read_text() == f"# kept\n{line}\n"


def test_what_lies_beside_a_package_is_found_when_it_is_built(root: Path, install: Install) -> None:
    kit = make_package(root / "libs/kit", "kit")
    (root / "VERSION").write_text("answer = 'beside'\n")
    with (kit / "backend.py").open("a") as file:
        file.write("pathlib.Path('kit.py').write_text(pathlib.Path('../../VERSION').read_text())\n")
    (root / "requirements.txt").write_text("./libs/kit\n")
    assert install(root, "requirements.txt") == {"kit": "beside"}
    assert "first" in (kit / "kit.py").read_text()


def test_a_project_that_may_only_be_read_is_installed(root: Path, install: Install) -> None:
    kit = make_package(root / "kit", "kit")
    (root / "requirements.txt").write_text("./kit\n")
    for path in (kit, root):
        path.chmod(0o555)
    try:
        assert install(root, "requirements.txt") == {"kit": "first"}
    finally:
        for path in (root, kit):
            path.chmod(0o755)


def test_asking_what_is_required_leaves_nothing(root: Path) -> None:
    make_package(root / "kit", "kit")
    (root / "requirements.txt").write_text("./kit\n")
    before = tree(root)
    asked = Requirements(root, "requirements.txt")
    assert resolution.resolve(asked, PYTHON, tell=lambda line: None, stopping=lambda: False) == {"kit": ""}
    assert tree(root) == before
