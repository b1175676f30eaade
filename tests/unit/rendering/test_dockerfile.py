"""The Dockerfile and `.dockerignore` that are generated, read as Docker reads them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from agentcore_cli.builders.packages import own_project
from agentcore_cli.builders.source.ignore import Ignore
from agentcore_cli.rendering import (
    ImageRecipe,
    Launcher,
    OwnMetadata,
    dockerfile,
    dockerfile_of,
    dockerignore,
    is_generated,
    render,
)

RECIPE = ImageRecipe(
    agent="bot",
    base_image="example.com/python:3.13-slim",
    start=("handler.py",),
    port=8080,
    requirements=("requirements.txt",),
)

Instruction = tuple[str, str]


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile: comments left out, continued lines joined."""
    joined = re.sub(
        r"\\\n\s*", "", "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    )
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def all_of(name: str, text: str) -> list[str]:
    return [rest for instruction, rest in instructions(text) if instruction == name]


VARIANTS = {
    "requirements": RECIPE,
    "included requirements": replace(RECIPE, requirements=("requirements.txt", "deps/base.txt")),
    "pyproject": replace(RECIPE, requirements=("pyproject.toml",)),
    "nothing required": replace(RECIPE, requirements=()),
    "packages copied in": replace(RECIPE, packages="packages"),
    "instrumented": replace(RECIPE, otel=True),
    "instrumented, nothing required": replace(RECIPE, otel=True, requirements=()),
    "started by the launcher": replace(RECIPE, launcher=Launcher("kit", "/opt/kit", ("python", "-I", "/opt/kit"))),
    "application for uvicorn": replace(RECIPE, start=("-m", "uvicorn", "handler:app", "--port", "8000"), port=8000),
}


@pytest.mark.parametrize("recipe", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_variant_keeps_the_contract(recipe: ImageRecipe) -> None:
    text = dockerfile(recipe)
    names = [name for name, _ in instructions(text)]
    assert set(names) <= {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "LABEL", "EXPOSE", "CMD"} | (
        {"ENTRYPOINT"} if recipe.launcher else set()
    )
    assert instructions(text)[0] == ("FROM", "--platform=linux/arm64 example.com/python:3.13-slim")
    assert all_of("USER", text) == ["10001:10001"]
    assert all_of("EXPOSE", text) == [str(recipe.port)]
    assert "DOCKER_CONTAINER=1" in all_of("ENV", text)[0].split()
    code = instructions(text).index(("COPY", "--chown=10001:10001 . /app/"))
    assert names[code + 1 :] == ["WORKDIR", "USER", "LABEL", "EXPOSE", "CMD"], "the code is the last layer"
    start = (["opentelemetry-instrument"] if recipe.otel else []) + ["python", *recipe.start]
    assert json.loads(all_of("CMD", text)[0]) == start
    assert "{" not in text
    assert "\n\n\n" not in text


def test_the_launcher_comes_before_the_code_and_starts_the_command() -> None:
    found = instructions(dockerfile(VARIANTS["started by the launcher"]))
    copied = found.index(("COPY", '["kit", "/opt/kit"]'))
    assert found[copied + 1] == ("ENTRYPOINT", '["python", "-I", "/opt/kit"]')
    assert found[copied + 2][1].startswith("--chown=10001:10001 . /app/")
    assert found[-1] == ("CMD", '["python", "handler.py"]')
    assert all_of("ENTRYPOINT", dockerfile(RECIPE)) == []


@pytest.mark.parametrize(
    ("recipe", "copied", "run"),
    [
        pytest.param(
            VARIANTS["included requirements"],
            [
                '["requirements.txt", "/requirements/requirements.txt"]',
                '["deps/base.txt", "/requirements/deps/base.txt"]',
            ],
            ['pip install -r "requirements.txt"'],
            id="requirements",
        ),
        pytest.param(
            VARIANTS["pyproject"],
            ['["pyproject.toml", "/requirements/pyproject.toml"]'],
            ['pip install uv && uv pip install --system --no-cache -r "pyproject.toml"'],
            id="pyproject",
        ),
        pytest.param(VARIANTS["nothing required"], [], [], id="nothing"),
        pytest.param(
            VARIANTS["packages copied in"],
            ['--chown=10001:10001 ["packages", "/opt/packages/"]'],
            [],
            id="packages copied in: no RUN, so no emulation",
        ),
        pytest.param(
            VARIANTS["instrumented"],
            ['["requirements.txt", "/requirements/requirements.txt"]'],
            ['pip install -r "requirements.txt" "aws-opentelemetry-distro>=0.18,<1"'],
            id="instrumented",
        ),
    ],
)
def test_dependencies_come_before_the_code(recipe: ImageRecipe, copied: list[str], run: list[str]) -> None:
    text = dockerfile(recipe)
    assert all_of("COPY", text) == [*copied, "--chown=10001:10001 . /app/"]
    assert all_of("RUN", text) == run


def test_copied_packages_are_found_by_python_and_on_the_path() -> None:
    environment = all_of("ENV", dockerfile(VARIANTS["packages copied in"]))[0].split()
    assert {"PYTHONPATH=/opt/packages", "PATH=/opt/packages/bin:$PATH"} <= set(environment)


def test_folders_that_imports_start_from_stand_before_the_packages() -> None:
    recipe = ImageRecipe("bot", "python:3.13", ("-m", "bot.main"), 8080, packages="packages", path=("src", "lib"))
    assert "    PYTHONPATH=/app/src:/app/lib:/opt/packages \\\n" in dockerfile(recipe)
    assert "    PYTHONPATH=/app/src \\\n" in dockerfile(replace(recipe, packages=None, path=("src",)))
    assert "PYTHONPATH" not in dockerfile(replace(recipe, packages=None, path=()))


@pytest.mark.parametrize("recipe", VARIANTS.values(), ids=VARIANTS.keys())
def test_an_edit_is_told(recipe: ImageRecipe) -> None:
    text = dockerfile(recipe)
    assert is_generated(text)
    assert not is_generated(text.replace("EXPOSE", "EXPOSE 1"))
    assert not is_generated(text.partition("\n")[2])
    assert not is_generated("FROM scratch\n")


def test_each_agent_has_its_own_dockerfile(tmp_path: Path) -> None:
    shared = tmp_path / "Dockerfile"
    assert dockerfile_of(tmp_path, "bot") == shared
    shared.write_text(dockerfile(RECIPE))
    assert dockerfile_of(tmp_path, "bot") == shared
    assert dockerfile_of(tmp_path, "cat") == tmp_path / "Dockerfile.cat"
    shared.write_text(dockerfile(RECIPE) + "LABEL edited=yes\n")
    assert dockerfile_of(tmp_path, "cat") == tmp_path / "Dockerfile.cat", "edited, but still the bot's"
    shared.write_text("FROM scratch\n")
    assert dockerfile_of(tmp_path, "cat") == shared, "a person's own serves every agent"
    (tmp_path / "Dockerfile.cat").touch()
    assert dockerfile_of(tmp_path, "cat") == tmp_path / "Dockerfile.cat"


SECRETS = [
    ".env",
    ".env.local",
    "config/.env.production",
    "server.pem",
    "keys/private.key",
    "id_rsa",
    "a/id_ed25519.pub",
]
SECRETS += [".aws/credentials", "home/.aws/config", ".ssh/known_hosts", ".netrc", ".pypirc"]
NEEDLESS = [".git/config", "vendor/.git/HEAD", ".agentcore/aws.json", ".agentcore.yaml", ".venv/bin/python"]
NEEDLESS += ["pkg/__pycache__/a.pyc", "Dockerfile", "Dockerfile.cat"]


@pytest.mark.parametrize("path", SECRETS + NEEDLESS)
def test_what_never_enters_an_image(path: str) -> None:
    assert Ignore.of(dockerignore().splitlines()).ignores(path)


@pytest.mark.parametrize(
    "path",
    ["handler.py", "requirements.txt", "docs/a.py", "build/a.py", "env/a.py", "dist/a.py", "tests/a.py", "keys.py"],
)
def test_what_belongs_to_the_agent(path: str) -> None:
    assert not Ignore.of(dockerignore().splitlines()).ignores(path)


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="agent"):
        render("config/agentcore.yaml.j2", project="p", target="aws")


def test_packages_of_this_machine_are_there_when_the_image_installs() -> None:
    recipe = ImageRecipe("bot", "python:3.13", ("bot.py",), 8080, ("requirements.txt",), local_packages=("libs/kit",))
    text = dockerfile(recipe)
    assert text.index('COPY ["libs/kit", "/requirements/libs/kit"]') < text.index("RUN pip install")


def test_requirements_that_no_file_has_are_written_in_the_image() -> None:
    lines = ("humanize>=4.9,<5", "kit ; python_version < '3.12'")
    recipe = ImageRecipe("bot", "python:3.13", ("bot.py",), 8080, lines=lines, constraints=("humanize==4.9.0",))
    text = dockerfile(recipe)
    assert "WORKDIR /requirements\nRUN printf '%s\\n' 'humanize>=4.9,<5' 'kit ; python_version < '\"'\"'3.12" in text
    assert "' > requirements.txt && printf '%s\\n' humanize==4.9.0 > constraints.txt\n" in text
    assert "uv pip install --system --no-cache -r requirements.txt -c constraints.txt\n" in text


@pytest.mark.parametrize("installed", [False, True])
def test_the_project_itself_is_found_in_an_image_that_installs_by_itself(installed: bool, tmp_path: Path) -> None:
    """The step is run by a shell, with the Python of an environment: it adds what nobody has installed."""
    content = {
        "project": {"name": "My.Bot", "version": "1.4", "entry-points": {"tools": {"it's": "my_bot:run[x y]"}}},
        "build-system": {},
    }
    own = own_project.of(content, tmp_path)
    assert own is not None
    recipe = replace(RECIPE, own=OwnMetadata(own.stem, own.folder, own.files))
    step = next(line for line in all_of("RUN", dockerfile(recipe)) if "purelib" in line)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    packages = next((tmp_path / "env").glob("lib/python*/site-packages"))
    if installed:
        (packages / "my_bot-0.9.dist-info").mkdir()
    path = f"{tmp_path / 'env' / 'bin'}:/usr/bin:/bin"
    subprocess.run(["sh", "-c", step], check=True, env={"PATH": path}, cwd=tmp_path, stdout=subprocess.DEVNULL)
    (found,) = distributions(path=[str(packages)])
    if not installed:
        assert (found.name, found.version) == ("My.Bot", "1.4")
        assert [(each.group, each.name, each.value) for each in found.entry_points] == [
            ("tools", "it's", "my_bot:run[x y]")
        ]
    else:
        assert [folder.name for folder in packages.glob("*.dist-info")] == ["my_bot-0.9.dist-info"]


def test_packages_that_are_copied_bring_it_along() -> None:
    assert "purelib" not in dockerfile(RECIPE)
