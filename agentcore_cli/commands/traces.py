"""`agentcore traces`: list, show, enable."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import command_group
from agentcore_cli.errors import INTERRUPTED, InputError, Interrupted

if TYPE_CHECKING:
    from agentcore_cli.local.protocol import TracePage, TraceRecord
    from agentcore_cli.operations.selection import Selected
    from agentcore_cli.operations.traces.traces import TracesRequest
    from agentcore_cli.operations.traces.tree import TraceTree
    from agentcore_cli.ui import Output

app = command_group("See what calls did: models, tools, tokens, times.")

_Session = Annotated[str | None, typer.Option("--session-id", "-s", metavar="NAME", help="One session only.")]
_Qualifier = Annotated[str | None, typer.Option(metavar="E", help="The endpoint.")]
_Since = Annotated[str | None, typer.Option(metavar="SPAN", help="Not older than this: 10m.")]
_Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones until Ctrl-C.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    session: _Session = None,
    qualifier: _Qualifier = None,
    since: _Since = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest N.")] = 20,
    follow: _Follow = False,
) -> None:
    """List the agent's traces, the newest first: one for each call."""
    from agentcore_cli.operations.traces.traces import list_traces

    said = Globals.of(ctx)
    out, selected = said.output(), said.select()
    request = _request(session, qualifier, since, limit)
    page = list_traces(request, selected)
    if not follow:
        out.result(page, _table(page) if page.traces else "")
        _footnote(page, selected, out)
        return
    _follow(page, request, selected, out, lambda each: out.piece(_line(each) + "\n"))


@app.command()
def show(
    ctx: typer.Context,
    trace: Annotated[str | None, typer.Argument(help="A trace's id, or how it begins.")] = None,
    last: Annotated[bool, typer.Option("--last", help="The newest.")] = False,
    session: _Session = None,
    qualifier: _Qualifier = None,
    full: Annotated[bool, typer.Option("--full", help="All that was said, whole.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="A line of JSON for each span.")] = False,
    follow: _Follow = False,
) -> None:
    """Show a trace as a tree of spans; with --json as OTLP, which other tools read."""
    from agentcore_cli.operations.traces.traces import find_trace, list_traces

    said = Globals.of(ctx)
    out = said.output()
    _check_form(trace, last=last, jsonl=jsonl, follow=follow, json=out.json)
    selected, request = said.select(), _request(session, qualifier, None, 1)
    if not follow:
        _show(find_trace(trace, request, selected), selected, out, full=full, jsonl=jsonl, endpoint=qualifier)
        return
    page = list_traces(request, selected)
    _follow(page, request, selected, out, lambda each: _show(each.trace_id, selected, out, full=full, jsonl=jsonl))


@app.command()
def enable(ctx: typer.Context, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Switch CloudWatch's Transaction Search on, which traces on AWS need.

    It is a setting of the whole account in a region, and CloudWatch bills the spans that it keeps.
    """
    from agentcore_cli.operations.traces import transaction_search

    said = Globals.of(ctx)
    out, selected = said.output(), said.select()
    state = transaction_search.look(selected)
    about = (
        "Transaction Search is a setting of the whole account in this region: X-Ray sends all its spans, not this "
        "agent's alone, to CloudWatch Logs, which bills them"
    )
    if not state.is_on and not yes and not out.confirm(about, "Switch it on?"):
        raise Interrupted("nothing was changed: the answer was no")
    done = transaction_search.enable(selected)
    human = "\n".join(f"changed: {each}" for each in done.changed)
    out.result(done, human or f"Transaction Search is on in {done.region}: nothing to change")
    if done.changed and not out.json:
        out.note("new spans are there within ten minutes")


def _check_form(trace: str | None, *, last: bool, jsonl: bool, follow: bool, json: bool) -> None:
    if jsonl and json:
        raise InputError("--jsonl and --json: choose one of them")
    if (trace is not None) and (last or follow):
        raise InputError(f"TRACE and {'--last' if last else '--follow'}: choose one of them")
    if trace is None and not (last or follow):
        raise InputError("traces show: which one?", hint="give a trace's id, or --last")


def _request(session: str | None, qualifier: str | None, since: str | None, limit: int) -> TracesRequest:
    from agentcore_cli.operations.logs import durations
    from agentcore_cli.operations.traces.traces import TracesRequest

    span = None if since is None else durations.seconds(since, option="--since")
    return TracesRequest(session, qualifier, span, limit)


def _follow(page: TracePage, request: TracesRequest, selected: Selected, out: Output, tell: Any) -> None:
    """What is there, oldest first, then what comes, until Ctrl-C."""
    from agentcore_cli.operations.traces.following import follow

    count, newest = 0, max((each.number for each in page.traces), default=0)
    try:
        for each in chain(reversed(page.traces), follow(request, selected, after=newest)):
            tell(each) if not out.json else out.event("trace", each)
            count += 1
    except KeyboardInterrupt:
        pass
    if out.json:
        out.result({"traces": count}, last_of_stream=True)
    raise typer.Exit(INTERRUPTED)


def _show(
    trace_id: str, selected: Selected, out: Output, *, full: bool, jsonl: bool, endpoint: str | None = None
) -> None:
    from agentcore_cli.operations.traces.traces import show_trace
    from agentcore_cli.operations.traces.tree import flat, tree

    whole = show_trace(trace_id, selected, endpoint)
    if out.json:
        import msgspec

        out.result(msgspec.to_builtins(whole.trace))
        return
    found = tree(trace_id, whole)
    if jsonl:
        for node in found.nodes:
            out.event("span", flat(node))
        return
    out.piece(painted(found, sys.stdout, full=full) + "\n", trusted=True)


def painted(found: TraceTree, stream: TextIO, *, full: bool = False) -> str:
    """The whole in one line, then the tree."""
    from agentcore_cli.ui.tables import moment
    from agentcore_cli.ui.traces import paint, seconds

    models = [node.facts for node in found.nodes if node.facts.work == "model"]
    tokens_in, tokens_out = sum(it.input_tokens for it in models), sum(it.output_tokens for it in models)
    parts = [
        moment(found.start / 1_000_000_000),
        seconds((found.end - found.start) / 1_000_000_000),
        _counted(len(found.nodes), "span"),
        *([f"{tokens_in:,} tokens in, {tokens_out:,} out"] if tokens_in or tokens_out else []),
        *([f"{_counted(found.dropped, 'span')} dropped"] if found.dropped else []),
    ]
    return f"trace {found.trace_id}  {'  '.join(parts)}\n{paint(found.roots, stream, full=full)}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _table(page: TracePage) -> str:
    from agentcore_cli.ui.tables import ago, table

    rows = [(each.trace_id, *_cells(each), ago(each.started_at, page.now)) for each in page.traces]
    return table(("trace", "session", "took", "spans", "models", "tokens", "tools", "errors", "began"), rows)


def _cells(each: TraceRecord) -> tuple[object, ...]:
    from agentcore_cli.names import name_of_session
    from agentcore_cli.ui.traces import seconds

    tokens = f"{each.input_tokens:,} -> {each.output_tokens:,}" if each.input_tokens or each.output_tokens else ""
    counts = (", ".join(each.models), tokens, each.tools or "", each.errors or "")
    return (name_of_session(each.session_id), seconds(each.seconds), each.spans, *counts)


def _line(each: TraceRecord) -> str:
    from agentcore_cli.ui.tables import moment

    cells = (moment(each.started_at), each.trace_id, *_cells(each)[:3], *filter(None, _cells(each)[3:]))
    return "  ".join(map(str, cells)) + ("  failed" if each.errors else "")


def _footnote(page: TracePage, selected: Selected, out: Output) -> None:
    if out.json:
        return
    for reason, count in page.lost.items():
        out.warning(f"{count:,} {reason}")
    if dropped := sum(each.dropped for each in page.traces):
        out.warning(f"{_counted(dropped, 'span')} had no room in their traces")
    if page.traces:
        out.note(f"{selected.command('traces show')} {page.traces[0].trace_id[:8]} shows one")
    else:
        out.note("there is no trace yet: each call makes one")
