"""What requirements lead to, as uv resolves them, without installing anything."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from agentcore_cli.builders.packages import outside
from agentcore_cli.builders.packages.installer import Stopping, Tell
from agentcore_cli.builders.packages.requirements import Requirements


def resolve(requirements: Requirements, python: str, *, tell: Tell, stopping: Stopping) -> dict[str, str]:
    """Every distribution that would be installed on that Python, by its normalised name.

    With its version or git commit; "" for a folder.

    Raises InputError for requirements that can't be met or read, AgentcoreError when they can't be asked for now.
    """
    with tempfile.TemporaryDirectory(prefix="agentcore-") as folder, outside.project(requirements) as project:
        answer = Path(folder) / "pylock.toml"
        command = ["pip", "compile", str(project.file), "--format", "pylock.toml", "--output-file", str(answer)]
        target = ["--python", sys.executable, "--python-version", python]
        project.run([*command, *target], tell=tell, stopping=stopping, writes_to=answer)
        packages = tomllib.loads(answer.read_text()).get("packages", [])
    return {canonicalize_name(package["name"]): _state(package) for package in packages}


def fingerprint(found: Mapping[str, str]) -> str:
    """A short text that is another one when what was resolved is something else."""
    text = "".join(f"{name} {found[name]}\n" for name in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def installed(folder: Path) -> dict[str, str]:
    """What is in a folder of packages, in the same words as what is resolved."""
    found: dict[str, str] = {}
    for distribution in distributions(path=[str(folder)]):
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        commit = origin.get("vcs_info", {}).get("commit_id")
        found[canonicalize_name(distribution.name)] = commit or distribution.version
    return found


def _state(package: Mapping[str, Mapping[str, str] | str]) -> str:
    vcs = package.get("vcs")
    return str(vcs["commit-id"] if isinstance(vcs, Mapping) else package.get("version", ""))
