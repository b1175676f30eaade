"""Virtual environments for the agents that tests run: made once, kept for the next run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from agentcore_cli.files import lock

REPOSITORY = Path(__file__).parent.parent


def agent_environment(*requirements: str, python: str | None = None) -> Path:
    """The interpreter of an environment that holds `requirements`.

    `python` is a version such as `3.12`, else the one that runs the tests. Environments live in $AGENTCORE_TEST_CACHE,
    else in `.cache/environments`, under a hash of what was asked for. Raises LookupError when there is no such Python.
    """
    base = sys.executable if python is None else find_python(python)
    identity = "\n".join([os.path.realpath(base), *sorted(requirements)])
    cache = Path(os.environ.get("AGENTCORE_TEST_CACHE") or REPOSITORY / ".cache" / "environments")
    folder = cache / hashlib.sha256(identity.encode()).hexdigest()[:16]
    with lock(cache / f"{folder.name}.lock", purpose="installation", wait=True):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--python", base, str(folder))
            if requirements:
                _uv("pip", "install", "--compile-bytecode", "--python", str(folder / "bin" / "python"), *requirements)
            (folder / "complete").touch()
    return folder / "bin" / "python"


def find_python(version: str) -> str:
    """An installed interpreter of that minor version: on PATH, or one of pyenv's. Raises LookupError."""
    on_path = [shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    installed = sorted(pyenv.glob(f"{version}.*/bin/python{version}"))
    for candidate in (*map(str, installed), *filter(None, on_path)):
        check = subprocess.run([candidate, "-c", "import sys"], capture_output=True)
        if check.returncode == 0:
            return candidate
    raise LookupError(f"Python {version} is not installed")


def _uv(*arguments: str) -> None:
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise LookupError("uv is not installed")
    subprocess.run([uv, *arguments, "--no-python-downloads", "--quiet"], check=True)
