"""Passwords of package indexes: installed with, and in no bundle, image, plan, log or answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from agentcore_cli.builders.images import context, image
from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.local.home import Home
from tests.command_line import CommandLine
from tests.fakes.private_index import private_index
from tests.fakes.wheel import make_wheel
from tests.functional.operations.secrets.test_secrets import AGENT

PASSWORD = "s3cr@t/w#rd"
ENCODED = quote(PASSWORD, safe="")
PIECES = ("s3cr", "w#rd", "w%23rd")  # of the password, raw and encoded
# Whatever says where packages come from, whether this agent installs from it or not.
BESIDE = {
    "requirements-dev.txt": "kit @ git+https://reader:{0}@git.example.com/team/kit.git@v1\n-e git+ssh://reader:{0}@h.x/k",
    "deps/constraints.in": "--extra-index-url https://reader:{0}@pkgs.example.com/simple\n",
    "pyproject.toml": '[[tool.uv.index]]\nurl = "https://reader:{0}@pkgs.example.com/simple"\n'
    "[[tool.poetry.source]]\nname = 'own'\nurl = 'https://reader:{0}@pkgs.example.com/simple'\n",
    "uv.lock": '[[package]]\nsource = {{ registry = "https://reader:{0}@pkgs.example.com/simple" }}\n',
    "poetry.lock": '[package.source]\ntype = "legacy"\nurl = "https://reader:{0}@pkgs.example.com/simple"\n',
    "pip.conf": "[global]\nindex-url = https://reader:{0}@pkgs.example.com/simple\n",
    "Pipfile": '[[source]]\nurl = "https://reader:{0}@pkgs.example.com/simple"\n',
}
READER = """
import json, pathlib
SHOWN = {str(path): path.read_text() for path in pathlib.Path(__file__).parent.rglob("*") if path.is_file()}
"""


def write_beside(folder: Path, host: str = "https://pkgs.example.com", *, in_project: str = PASSWORD) -> None:
    """`in_project` is the password as pyproject.toml has it, which the installer reads wherever it is."""
    (folder / "deps").mkdir()
    for name, text in BESIDE.items():
        text = text.format(in_project if name == "pyproject.toml" else PASSWORD) + text.format(ENCODED)
        (folder / name).write_text(text)
    if in_project != PASSWORD:
        scheme, _, place = host.partition("://")
        (folder / "pyproject.toml").write_text(f'[[tool.uv.index]]\nurl = "{scheme}://reader:{in_project}@{place}/"\n')


def leaking(data: bytes) -> list[str]:
    return [piece for piece in PIECES if piece.encode() in data]


@pytest.fixture
def project(tmp_path: Path, home: Home) -> Iterator[CommandLine]:
    """An agent that needs a package of a private index and answers with all of its files."""
    folder = tmp_path / "project"
    folder.mkdir()
    told = AGENT.replace('KEY = os.environ["SEARCH_API_KEY"]', READER)
    told = told.replace('{"length": len(KEY), "last": KEY[-5:]}', '{"files": SHOWN, "kit": __import__("kit").answer}')
    (folder / "agent.py").write_text(told)
    (tmp_path / "index" / "kit").mkdir(parents=True)
    make_wheel(tmp_path / "index" / "kit", "kit")
    root = home.root
    command = CommandLine(folder, {"AGENTCORE_HOME": str(root), "UV_CACHE_DIR": str(tmp_path / "uv")})
    with private_index(tmp_path / "index", PASSWORD) as address:
        write_beside(folder, f"http://{address}", in_project=ENCODED)
        (folder / "requirements.txt").write_text(f"--index-url http://reader:{ENCODED}@{address}/\nkit\n")
        yield command
        command.run("destroy", "--local", "--yes")


@pytest.mark.long
def test_a_local_agent_never_sees_them(project: CommandLine, tmp_path: Path) -> None:
    options = ("-e", "agent.py", "--name", "bot", "--region", "us-west-2", "--requirements", "requirements.txt")
    said = [project.run("configure", *options), project.run("--json", "plan", "--local")]
    said.append(project.run("--json", "deploy", "--local"))
    invoked = project.run("--json", "invoke", "--local", "{}")
    shown = json.loads(invoked.stdout)["response"]
    assert shown["kit"] == 42
    assert "--index-url http://***@127.0.0.1:" in next(
        text for name, text in shown["files"].items() if name.endswith("/requirements.txt")
    )
    said += [invoked, project.run("--json", "plan", "--local"), project.run("--json", "logs", "--local")]
    text = (project.folder / "requirements.txt").read_text()
    (project.folder / "requirements.txt").write_text(text.replace(ENCODED, "s3cr%40wrong").replace("kit", "kit==2"))
    said.append(project.run("--json", "deploy", "--local", code=2))
    (project.folder / "requirements.txt").write_text(text.replace(ENCODED, PASSWORD))
    said.append(project.run("--json", "deploy", "--local", code=2))
    assert "requirements.txt:1: the password in an address has /, ? or # in it as it is" in said[-1].stdout
    (project.folder / "requirements.txt").write_text("kit==2\n")
    raw = CommandLine(project.folder, {**project.environment, "PIP_INDEX_URL": f"http://reader:{PASSWORD}@127.0.0.1/"})
    said.append(raw.run("--json", "deploy", "--local", code=2))
    assert "PIP_INDEX_URL: the password in an address" in said[-1].stdout
    for done in said:
        assert leaking(f"{done.stdout}{done.stderr}".encode()) == [], done.args
    kept = [Path(project.environment["AGENTCORE_HOME"]), project.folder / ".agentcore"]
    files = [path for place in kept for path in place.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [str(path) for path in files if leaking(path.read_bytes())] == []


def test_an_image_s_build_context_has_none(tmp_path: Path) -> None:
    write_beside(tmp_path)
    (tmp_path / "agent.py").touch()
    (tmp_path / "requirements.txt").write_text("kit\n")
    project = ImageProject(tmp_path, "bot", ("agent.py",), Path("agent.py"), 8080, "3.13", "base", "requirements.txt")
    inputs = image.read(project)
    assert set(inputs.instead) == set(BESIDE)
    packed = b"".join(context.stream(context.of_source(inputs.source, instead=inputs.instead)))
    assert leaking(packed) == []
    assert b"***@pkgs.example.com/simple" in packed
    assert leaking(json.dumps(inputs.describe()).encode()) == []
