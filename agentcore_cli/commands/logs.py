"""`agentcore logs`: what the agent printed."""

from __future__ import annotations

from typing import Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import INTERRUPTED


def logs(
    ctx: typer.Context,
    session: Annotated[str | None, typer.Option("--session-id", "-s", metavar="NAME", help="One session only.")] = None,
    qualifier: Annotated[str | None, typer.Option(metavar="E", help="The endpoint.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Not older than this: 10m. On AWS, without it: 1h.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="SPAN", help="Not younger than this: 5m.")] = None,
    grep: Annotated[str | None, typer.Option(metavar="TEXT", help="Lines that hold this text.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="The last N of these lines.")] = None,
) -> None:
    """Print the agent's log lines, oldest first."""
    from agentcore_cli.operations.logs import durations
    from agentcore_cli.operations.logs.lines import LogsRequest
    from agentcore_cli.operations.logs.logs import read_logs

    said = Globals.of(ctx)
    out = said.output()
    request = LogsRequest(
        session=session,
        endpoint=qualifier,
        follow=follow,
        since=None if since is None else durations.seconds(since, option="--since"),
        until=None if until is None else durations.seconds(until, option="--until"),
        grep=grep,
        limit=limit,
    )
    count = 0
    try:
        for line in read_logs(request, said.select(), out.hear):
            count += 1
            if out.json:
                out.event("log", line)
            else:
                out.log_line(line.timestamp, None if session else line.session_id[:12] or None, line.message)
    except KeyboardInterrupt:
        if not follow:
            raise
    if out.json:
        out.result({"lines": count}, last_of_stream=True)
    if follow:  # nothing else ends it
        raise typer.Exit(INTERRUPTED)
