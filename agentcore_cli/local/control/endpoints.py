"""The operations on endpoints: names that lead to a version. DEFAULT follows the latest one; the others are pinned."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import answers
from agentcore_cli.local.control.paging import listing
from agentcore_cli.local.control.records import MOVING, EndpointRecord, RuntimeRecord
from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.control.runtimes import (
    existing_runtime,
    existing_version,
    not_ready_yet,
    settled_runtime,
)
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.tags import Tags
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.wire import ServiceFault

ENDPOINTS_MAX: Final = 10  # named ones per runtime (bedrock-agentcore-limits)


class Endpoints:
    def __init__(self, tables: Tables, tags: Tags, clock: Clock, faults: Faults) -> None:
        self._tables = tables
        self._tags = tags
        self._clock = clock
        self._faults = faults

    def create(self, call: Call) -> dict[str, Any]:
        runtime = settled_runtime(self._tables, call)
        name = call.members["name"]
        self._refuse_if_taken_or_full(runtime, name)
        version = self._target(runtime, call.members.get("agentRuntimeVersion"))
        endpoint = EndpointRecord.new(runtime.id, name, version, self._clock.now(), call.members.get("description"))
        self._tables.add_endpoint(endpoint)
        self._tags.put(runtime.id, name, call.members.get("tags", {}))
        return answers.endpoint_created(runtime, endpoint)

    def get(self, call: Call) -> dict[str, Any]:
        runtime, endpoint = self._existing(call)
        status = not_ready_yet(self._faults, endpoint.status, endpoint.target_version)
        return answers.endpoint_details(runtime, endpoint, status)

    def update(self, call: Call) -> dict[str, Any]:
        """Members that are left out stay as they are."""
        runtime, endpoint = self._settled(call)
        if endpoint.is_default:
            raise ServiceFault.conflict("The DEFAULT endpoint follows the latest version and can't be updated")
        asked = call.members.get("agentRuntimeVersion")
        updated = replace(
            endpoint,
            target_version=self._target(runtime, asked) if asked else endpoint.target_version,
            description=call.members.get("description", endpoint.description),
            status="UPDATING",
            failure_reason=None,
            updated_at=self._clock.now(),
        )
        self._tables.change_endpoint(updated)
        return answers.endpoint_updated(runtime, updated)

    def delete(self, call: Call) -> dict[str, Any]:
        runtime, endpoint = self._settled(call)
        if endpoint.is_default:
            raise ServiceFault.conflict("Default endpoints are removed when you delete the agent")
        self._tables.change_endpoint(replace(endpoint, status="DELETING", updated_at=self._clock.now()))
        return {"status": "DELETING", "agentRuntimeId": runtime.id, "endpointName": endpoint.name}

    def list(self, call: Call) -> dict[str, Any]:
        runtime = existing_runtime(self._tables, call)
        return listing(
            call,
            "runtimeEndpoints",
            partial(self._tables.endpoints, runtime.id),
            lambda endpoint: endpoint.sequence,
            partial(answers.endpoint_summary, runtime),
        )

    def _refuse_if_taken_or_full(self, runtime: RuntimeRecord, name: str) -> None:
        endpoints = self._tables.endpoints(runtime.id)
        if any(endpoint.name == name for endpoint in endpoints):
            raise ServiceFault.conflict(f"An endpoint with the specified name already exists for agent '{runtime.id}'")
        if sum(not endpoint.is_default for endpoint in endpoints) >= ENDPOINTS_MAX:
            raise ServiceFault.quota(f"The limit of {ENDPOINTS_MAX} endpoints per agent is reached")

    def _existing(self, call: Call) -> tuple[RuntimeRecord, EndpointRecord]:
        runtime = existing_runtime(self._tables, call)
        endpoint = self._tables.endpoint(runtime.id, call.members["endpointName"])
        if endpoint is None:
            raise ServiceFault.not_found(f"No endpoint of that name found for agent '{runtime.id}'")
        return runtime, endpoint

    def _settled(self, call: Call) -> tuple[RuntimeRecord, EndpointRecord]:
        runtime, endpoint = self._existing(call)
        if endpoint.status in MOVING:
            raise ServiceFault.conflict(f"Endpoint '{endpoint.name}' is {endpoint.status}")
        return runtime, endpoint

    def _target(self, runtime: RuntimeRecord, number: str | None) -> int:
        """The version an endpoint is to serve: the latest if none is asked for. Raises ServiceFault (404, 409)."""
        version = existing_version(self._tables, runtime, number)
        if version.status != "READY":
            raise ServiceFault.conflict(f"Version {version.number} of agent '{runtime.id}' is {version.status}")
        return version.number
