"""`agentcore dev`: the agent follows what is saved, in one window with a conversation and its logs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import INTERRUPTED, InputError

if TYPE_CHECKING:
    from agentcore_cli.commands.dev_window import DevWindow
    from agentcore_cli.operations.dev.development import Development
    from agentcore_cli.operations.dev.reloads import Reloads
    from agentcore_cli.operations.selection import Options

_KEYS: Final = frozenset("rq")


def dev(
    ctx: typer.Context,
    agents: Annotated[
        list[str] | None, typer.Argument(metavar="[AGENT]...", help="Without one, all of the project.")
    ] = None,
    no_chat: Annotated[bool, typer.Option("--no-chat", help="The logs alone; r restarts, q leaves.")] = False,
    replay: Annotated[bool, typer.Option("--replay", help="After each save say again what was said.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page to see sessions, too.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the agents deployed in the end.")] = False,
    debug: Annotated[
        int | None,
        typer.Option("--debug", metavar="PORT", min=1024, max=65535, help="Sessions wait there for an editor."),
    ] = None,
) -> None:
    """Talk with the agent while you write it: what is saved is what new sessions run.

    Deploys to the local runtime and watches the project. Living sessions keep their version and what they remember.
    In the end what was deployed here is removed again.
    """
    from agentcore_cli.commands.dev_window import DevWindow
    from agentcore_cli.operations.dev.development import Development

    said = Globals.of(ctx)
    out = said.output()
    if no_chat and replay:
        raise InputError("--no-chat and --replay: choose one of them")
    if said.target not in (None, "local"):
        raise InputError(f"dev --target {said.target}: it is for the local runtime", hint="leave --target out")
    window = DevWindow(out, chats=not no_chat, debug=debug)
    chosen = _chosen(said.options(), agents or [], window)
    window.names_agents = len(chosen) > 1
    development = Development(chosen, window.tell, window.hear, keep=keep)
    code = _run(development, window, replays=replay, opens_page=open_page)
    out.result({"agents": [{"agent": a.agent, "version": a.version} for a in chosen]}, last_of_stream=True)
    if code:
        raise typer.Exit(code)


def _run(development: Development, window: DevWindow, *, replays: bool, opens_page: bool) -> int:
    with _ended_by_signals():
        try:
            _begin(development, window, opens_page=opens_page)
            return _converse(development, window, replays=replays) if window.chats else _follow(development, window)
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            _end(development, window)


def _begin(development: Development, window: DevWindow, *, opens_page: bool) -> None:
    with window.out.progress(json_events=True) as listener:
        window.listener = listener
        refused = development.begin()
    window.listener = None
    for told in refused:
        window.hear(told)
    window.tell_of_debugging()
    if opens_page:
        from agentcore_cli.local.home import Home
        from agentcore_cli.operations.page.opening import open_page

        window.show_page(open_page(Home.default(), browse=True))


def _chosen(options: Options, names: list[str], window: DevWindow) -> list[Reloads]:
    """The agents that were named, else all of the project: first the one that commands are about without a name.

    A debugger is for one: without a name, for that.
    """
    from msgspec.structs import replace

    from agentcore_cli.config import choose_agent, find, is_meant_unnamed, load
    from agentcore_cli.operations.dev.reloads import Reloads

    local = replace(options, target="local")
    if not names and options.agent is not None:
        names = [options.agent]
    if not names:
        config = load(find(options.config, Path.cwd())).config
        first = choose_agent(config, None)[0] if window.debug is not None else None
        names = [first] if first else sorted(config.agents, key=lambda name: not is_meant_unnamed(config, name))
    if window.debug is not None and len(set(names)) > 1:
        raise InputError(f"dev --debug: one agent waits at a port, and these are {len(set(names))}", hint="name one")
    return [Reloads(replace(local, agent=name), window.tell, window.debug) for name in dict.fromkeys(names)]


def _converse(development: Development, window: DevWindow, *, replays: bool) -> int:
    from agentcore_cli.commands.dev_conversation import DevConversation
    from agentcore_cli.operations import destination
    from agentcore_cli.operations.invoke.chat import Chat, history_file
    from agentcore_cli.ui.conversation import lines

    agents = {agent.agent: agent for agent in development.agents}
    first = next(agent for agent in development.agents if agent.serving)
    talk = Chat(destination.of(first.selected, None))
    talk.check()
    talks = {first.agent: talk}
    conversation = DevConversation(talk, window.out, window=window, agents=agents, talks=talks, replays=replays)
    window.conversation = conversation
    return conversation.hold(lines(history_file(talk.destination), keeps_below=True))


def _follow(development: Development, window: DevWindow) -> int:
    """Logs, until somebody ends it; on a terminal by a key."""
    from agentcore_cli.ui.keyboard import keys, wait_for_signal

    if not sys.stdin.isatty():
        while True:
            wait_for_signal()
    with keys() as pressed:
        window.note("r restarts, q leaves")
        while typed := pressed():
            if not _KEYS.issuperset(typed):  # an arrow, or what was pasted
                continue
            if "q" in typed:
                break
            development.restart()
    return 0


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal end it as it ends by itself."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(development: Development, window: DevWindow) -> None:
    window.close()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    development.end()
