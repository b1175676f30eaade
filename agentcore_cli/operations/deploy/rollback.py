"""Go back to an earlier version: DEFAULT by an update back to its artifact and settings, a named endpoint by a move."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli import wiring
from agentcore_cli.aws.runtimes import RuntimeControl, RuntimeDescription
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.engine import Found, apply, plan_deploy
from agentcore_cli.errors import InputError, NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.operations.deploy.deployed import find_runtime, keep_image
from agentcore_cli.operations.deploy.endpoints import leads_to, move_endpoint
from agentcore_cli.operations.deploy.plan import Workplace, work_on
from agentcore_cli.operations.deploy.smoke import told_what_goes_on
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.earlier_version import EarlierVersion
from agentcore_cli.resources.rollout import READY
from agentcore_cli.resources.runtime import ROLLED_BACK_TO
from agentcore_cli.resources.wait_options import WaitOptions


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """`to` is a version, None the one before that which the endpoint answers with. `timeout` is in seconds."""

    to: str | None = None
    endpoint: str = DEFAULT_ENDPOINT
    wait: bool = True
    timeout: float = 900.0


@dataclass(frozen=True, slots=True)
class RollbackResult:
    """`endpoint` answers with `version` now, which is like `rolled_back_to`; before it was `previous`.

    On a named endpoint `version` is `rolled_back_to`. `changed`: False when it was so already.
    """

    agent: str
    target: str
    arn: str
    endpoint: str
    version: str
    rolled_back_to: str
    previous: str
    changed: bool


def rollback(request: RollbackRequest, selected: Selected, listener: Listener) -> RollbackResult:
    """Go back and wait until the endpoint answers with that version.

    Raises NotFoundError (4) for an agent, endpoint or version that is not there, InputError (2) when there is none to
    go back to, or its image is gone, ConflictError for what is not ours, StillInProgressError (7).
    """
    with work_on(selected, "rollback", listener, must_start="ends" if request.wait else "") as place:
        return go_back(request, place, listener)


def go_back(request: RollbackRequest, place: Workplace, listener: Listener) -> RollbackResult:
    """As `rollback`, for who works on the target already."""
    wait_options = WaitOptions(request.wait, request.timeout)
    found = find_runtime(place, listener)
    place.verify_account()
    if request.endpoint == DEFAULT_ENDPOINT:
        return _default(request, place, found, wait_options, listener)
    return _named(request, place, found, wait_options, listener)


def _default(
    request: RollbackRequest, place: Workplace, found: Found, wait_options: WaitOptions, listener: Listener
) -> RollbackResult:
    previous: str = found.outputs["version"]
    # a version that a rollback made counts as the one that it was made from, or two rollbacks would undo each other
    wanted = _wanted(request, place, found.outputs["id"], found.outputs.get(ROLLED_BACK_TO, previous))
    keep_image(place, wanted, listener)
    resource = EarlierVersion(wiring.runtime(place, wait_options=wait_options, listener=listener), wanted)
    plan = plan_deploy([resource], place.journal)
    with told_what_goes_on(place):
        outcome = apply(plan, place.journal, listener)
    runtime = outcome.outputs[resource.key]
    return RollbackResult(
        agent=place.selected.agent_name,
        target=place.selected.target_name,
        arn=runtime["arn"],
        endpoint=DEFAULT_ENDPOINT,
        version=runtime["version"],
        rolled_back_to=wanted.version,
        previous=previous,
        changed=runtime["version"] != previous,
    )


def _named(
    request: RollbackRequest, place: Workplace, found: Found, wait_options: WaitOptions, listener: Listener
) -> RollbackResult:
    runtime_id = found.outputs["id"]
    endpoint = place.client.endpoint(runtime_id, request.endpoint)
    if endpoint is None:
        hint = place.selected.command("endpoints list")
        raise NotFoundError(f"endpoint {request.endpoint}: not there", hint=hint)
    previous = endpoint.live_version or endpoint.target_version or ""
    wanted = _wanted(request, place, runtime_id, previous)
    is_moved = not leads_to(endpoint, wanted.version)
    if is_moved:
        keep_image(place, wanted, listener)
        move_endpoint(place.client, runtime_id, request.endpoint, wanted.version, wait_options)
    return RollbackResult(
        agent=place.selected.agent_name,
        target=place.selected.target_name,
        arn=found.outputs["arn"],
        endpoint=request.endpoint,
        version=wanted.version,
        rolled_back_to=wanted.version,
        previous=previous,
        changed=is_moved,
    )


def _wanted(request: RollbackRequest, place: Workplace, runtime_id: str, current: str) -> RuntimeDescription:
    """The version to go back to. The list is asked only when none was named."""
    there = place.selected.command("versions")
    chosen = request.to or _before(place.client, runtime_id, current)
    if chosen is None:
        raise InputError(f"nothing to go back to: there is no version before {current}", hint=there)
    version = place.client.get(runtime_id, chosen)
    if version is None:
        raise NotFoundError(f"version {chosen}: not there", hint=there)
    if version.status != READY:
        raise InputError(f"version {chosen}: is {version.status}", hint=f"{there}; --to N")
    return version


def _before(client: RuntimeControl, runtime_id: str, current: str) -> str | None:
    """The newest version below `current` that came to be READY."""
    earlier = (v.version for v in client.versions(runtime_id) if v.status == READY and int(v.version) < int(current))
    return next(earlier, None)
