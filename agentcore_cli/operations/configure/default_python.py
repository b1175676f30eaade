"""The Python of a new agent, where nobody said which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages import interpreters, required_python
from agentcore_cli.builders.packages.required_python import RequiredPython
from agentcore_cli.contract import PYTHONS
from agentcore_cli.errors import InputError

_PYTHON: Final = "3.13"  # where the machine has none that AgentCore takes


def default_python(root: Path, requirements: str | None, installed: Sequence[str], *, strict: bool) -> str:
    """Of the Pythons that AgentCore has and the project allows the newest that is `installed`, else the newest.

    `installed` are those of this machine, newest first. A setting that is not understood is not heeded. Where none is
    allowed: raises InputError if `strict`, else the project is not asked.
    """
    required = required_python.read(root, requirements)
    allowed = [python for python in PYTHONS if required is None or required.allows(python)]
    if required and not allowed:
        if strict:
            raise _refusal(required)
        allowed = list(PYTHONS)
    return next((python for python in (*installed, _PYTHON) if python in allowed), allowed[-1])


def _refusal(required: RequiredPython) -> InputError:
    where = required.file if required.line is None else f"{required.file}:{required.line}"
    images = (f"3.{minor}" for minor in reversed(interpreters.SUPPORTED))
    older = next((python for python in images if required.allows(python)), None)
    way = f"--python {older} for an image, which may have any" if older else "--no-check to configure it as it is"
    return InputError(
        f"{where}: {required.setting} allows none of the Pythons that AgentCore has: {', '.join(PYTHONS)}",
        hint=f"allow one of them there, or give {way}",
    )
