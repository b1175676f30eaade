"""Reading what a program imports, without importing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.worker.imports import Guard, Project, read_start


def project(root: Path, files: dict[str, str]) -> Project:
    """A project of Python files, named without their suffix."""
    for name, source in files.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return Project(str(root))


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        pytest.param("import a.b, c", ["a.b", "c"], id="import"),
        pytest.param("from a import b, c as d", ["a", "a.b", "a.c"], id="from"),
        pytest.param("from a import *", ["a"], id="from-star"),
        pytest.param(
            "try:\n    import a\nexcept ImportError:\n    import b\nelse:\n    import c", ["a", "b", "c"], id="try"
        ),
        pytest.param("if x:\n    import a\nelse:\n    import b", ["a", "b"], id="if"),
        pytest.param("with x:\n    import a", ["a"], id="with"),
        pytest.param("class A:\n    import a", ["a"], id="class-body"),
        pytest.param("def f():\n    import a", [], id="function"),
        pytest.param("async def f():\n    import a", [], id="async-function"),
        pytest.param("if TYPE_CHECKING:\n    import a\nelse:\n    import b", ["b"], id="TYPE_CHECKING"),
        pytest.param("if typing.TYPE_CHECKING:\n    import a", [], id="typing.TYPE_CHECKING"),
        pytest.param("import a, a", ["a"], id="once"),
        pytest.param("import (", [], id="syntax-error"),
        pytest.param("# -*- coding: no-such-encoding -*-\nimport a", [], id="unknown-encoding"),
        pytest.param("from . import a", [], id="relative-in-a-script"),
        pytest.param("match x:\n    case 1:\n        import a", ["a"], id="match"),
    ],
)
def test_what_a_script_imports(source: str, modules: list[str], tmp_path: Path) -> None:
    assert read_start(project(tmp_path, {"handler": source}), ["handler.py"]) == modules


def test_the_project_s_own_modules_are_followed_and_not_named(tmp_path: Path) -> None:
    files = {
        "handler": "import helper\nfrom package.inner import thing\nimport z",
        "helper": "import a",
        "package/__init__": "import b",
        "package/inner": "from . import sibling\nfrom .sibling import x\nimport c",
        "package/sibling": "from .. import nothing\nimport d, handler",
        "unused": "import e",
    }
    assert read_start(project(tmp_path, files), ["handler.py"]) == ["a", "b", "d", "c", "z"]


@pytest.mark.parametrize(
    ("start", "modules"),
    [
        pytest.param(["-m", "uvicorn", "handler:app", "--port", "8080"], ["a", "uvicorn"], id="server-and-app"),
        pytest.param(["-m", "handler"], ["a"], id="module"),
        pytest.param(["-m", "package"], ["b", "c"], id="package-with-main"),
        pytest.param(["-m", "http.server"], ["http.server"], id="foreign-module"),
        pytest.param(["absent.py"], [], id="missing-file"),
    ],
)
def test_what_a_command_line_imports(start: list[str], modules: list[str], tmp_path: Path) -> None:
    own = project(tmp_path, {"handler": "import a", "package/__init__": "import b", "package/__main__": "import c"})
    assert read_start(own, start) == modules


def test_the_guard_refuses_the_project_s_names_alone(tmp_path: Path) -> None:
    guard = Guard(project(tmp_path, {"redis": "", "package/__init__": ""}))
    found = guard.find_spec("json")
    assert found is not None
    assert found.name == "json"
    for name in ("redis", "redis.client", "package"):
        with pytest.raises(ModuleNotFoundError):
            guard.find_spec(name)


def test_folders_without_an_init_do_not_hide_installed_packages(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert not Project(str(tmp_path)).owns("data")
