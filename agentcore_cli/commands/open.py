"""`agentcore open`: the page to see sessions, in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals

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

    The local runtime serves the page to this machine alone, and to browsers alone that this command lets in. With
    --target of an AWS target the command itself serves a page of the project there, until Ctrl-C.
    """
    from agentcore_cli.local.home import Home
    from agentcore_cli.operations.page.opening import open_page

    said = Globals.of(ctx)
    options, out, home = said.options(), said.output(), Home.default().check()
    browse = not (no_browser or print_url)
    if options.target in (None, "local"):
        _show(open_page(home, browse=browse), out, print_url=print_url)
        return
    from agentcore_cli.operations.page.serving import serve_page

    code = serve_page(options, home, lambda page: _show(page, out, print_url=print_url), browse=browse)
    raise typer.Exit(code)


def _show(page: OpenedPage, out: Output, *, print_url: bool) -> None:
    """Say where the page is. The address that lets in is a secret: it is printed for those who ask for it."""
    body = {"target": page.target, "url": page.url, "file": page.file, "seconds": page.seconds, "opened": page.opened}
    body["one_time_url"] = page.one_time_url if print_url else None
    out.result(body, page.one_time_url if print_url else page.url if page.opened else page.file)
    if not page.opened:
        what = "this address" if print_url else "this file"
        out.note(f"{what} lets a browser in, once, within {page.seconds:.0f} seconds")
    if page.target != "local":
        out.note(f"the page of {page.target} is served until Ctrl-C")
