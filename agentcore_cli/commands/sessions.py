"""`agentcore sessions`: list, show, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import Group
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from agentcore_cli.operations.sessions import Session

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="List, show and stop sessions.",
)


@app.command("list")
def list_(
    ctx: typer.Context, ended: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False
) -> None:
    """List the agent's sessions, the last used first."""
    from agentcore_cli.operations.selection import select
    from agentcore_cli.operations.sessions import list_sessions
    from agentcore_cli.ui.tables import ago, table

    said = Globals.of(ctx)
    page = list_sessions(select(said.options()), ended=ended)
    rows = [
        (s.name, s.state, s.version, s.invocations, ago(s.last_used_at, page.now), s.end_reason or "")
        for s in page.sessions
    ]
    heads = ("session", "state", "version", "calls", "last used", "")
    out = said.output()
    out.result(page, table(heads, rows) if rows else "")
    if not rows and not out.json:
        out.note("no session is alive; agentcore invoke starts one")
    elif not out.json:
        out.note(f"kept apart by: {', '.join(sorted({_level(session) for session in page.sessions}))}")


@app.command()
def show(ctx: typer.Context, session: Annotated[str, typer.Argument(help="A name or an id.")]) -> None:
    """Show one session."""
    from agentcore_cli.operations.selection import select
    from agentcore_cli.operations.sessions import show_session
    from agentcore_cli.ui.tables import fields, moment

    said = Globals.of(ctx)
    found = show_session(select(said.options()), session)
    start = "forked from the warm parent" if found.warm else f"new interpreter ({found.cold_reason})"
    human = fields(
        [
            ("session", found.name),
            ("id", found.session_id),
            ("state", found.state),
            ("endpoint", found.endpoint),
            ("version", found.version),
            ("started", moment(found.started_at)),
            ("last used", moment(found.last_used_at)),
            ("calls", found.invocations),
            ("process", found.pid),
            ("sandbox", _level(found)),
            ("start", start),
            ("ended", moment(found.ended_at) if found.ended_at else None),
            ("reason", found.end_reason),
            ("log", found.log),
        ]
    )
    said.output().result(found, human)


@app.command()
def stop(
    ctx: typer.Context,
    session: Annotated[str | None, typer.Argument(help="A name or an id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session of the agent.")] = False,
) -> None:
    """Stop one session, or all; its memory and files are gone, and its name starts afresh."""
    from agentcore_cli.operations.selection import select
    from agentcore_cli.operations.sessions import stop_sessions

    if everything == (session is not None):
        raise InputError("sessions stop: which one?", hint="give a session's name or id, or --all")
    said = Globals.of(ctx)
    result = stop_sessions(select(said.options()), session)
    said.output().result(result, "\n".join(f"stopped {session_id}" for session_id in result.stopped))


def _level(session: Session) -> str:
    return f"{session.sandbox} ({session.sandbox_reason})" if session.sandbox_reason else session.sandbox
