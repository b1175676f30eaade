"""The versions of an agent's runtime."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.events import Listener
from agentcore_cli.operations.deploy.deployed import find_runtime
from agentcore_cli.operations.deploy.plan import visit
from agentcore_cli.operations.selection import Selected


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """`created_at` is ISO 8601; `endpoints` are those that answer with it."""

    version: str
    status: str
    created_at: str
    description: str | None
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionsResult:
    agent: str
    target: str
    versions: tuple[ListedVersion, ...]


def versions(selected: Selected, listener: Listener) -> VersionsResult:
    """All versions, newest first. Raises NotFoundError (4) when nothing is deployed."""
    with visit(selected) as place:
        there = find_runtime(place, listener)
        listed = list_versions(place.client, there.outputs["id"])
    return VersionsResult(selected.agent_name, selected.target_name, listed)


def list_versions(client: RuntimeControl, runtime_id: str) -> tuple[ListedVersion, ...]:
    """All versions of a runtime, newest first, with the endpoints that lead to each."""
    live: dict[str | None, list[str]] = {}
    for endpoint in client.endpoints(runtime_id):
        live.setdefault(endpoint.live_version, []).append(endpoint.name)
    return tuple(
        ListedVersion(v.version, v.status, v.created_at, v.description, tuple(live.get(v.version, ())))
        for v in client.versions(runtime_id)
    )
