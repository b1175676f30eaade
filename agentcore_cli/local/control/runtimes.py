"""The operations on runtimes and their versions.

A version is immutable: an update is a full PUT that makes the next one from what the request holds and nothing else,
and DEFAULT moves to it. Every change is answered at once; `transitions` does the work that moves it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from agentcore_cli.contract import DEFAULT_ENDPOINT, LOCAL_ACCOUNT, Arn
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import answers, artifacts
from agentcore_cli.local.control.lifecycle import Resolved
from agentcore_cli.local.control.paging import listing
from agentcore_cli.local.control.records import MOVING, EndpointRecord, RuntimeRecord, Status, VersionRecord, new_id
from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.control.settings import MUST_START, RuntimeSettings, effective_lifecycle
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.tags import Tags
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.wire import ServiceFault

RUNTIMES_MAX: Final = 1000  # per account and region (bedrock-agentcore-limits)
VERSIONS_MAX: Final = 1000  # per runtime
_NOT_SETTINGS: Final = ("agentRuntimeName", "agentRuntimeId", "clientToken", "tags")


class Runtimes:
    """`metadata` is what a version gets that was made without metadataConfiguration; None leaves it out."""

    def __init__(
        self,
        tables: Tables,
        tags: Tags,
        clock: Clock,
        faults: Faults,
        *,
        artifact_folder: Path,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        self._tables = tables
        self._tags = tags
        self._clock = clock
        self._faults = faults
        self._artifact_folder = artifact_folder
        self._metadata = metadata

    def create(self, call: Call) -> dict[str, Any]:
        name = call.members["agentRuntimeName"]
        if self._tables.runtime_named(call.region, name):
            raise ServiceFault.conflict(f"An agent with the specified name already exists: {name}")
        if self._tables.count_runtimes(call.region) >= RUNTIMES_MAX:
            raise ServiceFault.quota(f"The limit of {RUNTIMES_MAX} agents per account is reached")
        self._require(call)
        now = self._clock.now()
        partition, account = owner_of(call.members["roleArn"])
        runtime = RuntimeRecord(new_id(name), partition, account, call.region, name, 1, "CREATING", None, now, now)
        self._tables.add_runtime(runtime)
        self._add_version(runtime, call)
        self._tables.add_endpoint(EndpointRecord.new(runtime.id, DEFAULT_ENDPOINT, runtime.version, now, None))
        self._tags.put(runtime.id, "", call.members.get("tags", {}))
        return answers.runtime_created(runtime)

    def get(self, call: Call) -> dict[str, Any]:
        runtime = existing_runtime(self._tables, call)
        version = existing_version(self._tables, runtime, call.members.get("agentRuntimeVersion"))
        status = answers.status_of(runtime, version)
        return answers.runtime_details(runtime, version, not_ready_yet(self._faults, status, version.number))

    def update(self, call: Call) -> dict[str, Any]:
        runtime = settled_runtime(self._tables, call)
        if self._tables.count_versions(runtime.id) >= VERSIONS_MAX:
            raise ServiceFault.quota(f"The limit of {VERSIONS_MAX} versions per agent is reached")
        self._require(call)
        now = self._clock.now()
        updated = replace(runtime, version=runtime.version + 1, status="UPDATING", failure_reason=None, updated_at=now)
        self._add_version(updated, call)
        self._tables.raise_version(runtime.id, updated.version)
        self._roll_default(updated)
        return answers.runtime_updated(updated)

    def foreseen(self, call: Call) -> Resolved:
        """What an update that is called like this would lead DEFAULT to. Raises ServiceFault as the update would."""
        runtime = settled_runtime(self._tables, call)
        artifacts.require(self._artifact_folder, call.members)
        settings = RuntimeSettings.of(self._body(call))
        return Resolved(runtime.id, runtime.arn, DEFAULT_ENDPOINT, str(runtime.version + 1), settings)

    def delete(self, call: Call) -> dict[str, Any]:
        if "agentRuntimeVersion" in call.members:
            return self._delete_version(call)
        runtime = settled_runtime(self._tables, call)
        endpoints = self._tables.endpoints(runtime.id)
        if any(not endpoint.is_default for endpoint in endpoints):
            raise ServiceFault.conflict("This agent has endpoints that must be deleted first")
        self._tables.mark_removal(runtime.id, "DELETING")
        for endpoint in endpoints:
            self._tables.change_endpoint(replace(endpoint, status="DELETING"))
        return {"status": "DELETING", "agentRuntimeId": runtime.id}

    def list(self, call: Call) -> dict[str, Any]:
        return listing(
            call,
            "agentRuntimes",
            partial(self._tables.runtimes, call.region),
            lambda runtime: runtime.sequence,
            lambda runtime: answers.runtime_summary(runtime, existing_version(self._tables, runtime, None)),
        )

    def list_versions(self, call: Call) -> dict[str, Any]:
        runtime = existing_runtime(self._tables, call)
        return listing(
            call,
            "agentRuntimes",
            partial(self._tables.versions, runtime.id),
            lambda version: version.number,
            partial(answers.runtime_summary, runtime),
        )

    def _require(self, call: Call) -> None:
        """Raise ServiceFault for an artifact that is not there, and, where that fault is armed, for the role.

        AWS says the latter of a role or policy that IAM has not spread yet (wording as reported by others).
        """
        artifacts.require(self._artifact_folder, call.members)
        if self._faults.strike("role-unusable"):
            raise ServiceFault.validation("Role validation failed", fields=[])

    def _add_version(self, runtime: RuntimeRecord, call: Call) -> None:
        at = runtime.updated_at
        body = self._body(call)
        self._tables.add_version(VersionRecord(runtime.id, runtime.version, runtime.status, None, body, at, at))

    def _body(self, call: Call) -> dict[str, Any]:
        body = {name: value for name, value in call.members.items() if name not in _NOT_SETTINGS}
        body["lifecycleConfiguration"] = effective_lifecycle(call.members.get("lifecycleConfiguration", {}))
        if call.must_start:
            body[MUST_START] = call.must_start
        if self._metadata is not None and not self._faults.strike("no-mmdsv2"):
            body.setdefault("metadataConfiguration", dict(self._metadata))
        return body

    def _roll_default(self, runtime: RuntimeRecord) -> None:
        default = self._tables.endpoint(runtime.id, DEFAULT_ENDPOINT)
        assert default is not None  # made with the runtime, removed with it
        self._tables.change_endpoint(
            replace(
                default,
                target_version=runtime.version,
                status="UPDATING",
                failure_reason=None,
                updated_at=runtime.updated_at,
            )
        )

    def _delete_version(self, call: Call) -> dict[str, Any]:
        runtime = settled_runtime(self._tables, call)
        version = existing_version(self._tables, runtime, call.members["agentRuntimeVersion"])
        if version.status in MOVING:
            raise ServiceFault.conflict(f"Version {version.number} is {version.status}")
        for endpoint in self._tables.endpoints(runtime.id):
            if version.number in (endpoint.live_version, endpoint.target_version):
                raise ServiceFault.conflict(f"Version {version.number} is in use by endpoint {endpoint.name}")
        self._tables.move_version(runtime.id, version.number, "DELETING", self._clock.now())
        return {
            "status": "DELETING",
            "agentRuntimeId": runtime.id,
            "agentRuntimeVersion": str(version.number),
        }


def owner_of(role_arn: str) -> tuple[str, str]:
    """Partition and account of a role, to which the runtime belongs that is created with it."""
    role = Arn.of(role_arn)
    return role.partition, role.account or LOCAL_ACCOUNT


def existing_runtime(tables: Tables, call: Call) -> RuntimeRecord:
    """The runtime that a call names, in the region it was signed for. Raises ServiceFault (404)."""
    runtime_id = call.members["agentRuntimeId"]
    runtime = tables.runtime(runtime_id)
    if runtime is None or runtime.region != call.region:
        raise ServiceFault.not_found(f"No agent found with id '{runtime_id}'")
    return runtime


def settled_runtime(tables: Tables, call: Call) -> RuntimeRecord:
    """The same, if no other operation is under way on it. Raises ServiceFault (404, 409)."""
    runtime = existing_runtime(tables, call)
    half_removed = runtime.status == "DELETE_FAILED" and not call.operation.deletes
    if runtime.status in MOVING or half_removed:
        raise ServiceFault.conflict(f"Agent '{runtime.id}' is {runtime.status}")
    return runtime


def existing_version(tables: Tables, runtime: RuntimeRecord, number: str | None) -> VersionRecord:
    """A version by its number, or the latest. Raises ServiceFault (404)."""
    version = tables.version(runtime.id, int(number) if number else runtime.version)
    if version is None:
        raise ServiceFault.not_found(f"No version '{number}' found for agent '{runtime.id}'")
    return version


def not_ready_yet(faults: Faults, status: Status, version: int) -> Status:
    """The status, unless the fault not-ready strikes: then READY is not told yet."""
    if status == "READY" and faults.strike("not-ready"):
        return "CREATING" if version == 1 else "UPDATING"
    return status
