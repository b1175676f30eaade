"""Credentials in requirements files: needed to install here, and nothing that an image or a session may hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages.redaction import redact
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.source.source import Source
from agentcore_cli.decoding import lenient_text_of

# what says where packages come from, beside the requirements or in their place
_SETTINGS: Final = frozenset(
    {
        *("uv.toml", "uv.lock", "pip.conf", "pip.ini", "pyproject.toml", "setup.cfg", "setup.py", "tox.ini"),
        *("poetry.toml", "poetry.lock", "pdm.toml", "pdm.lock", "Pipfile", "Pipfile.lock", "pylock.toml"),
        *("environment.yml", "environment.yaml", "pixi.toml", "pixi.lock", "hatch.toml"),
    }
)
_REQUIREMENTS: Final = re.compile(r"(.*[-_.])?(requirements|constraints)([-_.].*)?\.(txt|in)")


def withheld(requirements: Requirements | None, files: Source) -> dict[str, bytes]:
    """The agent's files that say where packages come from, by name, without the users and passwords of their URLs.

    Those that hold none are left out.
    """
    known = {path.resolve() for path in requirements.files()} if requirements else set()
    cleaned = {}
    for name, entry in files.entries.items():
        base = Path(name).name
        if entry.digest and (entry.path.resolve() in known or base in _SETTINGS or _REQUIREMENTS.fullmatch(base)):
            text = lenient_text_of(entry.path.read_bytes())
            if (redacted := redact(text)) != text:
                cleaned[name] = redacted.encode(errors="surrogateescape")
    return cleaned
