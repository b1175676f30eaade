"""How a file is started follows from where its imports resolve: a script, a module, folders on the import path.

Each case is run by the real interpreter as it would be started, too: what the layout says must work.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentcore_cli.config import Start


@dataclass
class Case:
    """`files` by their names, with their texts; `argv` and `path` are what is expected."""

    entrypoint: str
    files: dict[str, str]
    argv: str
    path: tuple[str, ...] = ()
    project: str = field(default="")


PACKAGE = {"src/__init__.py": "", "src/bot/__init__.py": ""}
LIB = '[tool.pdm.build]\npackage-dir = "lib"'
SERVER = {"lib/uvicorn.py": "import importlib\ndef run(app, port=0): importlib.import_module(app.partition(':')[0])"}
CASES = {
    "alone": Case("agent.py", {"agent.py": "import json"}, "agent.py"),
    "sibling": Case("bot/agent.py", {"bot/agent.py": "import words", "bot/words.py": ""}, "bot/agent.py"),
    "sibling package": Case("agent.py", {"agent.py": "from kit import a", "kit/a.py": ""}, "agent.py"),
    "from the root by src": Case(
        "src/bot/agent.py",
        {**PACKAGE, "src/bot/agent.py": "from src.bot import a", "src/bot/a.py": ""},
        "-m src.bot.agent",
    ),
    "from the root by src without inits": Case(
        "src/bot/agent.py", {"src/bot/agent.py": "import src.bot.a", "src/bot/a.py": ""}, "-m src.bot.agent"
    ),
    "relative": Case(
        "bot/agent.py", {"bot/__init__.py": "", "bot/agent.py": "from . import a", "bot/a.py": ""}, "-m bot.agent"
    ),
    "relative with src a package": Case(
        "src/bot/agent.py",
        {**PACKAGE, "src/bot/agent.py": "from .a import b", "src/bot/a.py": "b = 1"},
        "-m src.bot.agent",
    ),
    "relative, two up": Case(
        "src/bot/agent.py", {"src/bot/agent.py": "from ..words import w", "src/words.py": "w = 1"}, "-m src.bot.agent"
    ),
    "relative in a nested package": Case(
        "a/b/c/agent.py",
        {
            "a/__init__.py": "",
            "a/b/__init__.py": "",
            "a/b/c/__init__.py": "",
            "a/b/c/agent.py": "from ...x import y",
            "a/x.py": "y=1",
        },
        "-m a.b.c.agent",
    ),
    "src layout": Case(
        "src/crew/main.py",
        {"src/crew/__init__.py": "", "src/crew/main.py": "from crew.tools.t import x", "src/crew/tools/t.py": "x = 1"},
        "-m crew.main",
        ("src",),
    ),
    "src layout, relative": Case(
        "src/crew/main.py",
        {"src/crew/__init__.py": "", "src/crew/main.py": "from .t import x", "src/crew/t.py": "x = 1"},
        "-m crew.main",
        ("src",),
    ),
    "the project's name is its package": Case(
        "crew/main.py",
        {"crew/__init__.py": "", "crew/main.py": "from crew.t import x", "crew/t.py": "x = 1"},
        "-m crew.main",
    ),
    "poetry's from": Case(
        "lib/crew/main.py",
        {"lib/crew/__init__.py": "", "lib/crew/main.py": "import crew.t", "lib/crew/t.py": ""},
        "-m crew.main",
        ("lib",),
        '[tool.poetry]\npackages = [{include = "crew", from = "lib"}]',
    ),
    "setuptools' package-dir": Case(
        "python/crew/main.py",
        {"python/crew/__init__.py": "", "python/crew/main.py": "import crew.t", "python/crew/t.py": ""},
        "-m crew.main",
        ("python",),
        '[tool.setuptools]\npackage-dir = {"" = "python"}',
    ),
    "a script beside the package that it uses": Case(
        "main.py", {"main.py": "import crew.t", "src/crew/__init__.py": "", "src/crew/t.py": ""}, "main.py", ("src",)
    ),
    "a script in a folder that uses the root's": Case(
        "apps/one/main.py", {"apps/one/main.py": "import shared.t", "shared/t.py": ""}, "-m apps.one.main"
    ),
    "siblings and the root's": Case(
        "apps/one/main.py",
        {"apps/one/main.py": "import shared.t, words", "shared/t.py": "", "apps/one/words.py": ""},
        "apps/one/main.py",
        (".",),
    ),
    "a folder that is no name": Case(
        "my-agents/main.py", {"my-agents/main.py": "import shared.t", "shared/t.py": ""}, "my-agents/main.py", (".",)
    ),
    "__main__ of a package": Case(
        "bot/__main__.py", {"bot/__init__.py": "", "bot/__main__.py": "from .a import b", "bot/a.py": "b = 1"}, "-m bot"
    ),
    "__main__ in src": Case(
        "src/bot/__main__.py",
        {"src/bot/__init__.py": "", "src/bot/__main__.py": "from bot.a import b", "src/bot/a.py": "b = 1"},
        "-m bot",
        ("src",),
    ),
    "what a sibling imports counts": Case(
        "src/bot/agent.py",
        {
            **PACKAGE,
            "src/bot/agent.py": "import src.bot.a",
            "src/bot/a.py": "from src.words import w",
            "src/words.py": "w=1",
        },
        "-m src.bot.agent",
    ),
    "a relative import of a sibling is a script's own affair": Case(
        "agent.py", {"agent.py": "import kit", "kit/__init__.py": "from . import a", "kit/a.py": ""}, "agent.py"
    ),
    "by a string for a server": Case(
        "app/main.py",
        {
            **SERVER,
            "app/__init__.py": "",
            "app/main.py": "import uvicorn\napp = 1\nif __name__ == '__main__': uvicorn.run('app.main:app', port=8080)",
        },
        "-m app.main",
        ("lib",),
        LIB,
    ),
    "by a string for a server, from its own folder": Case(
        "app/main.py",
        {
            "app/uvicorn.py": SERVER["lib/uvicorn.py"],
            "app/__init__.py": "",
            "app/main.py": "import uvicorn\napp = 1\nif __name__ == '__main__': uvicorn.run(app='main:app')",
        },
        "app/main.py",
    ),
    "by a string for a server, from both": Case(
        "app/main.py",
        {
            "app/uvicorn.py": SERVER["lib/uvicorn.py"],
            "app/__init__.py": "",
            "app/main.py": "from uvicorn import run\nif __name__ == '__main__': run('app.main:app')",
        },
        "app/main.py",
        (".",),
    ),
    "by a string": Case(
        "app/main.py",
        {"app/__init__.py": "", "app/main.py": "import importlib\nimportlib.import_module('app.t')", "app/t.py": ""},
        "-m app.main",
    ),
    "by a string, what is imported so counts": Case(
        "main.py",
        {
            "main.py": "from importlib import import_module as load\nload(name='app.t')",
            "app/t.py": "import kit.t",
            "src/kit/t.py": "",
        },
        "main.py",
        ("src",),
    ),
    "data of its package": Case(
        "src/hb/agent.py",
        {"src/hb/__init__.py": "", "src/hb/agent.py": "from importlib.resources import files\nfiles('hb')"},
        "-m hb.agent",
        ("src",),
    ),
    "data of a folder in its package": Case(
        "src/hb/agent.py",
        {
            "src/hb/agent.py": "from importlib import resources\nassert resources.files('hb.data').is_dir()",
            "src/hb/data/words.txt": "here",
        },
        "-m hb.agent",
        ("src",),
    ),
    "data by pkgutil": Case(
        "src/hb/agent.py",
        {
            "src/hb/__init__.py": "",
            "src/hb/agent.py": "import pkgutil as p\nassert p.get_data('hb', 'words.txt')",
            "src/hb/words.txt": "here",
        },
        "-m hb.agent",
        ("src",),
    ),
    "a string that imports nothing": Case(
        "app/main.py",
        {
            "app/__init__.py": "",
            "app/main.py": "import importlib.util\nprint('app.main')\nimportlib.util.find_spec('app')",
        },
        "app/main.py",
    ),
    "a relative name by a string": Case(
        "app/main.py",
        {"app/__init__.py": "", "app/main.py": "import importlib\nif False: importlib.import_module('.t', 'app')"},
        "app/main.py",
    ),
    "by its module": Case("-m bot.agent", {"bot/agent.py": ""}, "-m bot.agent"),
    "by its module in src": Case("-m bot.agent", {"src/bot/agent.py": ""}, "-m bot.agent", ("src",)),
    "a package by its name": Case(
        "-m bot", {"bot/__init__.py": "", "bot/__main__.py": "from . import __name__"}, "-m bot"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_is_started_where_its_imports_resolve(case: Case, tmp_path: Path) -> None:
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    if case.project:
        (tmp_path / "pyproject.toml").write_text(case.project)
    start = Start.of(case.entrypoint, "HTTP", tmp_path)
    assert (" ".join(start.argv), start.path) == (case.argv, case.path)
    assert (tmp_path / start.file).is_file()
    path = os.pathsep.join(str(tmp_path / folder) for folder in start.path)
    environment = {**os.environ, "PYTHONPATH": path}
    subprocess.run([sys.executable, *start.argv], cwd=tmp_path, env=environment, check=True)


def test_what_is_not_the_project_s_decides_nothing(tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "redis").mkdir()  # no code in it
    (tmp_path / "bot/agent.py").write_text("import redis, boto3, os.path\n")
    assert Start.of("bot/agent.py", "HTTP", tmp_path).argv == ("bot/agent.py",)


def test_an_application_in_src_is_served_from_there(tmp_path: Path) -> None:
    (tmp_path / "src/crew").mkdir(parents=True)
    (tmp_path / "src/crew/main.py").write_text("app = 1\n")
    start = Start.of("crew.main:app", "HTTP", tmp_path)
    assert (start.file, start.path, start.argv[2]) == (Path("src/crew/main.py"), ("src",), "crew.main:app")
