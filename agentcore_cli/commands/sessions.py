"""`agentcore sessions`: list, show, stop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import command_group
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from agentcore_cli.ledger import Turn
    from agentcore_cli.local.protocol import SessionRecord
    from agentcore_cli.operations.sessions.sessions import Sessions
    from agentcore_cli.ui import Output

app = command_group("List, show and stop sessions.")


@app.command("list")
def list_(
    ctx: typer.Context, ended: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False
) -> None:
    """List the agent's sessions, the last used first.

    AWS can't list sessions: there it is those that this project has talked to.
    """
    from agentcore_cli.operations.sessions.sessions import list_sessions

    said = Globals.of(ctx)
    page = list_sessions(said.select(), ended=ended)
    out = said.output()
    out.result(page, _table(page) if page.sessions else "")
    _warn(page.sessions, out)
    if not out.json:
        out.note(_footnote(page))


def _warn(sessions: Iterable[SessionRecord], out: Output) -> None:
    """Each warning once, with the first session that it is about."""
    about: dict[str, str] = {}
    for session in sessions:
        for warning in session.warnings:
            about.setdefault(warning, session.name)
    for warning, name in about.items():
        out.warning(f"session {name}: {warning}")


def _table(page: Sessions) -> str:
    """A line for each session: its endpoint where a name could be of several, its end where one has ended."""
    from agentcore_cli.ui.tables import ago, table

    by_endpoint = any(session.endpoint != DEFAULT_ENDPOINT for session in page.sessions)
    rows = [
        (
            *(s.name, s.endpoint if by_endpoint else "", s.state, s.version, s.invocations, _storage(s) or ""),
            *(ago(s.last_used_at, page.now), _end(s, page.now)),
        )
        for s in page.sessions
    ]
    return table(("session", "endpoint", "state", "version", "calls", "storage", "last used", "ended"), rows)


def _storage(session: SessionRecord) -> str | None:
    from agentcore_cli.ui.tables import size

    return None if session.storage_bytes is None else size(session.storage_bytes)


def _end(session: SessionRecord, now: float) -> str:
    from agentcore_cli.ui.tables import ago

    return f"{ago(session.ended_at, now)}: {session.end_reason}" if session.ended_at else ""


def _footnote(page: Sessions) -> str:
    if page.source == "ledger":
        seen = "AWS can't list sessions: these are the ones that this project has talked to"
        return (
            seen if page.sessions else "this project has talked to no session that may be alive; AWS can't list others"
        )
    if not page.sessions:
        return "no session is alive; agentcore invoke starts one"
    return f"isolation: {', '.join(sorted({str(_level(session)) for session in page.sessions}))}"


@app.command()
def show(ctx: typer.Context, session: Annotated[str, typer.Argument(help="A name or an id.")]) -> None:
    """Show one session, and when and how much was said in it.

    What was said is shown if `invoke --keep-transcripts` kept it.
    """
    from agentcore_cli.operations.sessions.sessions import show_session

    said = Globals.of(ctx)
    found = show_session(said.select(), session)
    turns = [turn._asdict() for turn in found.turns]
    body = {name: getattr(found.session, name) for name in found.session.__struct_fields__} | {"turns": turns}
    out = said.output()
    out.result(body, _facts(found.session) + _said(found.turns))
    _warn([found.session], out)


def _facts(session: SessionRecord) -> str:
    from agentcore_cli.ui.tables import fields, moment

    start = None
    if session.warm is not None:
        start = "forked from the warm parent" if session.warm else f"new interpreter ({session.cold_reason})"
    return fields(
        [
            ("session", session.name),
            ("id", session.session_id),
            ("state", session.state),
            ("endpoint", session.endpoint),
            ("version", session.version),
            ("started", moment(session.started_at)),
            ("last used", moment(session.last_used_at)),
            ("calls", session.invocations),
            ("storage", _storage(session)),
            ("process", session.pid),
            ("sandbox", _level(session)),
            ("start", start),
            ("ended", moment(session.ended_at) if session.ended_at else None),
            ("reason", session.end_reason),
            ("log", session.log),
        ]
    )


def _said(turns: tuple[Turn, ...]) -> str:
    """A line for each call of this project, and what was said where that was kept."""
    if not turns:
        return ""
    from agentcore_cli.ui.tables import moment, table

    heads = ("called", "took", "sent", "received", "outcome")
    rows = [(moment(t.at), f"{t.seconds:.2f}s", f"{t.sent:,} B", f"{t.received:,} B", t.outcome) for t in turns]
    kept = [f"\n> {_text(t.request)}\n{_text(t.answer)}" for t in turns if t.request is not None]
    return "\n\n" + table(heads, rows) + "\n".join(["", *kept] if kept else [])


def _text(payload: bytes | None) -> str:
    from agentcore_cli.ui.terminal import printable

    return printable((payload or b"").decode(errors="replace"))


@app.command()
def stop(
    ctx: typer.Context,
    session: Annotated[str | None, typer.Argument(help="A name or an id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every session of the agent.")] = False,
    bearer_token: Annotated[
        str | None, typer.Option(metavar="T|-|@FILE", help="For an agent that takes tokens, as with invoke.")
    ] = None,
) -> None:
    """Stop one session, or all: its memory and files are gone, but for its storage, and its name starts afresh."""
    from agentcore_cli.operations.invoke.bearer import read_bearer
    from agentcore_cli.operations.sessions.sessions import stop_sessions

    if everything == (session is not None):
        raise InputError("sessions stop: which one?", hint="give a session's name or id, or --all")
    said = Globals.of(ctx)
    result = stop_sessions(said.select(), session, bearer=read_bearer(bearer_token))
    said.output().result(result, "\n".join(f"stopped {name}" for name in result.names))


def _level(session: SessionRecord) -> str | None:
    return f"{session.sandbox} ({session.sandbox_reason})" if session.sandbox_reason else session.sandbox
