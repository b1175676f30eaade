"""`agentcore memory`: create, list, show, actors, sessions, events, search, export, import, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import command_group
from agentcore_cli.commands.waiting import NoWait, Result, Timeout, perform

if TYPE_CHECKING:
    from agentcore_cli.aws.memories import MemoryDescription
    from agentcore_cli.events import Listener
    from agentcore_cli.operations.memories.manage import ShownMemory
    from agentcore_cli.operations.selection import Selected

MemoryArgument = Annotated[str, typer.Argument(metavar="MEMORY", help="A memory's name or id.")]
_RETRIEVALS: Final = {
    "bm25": "by words (BM25), this machine's own",
    "embeddings": "by meaning (a small model on this machine)",
}

app = command_group("Make, read, search, move and delete AgentCore memories.")


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Letters, digits and _, at most 48.")],
    expiry_days: Annotated[int, typer.Option(metavar="N", help="How long an event is kept.")] = 90,
    strategy: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND[:NAME]", help="semantic, summary, user_preference or episodic; may be repeated."),
    ] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="Shown by AWS beside it.")] = None,
    no_wait: NoWait = False,
    timeout: Timeout = 900,
) -> None:
    """Make a memory, and print its id. One that an agent's config names is made by deploy."""
    from agentcore_cli.operations.memories.manage import CreateRequest
    from agentcore_cli.operations.memories.manage import create as run

    request = CreateRequest(name, expiry_days, tuple(strategy or ()), description, not no_wait, timeout)
    made = _run(ctx, lambda selected, listener: run(request, selected, listener))
    said = Globals.of(ctx)
    said.output().result(made, made.memory.id)
    if not said.json:
        said.output().note(f"next: write `memory: {made.memory.id}` into the config for an agent to use it")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the memories of the account in the region, or of the local runtime."""
    from agentcore_cli.operations.memories.manage import list_memories
    from agentcore_cli.ui.tables import instant, table

    found = _run(ctx, lambda selected, listener: list_memories(selected))
    rows = [(m.id, m.status, instant(m.created_at), "this agent's" if m.own else "") for m in found.memories]
    out = Globals.of(ctx).output()
    out.result(found, table(("memory", "status", "created", "use"), rows) if rows else "")
    if not rows and not out.json:
        out.note("there is none; agentcore memory create NAME makes one")


@app.command()
def show(ctx: typer.Context, memory: MemoryArgument) -> None:
    """Show a memory: its strategies, their namespaces, and how much is in it."""
    from agentcore_cli.operations.memories.manage import show as run

    found = _run(ctx, lambda selected, listener: run(memory, selected))
    Globals.of(ctx).output().result(found, _shown(found))


@app.command()
def actors(ctx: typer.Context, memory: MemoryArgument) -> None:
    """List who has said something."""
    from agentcore_cli.operations.memories.contents import actors as run
    from agentcore_cli.ui.terminal import printable

    found = _run(ctx, lambda selected, listener: run(memory, selected))
    Globals.of(ctx).output().result(found, "\n".join(printable(actor) for actor in found.actors))


@app.command()
def sessions(
    ctx: typer.Context,
    memory: MemoryArgument,
    actor: Annotated[str | None, typer.Option(metavar="A", help="Of this actor only.")] = None,
) -> None:
    """List the sessions in which something was said, the newest first."""
    from agentcore_cli.operations.memories.contents import sessions as run
    from agentcore_cli.ui.tables import instant, table

    found = _run(ctx, lambda selected, listener: run(memory, actor, selected))
    rows = [(session.session, session.actor, instant(session.created_at)) for session in found.sessions]
    Globals.of(ctx).output().result(found, table(("session", "actor", "created"), rows) if rows else "")


@app.command()
def events(
    ctx: typer.Context,
    memory: MemoryArgument,
    actor: Annotated[str | None, typer.Option(metavar="A", help="Whose; not needed where it is clear.")] = None,
    session: Annotated[
        str | None, typer.Option("--session", "-s", metavar="S", help="A name or an id; without it the newest.")
    ] = None,
    last: Annotated[int, typer.Option(metavar="K", min=1, help="So many events, the newest.")] = 20,
    branch: Annotated[str | None, typer.Option(metavar="B", help="A branch, and what it grew from.")] = None,
) -> None:
    """Print what was said in a session, the oldest first."""
    from agentcore_cli.commands.transcript import transcript
    from agentcore_cli.operations.memories.contents import events as run

    found = _run(
        ctx,
        lambda selected, listener: run(memory, selected, actor=actor, session=session, last=last, branch=branch),
    )
    out = Globals.of(ctx).output()
    out.result(found, transcript(found))
    if not out.json:
        earlier = "; there is more before that, --last K shows it" if found.more else ""
        out.note(f"actor {found.actor}, session {found.session}{earlier}")


@app.command()
def search(
    ctx: typer.Context,
    memory: MemoryArgument,
    query: Annotated[str, typer.Argument(help="What is looked for, in words.")],
    namespace: Annotated[str, typer.Option(metavar="PATH", help="Only records at and below this namespace.")] = "/",
    top: Annotated[int, typer.Option(metavar="K", min=1, max=100, help="So many records.")] = 10,
    strategy: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this strategy has made.")] = None,
) -> None:
    """Search the records that were drawn from what was said, the best first."""
    from agentcore_cli.operations.memories.contents import search as run
    from agentcore_cli.ui.tables import table

    found = _run(
        ctx, lambda selected, listener: run(memory, query, selected, path=namespace, top=top, strategy=strategy)
    )
    rows = [("" if r.score is None else f"{r.score:.2f}", r.text, ", ".join(r.namespaces)) for r in found.records]
    out = Globals.of(ctx).output()
    out.result(found, table(("score", "record", "namespace"), rows) if rows else "")
    if not rows and not out.json:
        out.note("nothing fits; records are made by the memory's strategies, some time after something was said")


@app.command()
def export(
    ctx: typer.Context,
    memory: MemoryArgument,
    file: Annotated[str, typer.Argument(help="JSON lines; - for stdout.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write everything that is in a memory into a file. Run again after it was broken off, it goes on."""
    from agentcore_cli.operations.memories.export import STDOUT
    from agentcore_cli.operations.memories.export import export as run

    out = Globals.of(ctx).output()
    done = _run(ctx, lambda selected, listener: run(memory, file, selected, listener, stdout=out.binary, force=force))
    if file != STDOUT:
        held = f"{_count(done.events, 'event')} of {_count(done.sessions, 'session')}, {_count(done.records, 'record')}"
        human = f"{done.file}: {held}"
        out.result(done, human)


@app.command("import")
def import_(
    ctx: typer.Context,
    memory: MemoryArgument,
    file: Annotated[str, typer.Argument(help="What export wrote.")],
    extract: Annotated[
        bool, typer.Option("--extract", help="Let this memory's strategies read the events; leave the records out.")
    ] = False,
) -> None:
    """Bring an export into a memory. Run again after it was broken off, it goes on, and nothing is in it twice."""
    from agentcore_cli.operations.memories.bring import bring

    done = _run(ctx, lambda selected, listener: bring(memory, file, selected, listener, extract=extract))
    new = f"{_count(done.events, 'event')} and {_count(done.records, 'record')} new"
    there = f"{_count(done.events_there, 'event')} and {_count(done.records_there, 'record')}"
    is_first = not (done.events_there or done.records_there)
    Globals.of(ctx).output().result(done, f"{done.memory}: {new}" + ("" if is_first else f", {there} there already"))


@app.command()
def delete(
    ctx: typer.Context,
    memory: MemoryArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    no_wait: NoWait = False,
    timeout: Timeout = 900,
) -> None:
    """Delete a memory with everything that is in it."""
    from agentcore_cli.operations.memories.manage import delete as run

    out = Globals.of(ctx).output()

    def consent(found: MemoryDescription) -> bool:
        about = f"- memory {found.id} with everything that was said to it; nobody can bring it back"
        return yes or out.confirm(about, "Delete this?")

    done = _run(
        ctx,
        lambda selected, listener: run(memory, selected, listener, consent=consent, wait=not no_wait, timeout=timeout),
    )
    out.result(done, f"{done.id}: deleted" if not no_wait else f"{done.id}: is being deleted")


def _run(ctx: typer.Context, operation: Callable[[Selected, Listener], Result]) -> Result:
    again = "the same command goes on" if ctx.info_name in ("export", "import") else None
    return perform(ctx, operation, look="memory list", again=again)


def _count(many: object, what: str) -> str:
    return f"{many} {what}{'' if str(many) == '1' else 's'}"


def _shown(found: ShownMemory) -> str:
    from agentcore_cli.ui.tables import fields, instant, table
    from agentcore_cli.ui.terminal import printable

    def many(count: int) -> str:
        return f"{count:,} or more" if count >= found.counted_max else f"{count:,}"

    memory = found.memory
    text = fields(
        [
            ("memory", memory.id),
            ("status", memory.status),
            ("failure", memory.failure),
            ("arn", memory.arn),
            ("description", found.description),
            ("events kept", f"{found.expiry_days} days"),
            ("created", instant(memory.created_at)),
            ("used by", "this agent" if memory.own else None),
            ("actors", many(found.actors)),
            ("sessions", many(found.sessions)),
            ("records", many(found.records)),
            ("records drawn", f"by {found.extraction} of the project" if found.extraction else None),
            ("not drawn from", _count(many(found.failed_extractions), "event") if found.failed_extractions else None),
            ("the last of them", printable(found.last_failure) if found.last_failure else None),
            ("search", _RETRIEVALS.get(found.retrieval, found.retrieval) if found.retrieval else None),
        ]
    )
    rows = [(s.name, s.type, ", ".join(s.namespaces), s.status, many(s.records or 0)) for s in found.strategies]
    heads = ("strategy", "type", "namespace", "status", "records")
    return text + (
        "\n\n" + table(heads, rows) if rows else "\nstrategies:  none, so that nothing is drawn into records"
    )
