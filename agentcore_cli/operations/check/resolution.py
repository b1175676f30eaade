"""Ask uv what requirements lead to, without installing anything."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from agentcore_cli.builders import installer
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.operations.check.distributions import normalised

_SECONDS: Final = 30.0
_NAME: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)", re.MULTILINE)


def resolve(root: Path, requirements: str, python: str) -> frozenset[str] | None:
    """Every distribution that the requirements lead to on that Python; None where uv can't tell (offline, a conflict).

    A conflict is no fault of the entrypoint: deploy reports it in uv's own words.
    """
    deadline = time.monotonic() + _SECONDS
    with tempfile.TemporaryDirectory(prefix="agentcore-") as folder:
        answer = Path(folder) / "resolved.txt"
        command = ["pip", "compile", requirements, "--output-file", str(answer), "--no-header", "--no-annotate"]
        try:
            installer.run(
                [*command, "--python", sys.executable, "--python-version", python],
                folder=root,
                tell=lambda line: None,
                stopping=lambda: time.monotonic() > deadline,
                writes_to=answer,
            )
        except AgentcoreError:
            return None
        return frozenset(map(normalised, _NAME.findall(answer.read_text())))
