"""What an environment's files say about imports; the environment is made of a few files, nothing is installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from agentcore_cli.config import Start
from agentcore_cli.errors import EntrypointError
from agentcore_cli.operations.check import Subject, check_entrypoint, check_installed
from agentcore_cli.operations.check.installed import environments

SERVER = "acme.serve()\n"


class Environment:
    """A virtual environment by its files, in `.venv` of a project."""

    def __init__(self, root: Path) -> None:
        self.packages = root / ".venv" / "lib" / "python3.13" / "site-packages"
        self.packages.mkdir(parents=True)

    def install(
        self, name: str, files: Mapping[str, str], requires: tuple[str, ...] = (), version: str = "1.0"
    ) -> None:
        information = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        information.mkdir()
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {wanted}" for wanted in requires)]
        (information / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")
        (information / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        for file, text in files.items():
            path = self.packages / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


ACME = {
    "acme/__init__.py": "from .client import Client\ndef serve(): ...\n",
    "acme/client.py": "import os\nclass Client: ...\nif os.name:\n    FLAG = 1\n",
    "acme/_private.py": "class Hidden: ...\nclass Tool: ...\n",
    "acme/deep/__init__.py": "",
    "acme/deep/tools.py": "class Tool: ...\n",
    "acme/lazy.py": "def __getattr__(name): ...\n",
    "acme/stars.py": "from .client import *\n",
    "acme/fast.cpython-313-aarch64-linux-gnu.so": "",
}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    made = Environment(tmp_path)
    made.install("acme-sdk", ACME, ("requests>=2", "extras[all]", "mocking; extra == 'test'"))
    made.install("requests", {"requests/__init__.py": "def get(): ...\n"}, ("urllib3",))
    made.install("extras", {"extras.py": ""}, ("wanted; extra == 'all'",))
    made.install("wanted", {"wanted.py": ""})
    made.install("mocking", {"mocking.py": ""})
    made.install("urllib3", {"urllib3/__init__.py": ""})
    made.install("stranger", {"stranger.py": ""})
    return made


def check(root: Path, code: str, requirements: str = "acme-sdk\n") -> tuple[str, ...]:
    (root / "handler.py").write_text(code + SERVER)
    (root / "requirements.txt").write_text(requirements)
    return check_entrypoint(Subject(root, Start.of("handler.py", "HTTP", root), "3.13", "requirements.txt"), {})


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    "code",
    [
        "import acme\n",
        "from acme import Client, serve, client, deep\nimport acme\n",
        "import acme.deep.tools\n",
        "from acme.client import Client, FLAG\nimport acme\n",
        "from acme.lazy import anything\nimport acme\n",
        "from acme.stars import anything\nimport acme\n",
        "from acme.fast import anything\nimport acme\n",
        "from acme import *\nimport acme\n",
        "import requests, urllib3, extras, wanted, acme\n",
    ],
)
def test_imports_that_work(code: str, tmp_path: Path) -> None:
    assert check(tmp_path, code) == ()


INSTALLED = "in the installed acme-sdk 1.0"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param(
            "from acme.context import Client, Tool, Nothing\nimport acme\n",
            f"handler.py:1: there is no module acme.context {INSTALLED}; "
            "write: from acme import Client; from acme.deep.tools import Tool",
            id="names that are elsewhere",
        ),
        pytest.param(
            "import acme.deep.nothing\n", f"handler.py:1: there is no module acme.deep.nothing {INSTALLED}", id="module"
        ),
        pytest.param(
            "from acme.client import Clint\nimport acme\n",
            f"handler.py:1: acme.client has no Clint {INSTALLED}",
            id="name",
        ),
        pytest.param(
            "from acme import Tool\nimport acme\n",
            f"handler.py:1: acme has no Tool {INSTALLED}; write: from acme.deep.tools import Tool",
            id="name of another module",
        ),
        pytest.param(
            "import acme, mocking\n",
            "handler.py:1: no requirement provides mocking: add mocking to requirements.txt",
            id="only an extra leads to it",
        ),
        pytest.param(
            "import acme, redis\n",
            "handler.py:1: no requirement provides redis: add redis to requirements.txt",
            id="installed nowhere",
        ),
    ],
)
def test_imports_that_fail(code: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(EntrypointError) as caught:
        check(tmp_path, code)
    assert caught.value.message == message


@pytest.mark.usefixtures("environment")
def test_another_pinned_version_may_differ(tmp_path: Path) -> None:
    assert check(tmp_path, "from acme.client import Clint\nimport acme\n", "acme-sdk==2.0\n") == ()


@pytest.mark.usefixtures("environment")
def test_a_package_that_moves_its_modules_may_have_any(tmp_path: Path, environment: Environment) -> None:
    (environment.packages / "acme" / "__init__.py").write_text("import sys\nsys.modules['acme.moves'] = sys\n")
    assert check(tmp_path, "import acme.moves\n") == ()


def test_the_environments_of_a_project(tmp_path: Path, environment: Environment) -> None:
    other = tmp_path / "other"
    active = Environment(other)
    found = environments(tmp_path, {"VIRTUAL_ENV": str(other / ".venv")})
    assert [one.folder for one in found] == [active.packages, environment.packages]
    assert [one.folder for one in environments(tmp_path, {})] == [environment.packages]


def vet(root: Path, packages: Path, code: str, requirements: str = "acme-sdk\n") -> None:
    """What a deploy asks when it has made this environment."""
    (root / "handler.py").write_text(code + SERVER)
    (root / "requirements.txt").write_text(requirements)
    start = Start.of("handler.py", "HTTP", root)
    check_installed(Subject(root, start, "3.13", "requirements.txt", packages=packages))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import acme, nowhere\n", "handler.py:1: no requirement provides nowhere"),
        ("import acme\nfrom nowhere.deep import thing\n", "handler.py:2: no requirement provides nowhere"),
        ("from acme import Server\n", "handler.py:1: acme has no Server"),
        ("import acme.nothing\n", "handler.py:1: there is no module acme.nothing"),
    ],
)
def test_what_the_environment_of_a_deploy_lacks(code: str, told: str, tmp_path: Path, environment: Environment) -> None:
    with pytest.raises(EntrypointError) as refused:
        vet(tmp_path, environment.packages, code)
    assert told in refused.value.message
    assert "--no-smoke" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "code",
    [
        "import acme, json, tomllib\n",
        "import stranger, acme\n",  # whoever brought it
        "import acme.fast\n",
        "import acme\ntry:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n",
        "import acme\ndef tool():\n    import nowhere\n",
        "import acme, sys\nif sys.platform == 'win32':\n    import nowhere\n",
        "import sys\nsys.path.insert(0, 'lib')\nimport acme, nowhere\n",
    ],
)
def test_what_may_be_there_at_run_time_goes_on(code: str, tmp_path: Path, environment: Environment) -> None:
    vet(tmp_path, environment.packages, code)


def test_packages_that_extend_the_import_path_are_believed(tmp_path: Path, environment: Environment) -> None:
    (environment.packages / "distutils-precedence.pth").write_text("import os\n")
    with pytest.raises(EntrypointError):
        vet(tmp_path, environment.packages, "import acme, nowhere\n")
    (environment.packages / "__editable__.other.pth").write_text("/somewhere\n")
    vet(tmp_path, environment.packages, "import acme, nowhere\n")
