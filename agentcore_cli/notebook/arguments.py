"""What notebooks say to `Runtime.configure`, as the settings that `agentcore configure` writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from agentcore_cli.errors import InputError
from agentcore_cli.files import write_atomically

_REQUIREMENTS: Final = "requirements.txt"
_BUILDS: Final = {"container": "docker", "direct_code_deploy": "zip"}


def written_requirements(requirements: Collection[str], folder: Path) -> str:
    """A file of a list's lines; one that is there with other lines is nobody's but the user's. Raises InputError."""
    text = "".join(f"{requirement}\n" for requirement in requirements)
    path = folder / _REQUIREMENTS
    if path.exists() and path.read_text() != text:
        raise InputError(
            f"requirements: {_REQUIREMENTS} is there and says something else",
            hint=f"give requirements_file={_REQUIREMENTS!r}, or remove it first",
        )
    write_atomically(path, text)
    return _REQUIREMENTS


def python_of(runtime_type: str | None) -> str | None:
    """`PYTHON_3_13` -> `3.13`. Raises InputError."""
    if runtime_type is None:
        return None
    kind, _, version = runtime_type.partition("_")
    if kind != "PYTHON":
        raise InputError(f"runtime_type {runtime_type!r}: only Python is run", hint="PYTHON_3_13")
    return version.replace("_", ".")


def build_of(deployment_type: str | None) -> str | None:
    """The builder of the config. Raises InputError."""
    if deployment_type is None:
        return None
    if deployment_type not in _BUILDS:
        raise InputError(f"deployment_type {deployment_type!r}: none of {', '.join(_BUILDS)}")
    return _BUILDS[deployment_type]


def member(configuration: Mapping[str, Any] | None, name: str, argument: str) -> Any:
    """The one member that a `configuration` has. Raises InputError for others."""
    if configuration is None:
        return None
    if set(configuration) != {name}:
        raise InputError(f"{argument}: must hold {name} and nothing else")
    return configuration[name]
