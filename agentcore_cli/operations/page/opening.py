"""The page of the local runtime, opened in a browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urldefrag

from agentcore_cli.config import LOCAL
from agentcore_cli.local import daemon
from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.home import Home
from agentcore_cli.local.protocol import PageInvitation

_SHOWS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """`file` lets a browser in, once, within `seconds`; so does `one_time_url`, which holds the secret."""

    target: str
    url: str
    file: str
    seconds: float
    opened: bool
    one_time_url: str = field(repr=False)


def open_page(home: Home, *, browse: bool) -> OpenedPage:
    """Have the local runtime let a browser in; it is started where it isn't running. With `browse`, open one."""
    invitation = AdminClient(daemon.ensure_running(home.create())).invite()
    return shown(LOCAL, invitation, browse=browse)


def shown(
    target: str, invitation: PageInvitation, *, browse: bool, environ: Mapping[str, str] = os.environ
) -> OpenedPage:
    """Let a browser follow an invitation, where there is one."""
    opened = browse and _has_browser(environ) and _open_browser(Path(invitation.file).as_uri())
    url = urldefrag(invitation.url).url.removesuffix("open")
    return OpenedPage(target, url, invitation.file, invitation.seconds, opened, invitation.url)


def _open_browser(address: str) -> bool:
    """What a browser says is not the command's result: it goes to stderr."""
    own = os.dup(1)
    os.dup2(2, 1)
    try:
        return webbrowser.open(address)
    finally:
        os.dup2(own, 1)
        os.close(own)


def _has_browser(environ: Mapping[str, str]) -> bool:
    """Whether one has a window: of those for terminals none runs what the page is made of."""
    return sys.platform != "linux" or any(environ.get(name) for name in _SHOWS)
