"""A fault is definite only from facts: what was resolved, what was installed, what lies in the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.packages import environment, interpreters
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.config import Start
from agentcore_cli.errors import EntrypointError, InputError
from agentcore_cli.operations.check import Subject, check_entrypoint
from agentcore_cli.operations.configure.defaults import default_name, with_defaults
from agentcore_cli.operations.configure.settings import Settings
from tests.fakes.wheel import make_wheel
from tests.functional.builders.test_local_packages import make_package

SERVER = "import http.server\nhttp.server.HTTPServer(('', 8080), None).serve_forever()\n"


def check(root: Path, code: str, requirements: str, packages: Path | None = None) -> tuple[str, ...]:
    (root / "handler.py").write_text(f"{code}\n{SERVER}")
    (root / "requirements.txt").write_text(requirements)
    start = Start.of("handler.py", "HTTP", root)
    return check_entrypoint(Subject(root, start, "3.11", "requirements.txt", packages=packages), {})


def installed(root: Path, requirements: str) -> Path:
    (root / "requirements.txt").write_text(requirements)
    made = environment.build(
        root / "environments",
        Requirements(root, "requirements.txt"),
        interpreters.find("3.11"),
        tell=lambda line: None,
        stopping=lambda: False,
    )
    return made.packages


def offline(root: Path, *names: str) -> str:
    """Requirements that are met by wheels of these names alone."""
    (root / "wheels").mkdir()
    for name in names:
        make_wheel(root / "wheels", name.replace("-", "_"))
    return "\n".join(["--no-index", "--find-links ./wheels", *names, ""])


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("pydantic_ai", "pydantic-ai-slim"), ("cv2", "opencv-contrib-python-headless"), ("PIL", "pillow-simd")],
)
def test_a_variant_of_a_distribution_may_bring_the_module(module: str, distribution: str, tmp_path: Path) -> None:
    warnings = check(tmp_path, f"import {module}", offline(tmp_path, distribution))
    assert len(warnings) <= 1


def test_what_a_deploy_has_installed_is_a_fact(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    make_wheel(tmp_path / "wheels", "whatever", more={"redis.py": b""})
    requirements = "--no-index\n--find-links ./wheels\nwhatever\n"
    packages = installed(tmp_path, requirements)
    assert check(tmp_path, "import redis, whatever", requirements, packages) == ()
    with pytest.raises(EntrypointError, match=r"handler\.py:1: no requirement provides tenacity"):
        check(tmp_path, "import tenacity", requirements, packages)


def test_a_package_beside_the_agent_is_looked_into(tmp_path: Path) -> None:
    make_package(tmp_path / "libs/acme-kit", "kit")
    assert check(tmp_path, "import kit", "./libs/acme-kit\n") == ()


@pytest.mark.parametrize(
    "code", ["from redis.asyncio import Redis\nfrom redis import Redis, client", "import redis.asyncio"]
)
def test_a_file_that_hides_a_package_is_told_as_that(code: str, tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("def helper(): ...\n")
    with pytest.raises(EntrypointError) as caught:
        check(tmp_path, code, offline(tmp_path, "redis"))
    assert caught.value.message == "redis.py: hides the package redis of requirements.txt: rename it"


@pytest.mark.parametrize("code", ["from redis import Redis\n", "import redis\nredis.Redis()\n"])
def test_a_file_that_has_the_name_of_what_it_imports_is_told_as_that(code: str, tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text(code)
    requirements = offline(tmp_path, "redis")
    with pytest.raises(EntrypointError) as caught:
        check(tmp_path, "import redis", requirements)
    assert caught.value.message == "redis.py: hides the package redis of requirements.txt: rename it"
    (tmp_path / "redis.py").rename(tmp_path / "words.py")
    (tmp_path / "words.py").write_text(code.replace("redis", "words"))
    assert check(tmp_path, "import words", requirements) == ()  # odd, and none of a package's


@pytest.mark.parametrize(
    ("name", "hides"),
    [
        ("json.py", True),
        ("email/__init__.py", True),
        ("email/text.py", False),
        ("os.py", False),
        ("sub/json.py", False),
    ],
)
def test_a_file_that_hides_a_module_of_python_is_warned_of(name: str, hides: bool, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    told = check(tmp_path, "", offline(tmp_path))
    module = name.partition("/")[0].removesuffix(".py")
    shown = (
        f"{name.partition('/')[0]}: hides Python's own module {module} from every package that imports it: rename it"
    )
    assert told == ((shown,) if hides else ())


def test_a_file_that_hides_what_a_package_imports_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("")
    (tmp_path / "words.py").write_text("")
    told = check(tmp_path, "", offline(tmp_path, "strands-agents"))
    assert told == ("mcp.py: hides the package mcp from every package that imports it: rename it",)


def test_a_project_that_is_installed_itself_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    make_wheel(tmp_path / "wheels", "kit", more={"kit.py": b""})
    packages = installed(tmp_path, "--no-index\n--find-links ./wheels\nkit\n")
    (tmp_path / "kit.py").write_text("")
    assert "kit.py: hides the package kit" in check(tmp_path, "", "kit\n", packages)[0]
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "kit"\nversion = "1"\n')
    assert check(tmp_path, "import kit", ".\n", packages) == ()


def test_what_a_notebook_leaves_is_told(tmp_path: Path) -> None:
    empty = offline(tmp_path)
    for line in ("get_ipython().system('pip install x')", "names = get_ipython().getoutput('ls')"):
        with pytest.raises(EntrypointError, match=r"handler\.py:1: get_ipython is there in notebooks alone"):
            check(tmp_path, line, empty)
    for line in ("%load_ext dotenv", "!pip install x"):
        with pytest.raises(EntrypointError, match=r"handler\.py:1: a command of a notebook"):
            check(tmp_path, line, empty)
    assert check(tmp_path, "def get_ipython(): ...\nget_ipython()", empty) == ()


def test_what_the_project_s_own_module_lacks_is_told_as_before(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("A = 1\n")
    with pytest.raises(EntrypointError, match=r"^handler\.py:1: words has no B"):
        check(tmp_path, "from words import B", offline(tmp_path, "redis"))


def test_the_right_distribution_is_advised_or_none(tmp_path: Path) -> None:
    empty = offline(tmp_path)
    with pytest.raises(EntrypointError, match=r"add openai-agents to requirements\.txt"):
        check(tmp_path, "import agents", empty)
    with pytest.raises(EntrypointError, match=r"add the package that has it to requirements\.txt"):
        check(tmp_path, "import some_word", empty)


def test_requirements_are_those_of_the_nearest_folder_above_the_entrypoint(tmp_path: Path) -> None:
    entrypoint = "packages/bot/src/bot/app.py"
    for folder, name in (
        ("", "pyproject.toml"),
        ("", "requirements.txt"),
        ("packages/bot", "pyproject.toml"),
        ("packages/bot/src", "requirements.txt"),
        ("packages/bot/src/bot", "pyproject.toml"),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / name).write_text("[project]\n")
        assert with_defaults(Settings(), tmp_path, entrypoint).requirements == (Path(folder) / name).as_posix()
    (tmp_path / "packages/bot/src/bot/pyproject.toml").write_text("[tool.ruff]\n")
    assert with_defaults(Settings(), tmp_path, entrypoint).requirements == "packages/bot/src/requirements.txt"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("Pipfile", "pipenv requirements > requirements.txt"),
        ("setup.py", "echo . > requirements.txt"),
        ("setup.cfg", "touch pyproject.toml && echo . > requirements.txt"),
        ("environment.yml", "conda run -n NAME python -m pip list --format=freeze > requirements.txt"),
    ],
)
def test_another_list_of_requirements_is_answered_with_a_command(name: str, command: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(InputError) as caught:
        with_defaults(Settings(), tmp_path, "handler.py")
    assert name in caught.value.message
    assert command in (caught.value.hint or "")
    (tmp_path / "requirements.txt").write_text("")
    assert with_defaults(Settings(), tmp_path, "handler.py").requirements == "requirements.txt"


def test_a_script_with_a_block_of_its_own_is_answered_with_a_command(tmp_path: Path) -> None:
    """Inline script metadata (PEP 723), as `uv run agent.py` reads it."""
    (tmp_path / "my agent.py").write_text('# /// script\n# dependencies = ["humanize"]\n# ///\nimport humanize\n')
    with pytest.raises(InputError) as caught:
        with_defaults(Settings(), tmp_path, "my agent.py")
    assert "uv export --script 'my agent.py'" in (caught.value.hint or "")
    (tmp_path / "requirements.txt").write_text("humanize\n")
    assert with_defaults(Settings(), tmp_path, "my agent.py").requirements == "requirements.txt"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[project]\nname = "a"\n[project.optional-dependencies]\nweb = ["some-word[x]>=1"]\n', "the extra web"),
        ('[project]\nname = "a"\n[dependency-groups]\ndev = ["some_word", {include-group = "x"}]\n', "the group dev"),
        (
            '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = "*"\n'
            '[tool.poetry.group.dev.dependencies]\nsome-word = "*"\n',
            "the group dev",
        ),
    ],
)
def test_what_is_in_an_extra_or_a_group_alone_is_told_as_that(text: str, where: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "handler.py").write_text(f"import some_word\n{SERVER}")
    start = Start.of("handler.py", "HTTP", tmp_path)
    with pytest.raises(EntrypointError) as caught:
        check_entrypoint(Subject(tmp_path, start, "3.11", "pyproject.toml"), {})
    assert f"which is in {where} alone, and is not installed: add it to pyproject.toml" in caught.value.message


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"requirements.in": "some-word[x]>=1\n"}, "requirements.in"),
        ({"requirements-agent.txt": "some_word\n"}, "requirements-agent.txt"),
        (
            {"requirements/base.txt": "some-word\n", "requirements/prod.txt": "-r base.txt\nother\n"},
            "requirements/prod.txt",
        ),
        ({"requirements.txt": "--no-index\n", "reqs.txt": "some-word\nother\n"}, "reqs.txt"),
        ({"requirements-dev.txt": "some-word\n", "requirements/test.txt": "some-word\n"}, None),
        ({"requirements.in": "other\n"}, None),
    ],
)
def test_requirements_in_a_file_of_another_name_are_told(
    files: dict[str, str], told: str | None, tmp_path: Path
) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "handler.py").write_text(f"import some_word\n{SERVER}")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    requirements = with_defaults(Settings(), tmp_path, "handler.py").requirements
    subject = Subject(tmp_path, Start.of("handler.py", "HTTP", tmp_path), "3.11", requirements)
    with pytest.raises(EntrypointError) as caught:
        check_entrypoint(subject, {})
    if told is None:
        assert "--requirements" not in caught.value.message
    else:
        assert f"which {told} asks for: configure with --requirements {told}" in caught.value.message


def test_a_project_of_poetry_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nname = "advisor"\n[tool.poetry.dependencies]\nkit = "*"\n')
    assert with_defaults(Settings(), tmp_path, "main.py").requirements == "pyproject.toml"
    assert [str(item) for item in Requirements(tmp_path, "pyproject.toml").reading.named] == ["kit"]


@pytest.mark.parametrize(
    ("entrypoint", "project", "taken", "name"),
    [
        ("handler.py", '[project]\nname = "shop"', (), "handler"),
        ("main.py", '[project]\nname = "my-shop"', (), "my_shop"),
        ("src/crew/main.py", '[tool.poetry]\nname = "shop"', (), "shop"),
        ("src/crew/__main__.py", "", (), "crew"),
        ("apps/one/agent.py", '[project]\nname = "shop"', ("shop",), "one"),
        ("-m crew.main", "", (), "crew"),
        ("crew.app:app", "", (), "crew"),
        ("app.py", "", (), "folder"),
    ],
)
def test_an_agent_is_named_after_what_says_something(
    entrypoint: str, project: str, taken: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    root = tmp_path / "folder"
    root.mkdir()
    (root / "pyproject.toml").write_text(project)
    assert default_name(entrypoint, root, taken) == name
