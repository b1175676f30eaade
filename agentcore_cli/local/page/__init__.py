"""The page that a browser shows of the local runtime, `/_page/`: who gets in, its files, and the way to the planes.

The page is one more client of the wire protocol. `/_page/api/<path>` is `<path>` as any client asks for it, once the
`guard` has found that the page itself asks: nothing is implemented twice, and what is open to it is a list (`allowed`).

A browser is let in by a token that opens once, within a minute (`visits`). `agentcore open`, which has the server's
key, asks for it, and hands it over in a file that only its owner can read. The token becomes a cookie that no script
can read, and a second secret that is sent as a header: cookies are shared by all ports of a host, what a page stores is
not. A request has to have both, and to come from the page's own origin. Whatever is wrong with it, it hears the same.

Nothing of it costs anything before it is asked for: `PageEntrance` is all that is made when the server starts.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agentcore_cli.local.page.page import PageServer

PREFIX: Final = "_page"
VISIT_SECONDS: Final = 12 * 3600  # for which a browser is let in


class PageEntrance:
    """The page of the server at a port, made when it is first asked for; `folder` is for the files that let in."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port = port
        self._folder = folder

    @cached_property
    def page(self) -> PageServer:
        from agentcore_cli.local.page.page import PageServer

        return PageServer(self._port, self._folder)

    def close(self) -> None:
        """Let in nobody any more."""
        if "page" in self.__dict__:
            self.page.close()
