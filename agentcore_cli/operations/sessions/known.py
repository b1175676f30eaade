"""What the project's ledger says of sessions: which was the last, and that one was ended."""

from __future__ import annotations

from agentcore_cli.errors import NotFoundError
from agentcore_cli.operations.destination import Destination


def last_session(destination: Destination) -> str:
    """The name of the session that this project talked to last. Raises NotFoundError when there is none."""
    from agentcore_cli.ledger import Ledger

    selected = destination.selected
    assert selected is not None, "what is known by its ARN alone has no project"
    known = Ledger(selected.loaded.root).sessions(destination.arn)
    known = [entry for entry in known if entry.endpoint == destination.endpoint]
    if not known:
        raise NotFoundError(
            f"--continue: {selected.agent_name} has no session yet on {selected.target_name}",
            hint=f"{destination.command('invoke')} starts one",
        )
    if known[0].stopped:
        raise NotFoundError(
            f"--continue: the last session, {known[0].name}, was stopped",
            hint=f"{destination.command('invoke')} starts a new one",
        )
    return known[0].name


def note_stopped(destination: Destination, session_id: str) -> None:
    """Write down that a session was ended by us; what is gone is gone, whether that can be done or not."""
    if destination.selected is None:
        return
    from agentcore_cli.ledger import Ledger, LedgerError, LedgerKey

    try:
        Ledger(destination.selected.loaded.root).stopped(LedgerKey(destination.arn, destination.endpoint, session_id))
    except LedgerError:
        return
