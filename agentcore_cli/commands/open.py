"""`agentcore open`: the page to see sessions, in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from agentcore_cli.operations.page.opening import OpenedPage
    from agentcore_cli.ui import Output


def open(
    ctx: typer.Context,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Name the file that lets a browser in; open none.")
    ] = False,
    print_url: Annotated[
        bool, typer.Option("--print-url", help="Print the address that lets a browser in, once; open none.")
    ] = False,
) -> None:
    """Look at agents, sessions and traces in a browser, and talk with them there.

    The local runtime serves the page to this machine alone, and to browsers alone that this command lets in.
    """
    from agentcore_cli.local.home import Home
    from agentcore_cli.operations.page.opening import open_page

    said = Globals.of(ctx)
    target = said.options().target
    if target not in (None, "local"):
        raise InputError(
            f"open --target {target}: the page shows the local runtime", hint="agentcore sessions list --target X"
        )
    page = open_page(Home.default().check(), browse=not (no_browser or print_url))
    show(page, said.output(), print_url=print_url)


def show(page: OpenedPage, out: Output, *, print_url: bool) -> None:
    """Say where the page is. The address that lets in is a secret: it is printed for those who ask for it."""
    body = {"target": page.target, "url": page.url, "file": page.file, "seconds": page.seconds, "opened": page.opened}
    body["one_time_url"] = page.one_time_url if print_url else None
    out.result(body, page.one_time_url if print_url else page.url if page.opened else page.file)
    if not page.opened:
        what = "this address" if print_url else "this file"
        out.note(f"{what} lets a browser in, once, within {page.seconds:.0f} seconds")
