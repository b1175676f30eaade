"""The named endpoints of an agent's runtime: each leads to a version until it is moved. DEFAULT follows the newest."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli import wiring
from agentcore_cli.aws.runtimes import EndpointDescription, RuntimeControl
from agentcore_cli.contract import AGENT_NAME, DEFAULT_ENDPOINT
from agentcore_cli.errors import ConflictError, InputError, NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.operations.deploy.deployed import find_runtime, keep_image
from agentcore_cli.operations.deploy.plan import Workplace, visit, work_on
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.rollout import READY, raise_if_failed
from agentcore_cli.resources.wait_options import WaitOptions


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """`version` None is the newest on a create, and stays as it is on an update. `timeout` is in seconds."""

    name: str
    version: str | None = None
    description: str | None = None
    wait: bool = True
    timeout: float = 900.0

    @property
    def wait_options(self) -> WaitOptions:
        return WaitOptions(self.wait, self.timeout)


@dataclass(frozen=True, slots=True)
class EndpointsResult:
    agent: str
    target: str
    arn: str
    endpoints: tuple[EndpointDescription, ...]


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """What became of one endpoint; `endpoint` is None when it was deleted. `changed`: False when it was so already."""

    agent: str
    target: str
    name: str
    endpoint: EndpointDescription | None
    changed: bool


def list_endpoints(selected: Selected, listener: Listener) -> EndpointsResult:
    """All endpoints, DEFAULT first. Raises NotFoundError (4) when nothing is deployed."""
    with visit(selected) as place:
        found = find_runtime(place, listener)
        there = place.client.endpoints(found.outputs["id"])
    there.sort(key=lambda endpoint: (endpoint.name != DEFAULT_ENDPOINT, endpoint.name))
    return EndpointsResult(selected.agent_name, selected.target_name, found.outputs["arn"], tuple(there))


def create_endpoint(request: EndpointRequest, selected: Selected, listener: Listener) -> EndpointResult:
    """Make an endpoint and wait until it answers.

    Raises InputError (2) for a name that AgentCore does not take, ConflictError for one that is taken, NotFoundError
    (4) for a version that is not there, InputError for one whose image is gone.
    """
    _check_name(request.name)
    with work_on(selected, "endpoints create", listener) as place:
        found = find_runtime(place, listener)
        place.verify_account()
        runtime_id = found.outputs["id"]
        _keep_image(place, runtime_id, request.version, listener)
        try:
            tags = {**selected.agent.tags, **wiring.owner(selected).tags}
            place.client.create_endpoint(runtime_id, request.name, request.version, request.description, tags)
        except ConflictError as error:
            error.hint = error.hint or selected.command(f"endpoints update {request.name} --version N")
            raise
        made = _answering(place.client, runtime_id, request.name, request.version, request.wait_options)
    return EndpointResult(selected.agent_name, selected.target_name, request.name, made, changed=True)


def update_endpoint(request: EndpointRequest, selected: Selected, listener: Listener) -> EndpointResult:
    """Move an endpoint to another version, and wait until it answers with that.

    Raises NotFoundError (4), InputError (2) for a version whose image is gone.
    """
    _check_name(request.name)
    with work_on(selected, "endpoints update", listener) as place:
        runtime_id = find_runtime(place, listener).outputs["id"]
        place.verify_account()
        there = place.client.endpoint(runtime_id, request.name)
        if there is None:
            raise NotFoundError(f"endpoint {request.name}: not there", hint=selected.command("endpoints list"))
        if request.description is None and (request.version is None or leads_to(there, request.version)):
            return EndpointResult(selected.agent_name, selected.target_name, request.name, there, changed=False)
        if request.version:
            _keep_image(place, runtime_id, request.version, listener)
        moved = move_endpoint(
            place.client,
            runtime_id,
            request.name,
            request.version,
            request.wait_options,
            description=request.description,
        )
    return EndpointResult(selected.agent_name, selected.target_name, request.name, moved, changed=True)


def delete_endpoint(request: EndpointRequest, selected: Selected, listener: Listener) -> EndpointResult:
    """Delete an endpoint with its sessions, and wait until it is gone. Raises NotFoundError (4)."""
    _check_name(request.name)
    with work_on(selected, "endpoints delete", listener) as place:
        runtime_id = find_runtime(place, listener).outputs["id"]
        place.verify_account()
        if place.client.endpoint(runtime_id, request.name) is None:
            raise NotFoundError(f"endpoint {request.name}: not there", hint=selected.command("endpoints list"))
        place.client.delete_endpoint(runtime_id, request.name)

        def is_gone() -> bool:
            left = place.client.endpoint(runtime_id, request.name)
            if left and left.status == "DELETE_FAILED":
                raise_if_failed(f"endpoint {request.name}", left)
            return left is None

        if request.wait:
            request.wait_options.until(is_gone, f"endpoint {request.name}", "it is gone")
    return EndpointResult(selected.agent_name, selected.target_name, request.name, None, changed=True)


def _keep_image(place: Workplace, runtime_id: str, version: str | None, listener: Listener) -> None:
    """Of a version that is not there AgentCore says so."""
    if there := place.client.get(runtime_id, version):
        keep_image(place, there, listener)


def leads_to(endpoint: EndpointDescription, version: str) -> bool:
    """Whether it answers with `version` and is not on its way to another, nor has failed to get there."""
    return version == endpoint.live_version == (endpoint.target_version or version)


def move_endpoint(
    client: RuntimeControl,
    runtime_id: str,
    name: str,
    version: str | None,
    wait_options: WaitOptions,
    *,
    description: str | None = None,
) -> EndpointDescription:
    """Let a named endpoint lead to `version`, and wait until it does."""
    client.update_endpoint(runtime_id, name, version, description)
    return _answering(client, runtime_id, name, version, wait_options)


def _answering(
    client: RuntimeControl, runtime_id: str, name: str, version: str | None, wait_options: WaitOptions
) -> EndpointDescription:
    """The endpoint when it answers with its version; at once with --no-wait."""
    seen: list[EndpointDescription] = []

    def answers() -> bool:
        there = client.endpoint(runtime_id, name)
        if there is None:
            raise NotFoundError(f"endpoint {name}: deleted by somebody else meanwhile")
        raise_if_failed(f"endpoint {name}", there)
        seen[:] = [there]
        return there.status == READY and there.live_version == (version or there.live_version)

    what = f"it answers with version {version}" if version else "it answers"
    if wait_options.wait:
        wait_options.until(answers, f"endpoint {name}", what)
    else:
        answers()
    return seen[0]


def _check_name(name: str) -> None:
    if name == DEFAULT_ENDPOINT:
        raise InputError(f"{name}: follows the newest version and goes with the runtime", hint="deploy, or rollback")
    if not AGENT_NAME.fullmatch(name):
        raise InputError(f"endpoint {name!r}: a letter, then letters, digits and _, at most 48 characters")
