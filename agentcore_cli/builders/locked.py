"""A uv.lock as what uv's pip commands read: the pins, exported to a requirements file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentcore_cli.builders import installer
from agentcore_cli.builders.interpreters import Interpreter
from agentcore_cli.builders.requirements import Requirements
from agentcore_cli.errors import AgentcoreError, InputError


@contextmanager
def requirements_file(
    requirements: Requirements, interpreter: Interpreter, *, tell: installer.Tell, stopping: installer.Stopping
) -> Iterator[Path]:
    """The file to install from: the user's own, or what a uv.lock pins, without the project and its dev groups.

    Raises InputError for a lock that no longer fits the pyproject.toml.
    """
    if requirements.lock is None:
        yield requirements.path
        return
    with tempfile.TemporaryDirectory(prefix="agentcore-") as folder:
        file = Path(folder) / "requirements.txt"
        export = ["export", "--no-dev", "--no-emit-project", "--no-editable", "--no-header", "--no-annotate"]
        command = [*export, "--python", str(interpreter.path), "--output-file", str(file)]
        root = requirements.path.parent
        try:
            installer.run([*command, "--locked"], folder=root, tell=tell, stopping=stopping, writes_to=file)
        except AgentcoreError as error:
            if "needs to be updated" in error.message:
                shown = requirements.lock.relative_to(requirements.root)
                raise InputError(f"{shown} is older than {requirements.path.name}", hint="run `uv lock`") from error
            if "incompatible with the project's Python" not in error.message:
                raise
            # no Python here that the project accepts: the lock can't be compared, and is taken as it is
            installer.run([*command, "--frozen"], folder=root, tell=tell, stopping=stopping, writes_to=file)
        yield file
