"""The agent's runtime as it is now: what every verb about a deployed agent starts from."""

from __future__ import annotations

from agentcore_cli import wiring
from agentcore_cli.engine import Found
from agentcore_cli.errors import NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.operations.plan import Workplace
from agentcore_cli.resources.patience import Patience
from agentcore_cli.state import RUNTIME


def find_runtime(place: Workplace, listener: Listener, patience: Patience | None = None) -> Found:
    """The runtime, by its record or by looking.

    Raises NotFoundError (4) when it is not there, with the target where the agent is, ConflictError for another's.
    """
    selected = place.selected
    resource = wiring.runtime(
        selected, place.session, account=place.account.number, patience=patience or Patience(), listener=listener
    )
    found = resource.read(place.journal.recorded(RUNTIME))
    if found and found.refusal:
        raise found.refusal
    if found is None:
        arn = wiring.deployed(selected).arn
        raise NotFoundError(
            f"{selected.agent_name}: {arn} was deleted behind our back",
            hint=f"{selected.deploy_command()} makes it anew",
        )
    return found
