"""The files that let a browser in: an address on a command line could be read by every account of the machine."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from agentcore_cli.local.page import PREFIX
from agentcore_cli.local.page.guard import HOST
from agentcore_cli.local.page.visits import TOKEN_SECONDS
from agentcore_cli.signature import hash_of

# The token is the fragment, which no browser sends anywhere.
_TEXT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>agentcore</title>
<p><a href="{url}">Open the page of agentcore</a>. This link works once, for a minute.</p>
</html>
"""


class Invitations:
    """One file for each token, mode 0600 in a folder of mode 0700. Those of a killed server, whose time is over, go."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._written: set[Path] = set()
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in folder.glob("*.html"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > TOKEN_SECONDS:
                    path.unlink()

    def write(self, token: str) -> tuple[str, Path]:
        """The address that the token opens, and a file that leads a browser there."""
        url, path = f"http://{HOST}:{self._port}/{PREFIX}/open#{token}", self._path(token)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(_TEXT.format(url=url))
        self._written.add(path)
        return url, path

    def remove(self, token: str) -> None:
        path = self._path(token)
        path.unlink(missing_ok=True)
        self._written.discard(path)

    def clear(self) -> None:
        while self._written:
            self._written.pop().unlink(missing_ok=True)

    def _path(self, token: str) -> Path:
        return self._folder / f"{hash_of(token.encode())[:32]}.html"
