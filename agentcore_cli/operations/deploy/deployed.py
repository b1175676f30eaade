"""The agent's runtime as it is now: what every verb about a deployed agent starts from."""

from __future__ import annotations

from agentcore_cli import wiring
from agentcore_cli.aws.runtimes import RuntimeDescription
from agentcore_cli.engine import Found
from agentcore_cli.errors import CredentialsError, NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.keys import RUNTIME
from agentcore_cli.operations.deploy.plan import Workplace
from agentcore_cli.resources import runtime_facts
from agentcore_cli.resources.wait_options import WaitOptions


def find_runtime(place: Workplace, listener: Listener) -> Found:
    """The runtime, by its record or by looking.

    Raises NotFoundError (4) when it is not there, with the target where the agent is, ConflictError for another's.
    """
    selected = place.selected
    try:
        there = wiring.runtime(place, wait_options=WaitOptions(), listener=listener)
        found = there.read(place.journal.recorded(RUNTIME))
    except CredentialsError:
        if selected.state.account(selected.agent_name) is None:
            wiring.deployed(selected)  # as far as is known here, nothing was deployed, so that says it
        raise
    if found and found.refusal:
        raise found.refusal
    if found is None:
        place.verify_account()  # credentials of another account see nothing, too
        arn = wiring.deployed(selected).arn
        raise NotFoundError(
            f"{selected.agent_name}: {arn} was deleted behind our back",
            hint=f"{selected.deploy_command()} makes it anew",
        )
    return found


def keep_image(place: Workplace, version: RuntimeDescription, listener: Listener) -> None:
    """See to it that the image of a version lasts which an endpoint is about to answer with.

    Raises InputError, before anything is changed, when it is gone already.
    """
    images = wiring.version_images(place, listener=listener)
    image = runtime_facts.image_of(version.settings)
    if images and image:
        images.require(image, version.version)
        images.keep(image, version.id)
