"""What is deployed, how it is, and what differs from the config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentcore_cli import wiring
from agentcore_cli.aws.runtimes import EndpointDescription, RuntimeDescription
from agentcore_cli.engine import Change
from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import Listener
from agentcore_cli.operations.deploy.deployed import find_runtime
from agentcore_cli.operations.deploy.local_network import NetworkOfSessions, session_network
from agentcore_cli.operations.deploy.plan import Workplace, make_plan, visit
from agentcore_cli.operations.deploy.versions import ListedVersion, list_versions
from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.sessions.sessions import ALIVE
from agentcore_cli.resources.deployment import Overrides
from agentcore_cli.resources.wait_options import WaitOptions

_FAILED: Final = "_FAILED"


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`failure` is the reason of a *_FAILED state, None while all is well; `artifact` is what the newest version runs.

    `drift` is what a deploy would change; when that can't be told, `drift_unknown` says why. `sessions` counts those
    that are alive, None where the service keeps no list. `network` is that of local sessions of code, else None.
    """

    agent: str
    target: str
    project: str
    config: str
    entrypoint: str
    arn: str
    runtime_id: str
    version: str
    status: str
    failure: str | None
    artifact: str
    endpoints: tuple[EndpointDescription, ...]
    versions: tuple[ListedVersion, ...]
    sessions: int | None
    network: NetworkOfSessions | None
    drift: tuple[Change, ...]
    drift_unknown: str | None


def status(selected: Selected, listener: Listener) -> StatusResult:
    """Look at the target. Raises NotFoundError (4) when nothing is deployed, ConflictError for what is not ours."""
    with visit(selected) as place:
        runtime, artifact = _runtime(place, listener)
        endpoints = place.client.endpoints(runtime.id)
        drift, drift_unknown = _drift(place, listener)
        variables = runtime.settings.get("environmentVariables", {})
        return StatusResult(
            agent=selected.agent_name,
            target=selected.target_name,
            project=selected.loaded.config.project,
            config=str(selected.loaded.path),
            entrypoint=selected.agent.entrypoint,
            arn=runtime.arn,
            runtime_id=runtime.id,
            version=runtime.version,
            status=runtime.status,
            failure=_failure(place, runtime, endpoints),
            artifact=artifact,
            endpoints=tuple(endpoints),
            versions=list_versions(place.client, runtime.id),
            sessions=_living_sessions(selected, runtime.arn),
            network=None if "/" in artifact else session_network(selected, variables),
            drift=drift,
            drift_unknown=drift_unknown,
        )


def _runtime(place: Workplace, listener: Listener) -> tuple[RuntimeDescription, str]:
    """The runtime, and the artifact that it runs."""
    found = find_runtime(place, listener)
    runtime = place.client.get(found.outputs["id"])
    if runtime is None:
        raise NotFoundError(f"{found.name}: deleted meanwhile", hint=place.selected.deploy_command())
    return runtime, found.outputs["artifact"]


def _drift(place: Workplace, listener: Listener) -> tuple[tuple[Change, ...], str | None]:
    try:
        return make_plan(place, Overrides(), WaitOptions(), listener).pending, None
    except AgentcoreError as error:
        return (), error.message


def _failure(place: Workplace, runtime: RuntimeDescription, endpoints: Sequence[EndpointDescription]) -> str | None:
    """Why the first one that failed did so. The list of endpoints gives no reasons: that one is asked for its own."""
    if runtime.status.endswith(_FAILED):
        return _told("runtime", runtime)
    failed = next((endpoint for endpoint in endpoints if endpoint.status.endswith(_FAILED)), None)
    if failed is None:
        return None
    return _told(f"endpoint {failed.name}", place.client.endpoint(runtime.id, failed.name) or failed)


def _told(what: str, it: RuntimeDescription | EndpointDescription) -> str:
    return f"{what}: {it.status}: {it.failure or 'the service gives no reason'}"


def _living_sessions(selected: Selected, arn: str) -> int | None:
    if not selected.is_local:
        return None
    page = wiring.local_runtime().sessions(arn)
    return sum(session.state in ALIVE for session in page.sessions)
