"""The options by which verbs that talk to an agent choose the runtime and the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentcore_cli.commands.globals import Globals
    from agentcore_cli.operations.destination import Destination
    from agentcore_cli.ui import Output


def choose_destination(said: Globals, arn: str | None, qualifier: str | None) -> Destination:
    """`--arn`, or the agent of the config; at the endpoint of `--qualifier`."""
    from agentcore_cli.operations import destination

    if arn is not None:
        return destination.by_arn(arn, qualifier, said.options())
    return destination.of(said.select(), qualifier)


def choose_session(name: str | None, again: bool, destination: Destination) -> str:
    """`--session-id`, the last one for `--continue`, else a new one."""
    from agentcore_cli.names import new_session_id
    from agentcore_cli.operations.sessions.known import last_session

    if again:
        return last_session(destination)
    return new_session_id() if name is None else name


@contextmanager
def told_while_starting(destination: Destination, session: str, out: Output) -> Iterator[None]:
    """Say what a local session, that a call may have started, does before it serves; on AWS nobody tells."""
    if not destination.is_local:
        yield
        return
    from agentcore_cli import names
    from agentcore_cli.operations.invoke import starting

    session_id = names.session_id(session, destination.arn, destination.endpoint)
    with starting.told_while_starting(destination.arn, out.hear, session_id=session_id):
        yield
