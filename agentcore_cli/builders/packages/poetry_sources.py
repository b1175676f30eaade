"""Private indexes of a Poetry project with the credentials that people gave Poetry for them.

By variables, POETRY_HTTP_BASIC_<NAME>_USERNAME and _PASSWORD, else by `auth.toml` in Poetry's own folder of settings
(Poetry's documentation, "Repositories" and "Configuration").
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from agentcore_cli.user_folder import home_of


def addresses(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Of the sources in the pyproject.toml of `folder`, those with credentials: their addresses, which hold these."""
    sources = _read(folder / "pyproject.toml").get("tool", {}).get("poetry", {}).get("source", [])
    for source in sources:
        name, url = str(source.get("name", "")), str(source.get("url", ""))
        scheme, is_url, rest = url.partition("://")
        user, password = _credentials(name, environ)
        if is_url and user and "@" not in rest.partition("/")[0]:
            secret = f":{quote(password, safe='')}" if password else ""
            yield f"{scheme}://{quote(user, safe='')}{secret}@{rest}"


def _credentials(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    start = f"POETRY_HTTP_BASIC_{re.sub(r'[-.]', '_', name).upper()}"
    if user := environ.get(f"{start}_USERNAME"):
        return user, environ.get(f"{start}_PASSWORD", "")
    kept = _read(_settings(environ) / "auth.toml").get("http-basic", {}).get(name, {})
    return str(kept.get("username", "")), str(kept.get("password", ""))


def _settings(environ: Mapping[str, str]) -> Path:
    if chosen := environ.get("POETRY_CONFIG_DIR"):
        return Path(chosen)
    home = home_of(environ)
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "pypoetry"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pypoetry"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
