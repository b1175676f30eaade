"""What is under way behind CREATING, UPDATING and DELETING: each kind knows what to do and what to write after it.

All of it can be found again in the tables, so a restart goes on where the last process ended, kill -9 included.
`perform` may run a second time; `record` runs inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from agentcore_cli.local.control.lifecycle import ArtifactError, Lifecycle, Resolved
from agentcore_cli.local.control.records import FAILED
from agentcore_cli.local.control.settings import RuntimeSettings
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.faults import Faults


class TransitionWork(Protocol):
    """Hashable: the same work found twice is done once."""

    @property
    def runtime_id(self) -> str: ...

    async def perform(self, tables: Tables, lifecycle: Lifecycle, faults: Faults) -> None:
        """Do it. Raises ArtifactError when the artifact is at fault."""

    def record(self, tables: Tables, now: float, failure: str | None) -> None:
        """Write what came of it; `failure` is the reason, None for success."""


def under_way(tables: Tables) -> Iterator[TransitionWork]:
    """Everything that is not finished."""
    yield from (RemoveRuntime(runtime_id) for runtime_id in tables.runtimes_in_removal())
    yield from (RemoveVersion(runtime_id, number) for runtime_id, number in tables.versions_in_removal())
    for endpoint in tables.endpoints_in("CREATING", "UPDATING"):
        yield RollOut(endpoint.runtime_id, endpoint.name, endpoint.target_version)
    for endpoint in tables.endpoints_in("DELETING"):
        if not endpoint.is_default:  # DEFAULT goes with its runtime
            yield RemoveEndpoint(endpoint.runtime_id, endpoint.name)


@dataclass(frozen=True, slots=True)
class RollOut:
    """Bring a version to life and lead the endpoint to it; for DEFAULT the version itself becomes READY."""

    runtime_id: str
    endpoint: str
    version: int

    async def perform(self, tables: Tables, lifecycle: Lifecycle, faults: Faults) -> None:
        if faults.strike("create-failed"):
            raise ArtifactError("The fault create-failed was armed")
        resolved = resolve_version(tables, self.runtime_id, self.endpoint, self.version)
        if resolved is not None:
            await lifecycle.prepare(resolved)

    def record(self, tables: Tables, now: float, failure: str | None) -> None:
        endpoint = tables.endpoint(self.runtime_id, self.endpoint)
        if endpoint is None:
            return
        status = "READY" if failure is None else FAILED[endpoint.status]
        live = self.version if failure is None else endpoint.live_version
        tables.change_endpoint(
            replace(endpoint, live_version=live, status=status, failure_reason=failure, updated_at=now)
        )
        if endpoint.is_default:
            tables.move_version(self.runtime_id, self.version, status, now, reason=failure)


@dataclass(frozen=True, slots=True)
class RemoveRuntime:
    runtime_id: str

    async def perform(self, tables: Tables, lifecycle: Lifecycle, faults: Faults) -> None:
        await lifecycle.retire_runtime(self.runtime_id)

    def record(self, tables: Tables, now: float, failure: str | None) -> None:
        if failure is None:
            tables.remove_runtime(self.runtime_id)
            return
        tables.mark_removal(self.runtime_id, "DELETE_FAILED", failure)
        for endpoint in tables.endpoints(self.runtime_id):
            tables.change_endpoint(replace(endpoint, status="DELETE_FAILED", failure_reason=failure, updated_at=now))


@dataclass(frozen=True, slots=True)
class RemoveVersion:
    runtime_id: str
    number: int

    async def perform(self, tables: Tables, lifecycle: Lifecycle, faults: Faults) -> None:
        await lifecycle.retire_version(self.runtime_id, str(self.number))

    def record(self, tables: Tables, now: float, failure: str | None) -> None:
        if failure is None:
            tables.remove_version(self.runtime_id, self.number)
        else:
            tables.move_version(self.runtime_id, self.number, "DELETE_FAILED", now, reason=failure)


@dataclass(frozen=True, slots=True)
class RemoveEndpoint:
    runtime_id: str
    name: str

    async def perform(self, tables: Tables, lifecycle: Lifecycle, faults: Faults) -> None:
        await lifecycle.retire_endpoint(self.runtime_id, self.name)

    def record(self, tables: Tables, now: float, failure: str | None) -> None:
        endpoint = tables.endpoint(self.runtime_id, self.name)
        if failure is None:
            tables.remove_endpoint(self.runtime_id, self.name)
        elif endpoint is not None:
            tables.change_endpoint(replace(endpoint, status="DELETE_FAILED", failure_reason=failure, updated_at=now))


def resolve_version(tables: Tables, runtime_id: str, endpoint: str, number: int) -> Resolved | None:
    """A version as the data plane needs it, or None if it is gone."""
    runtime, version = tables.runtime(runtime_id), tables.version(runtime_id, number)
    if runtime is None or version is None:
        return None
    return Resolved(runtime.id, runtime.arn, endpoint, str(number), RuntimeSettings.of(version.body))
