"""A uv.lock as what uv's pip commands read: the pins, exported to a requirements file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentcore_cli.builders.packages import installer
from agentcore_cli.builders.packages.interpreters import Interpreter
from agentcore_cli.builders.packages.outside import Outside
from agentcore_cli.errors import AgentcoreError, InputError


@contextmanager
def requirements_file(
    project: Outside, interpreter: Interpreter, *, tell: installer.Tell, stopping: installer.Stopping
) -> Iterator[Outside]:
    """The project with the file to install from: its own, or what a uv.lock pins, without the project and dev groups.

    Raises InputError for a lock that no longer fits the pyproject.toml.
    """
    requirements = project.requirements
    lock = requirements.lock
    if lock is None:
        yield project
        return
    with tempfile.TemporaryDirectory(prefix="agentcore-") as folder:
        file = Path(folder) / "requirements.txt"
        export = ["export", "--no-dev", "--no-emit-project", "--no-editable", "--no-header", "--no-annotate"]
        command = [*export, "--python", str(interpreter.path), "--output-file", str(file)]
        own = Outside(project.file.parent, project.file, project.prefix, requirements)
        try:
            own.run([*command, "--locked"], tell=tell, stopping=stopping, writes_to=file)
        except AgentcoreError as error:
            if "needs to be updated" in error.message:
                shown = lock.relative_to(requirements.root) if lock.is_relative_to(requirements.root) else lock
                raise InputError(f"{shown} is older than {requirements.path.name}", hint="run `uv lock`") from error
            if "incompatible with the project's Python" not in error.message:
                raise
            # no Python here that the project accepts: the lock can't be compared, and is taken as it is
            own.run([*command, "--frozen"], tell=tell, stopping=stopping, writes_to=file)
        yield Outside(project.path(lock.resolve()).parent, file, project.prefix, requirements)  # paths are the lock's
