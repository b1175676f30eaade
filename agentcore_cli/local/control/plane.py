"""The control plane's entrance: find the operation, read the request, perform it in one transaction, answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from agentcore_cli.contract import TAG_AGENT, TAG_PROJECT
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import operations, requests
from agentcore_cli.local.control.endpoints import Endpoints
from agentcore_cli.local.control.lifecycle import Lifecycle, Resolved
from agentcore_cli.local.control.policies import Policies
from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.control.resolution import Resolution
from agentcore_cli.local.control.runtimes import Runtimes
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.tags import Tags
from agentcore_cli.local.control.tokens import ClientTokens
from agentcore_cli.local.control.transitions import Transitions
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault
from agentcore_cli.local.store import Database

HOLD_SECONDS: Final = 0.25

MMDSV2: Final[Mapping[str, Any]] = {"requireMMDSV2": True}


class ControlPlane:
    """`region` is for requests that were signed for none. It belongs to the event loop's thread.

    The service does not say whether new runtimes have metadataConfiguration: `metadata` decides it here. By default
    they require MMDSv2; with None the member is missing until an update sets it.
    """

    def __init__(
        self,
        store: Database,
        clock: Clock,
        faults: Faults,
        lifecycle: Lifecycle,
        region: str,
        *,
        artifacts: Path,
        metadata: Mapping[str, Any] | None = MMDSV2,
    ) -> None:
        self._store = store
        self._faults = faults
        self._region = region
        self._tables = Tables(store)
        self._tokens = ClientTokens(store, clock)
        self._resolution = Resolution(self._tables, faults)
        self._transitions = Transitions(self._tables, clock, faults, lifecycle)
        self._lifecycle = lifecycle
        tags = self._tags = Tags(self._tables)
        runtimes = self._runtimes = Runtimes(
            self._tables, tags, clock, faults, artifact_folder=artifacts, metadata=metadata
        )
        endpoints = Endpoints(self._tables, tags, clock, faults)
        policies = Policies(self._tables)
        self._perform: dict[str, Callable[[Call], dict[str, Any]]] = {
            "CreateAgentRuntime": runtimes.create,
            "GetAgentRuntime": runtimes.get,
            "UpdateAgentRuntime": runtimes.update,
            "DeleteAgentRuntime": runtimes.delete,
            "ListAgentRuntimes": runtimes.list,
            "ListAgentRuntimeVersions": runtimes.list_versions,
            "CreateAgentRuntimeEndpoint": endpoints.create,
            "GetAgentRuntimeEndpoint": endpoints.get,
            "UpdateAgentRuntimeEndpoint": endpoints.update,
            "DeleteAgentRuntimeEndpoint": endpoints.delete,
            "ListAgentRuntimeEndpoints": endpoints.list,
            "TagResource": tags.tag,
            "UntagResource": tags.untag,
            "ListTagsForResource": tags.list,
            "PutResourcePolicy": policies.put,
            "GetResourcePolicy": policies.get,
            "DeleteResourcePolicy": policies.delete,
        }

    def operation(self, method: str, segments: list[str]) -> str | None:
        """The name of the operation of this plane that a request is for."""
        found = operations.find(method, segments)
        return found[0].name if found else None

    def shares_project(self, one: str, other: str) -> bool:
        """Whether two runtimes, by id, are one, or their tags name the same project."""
        projects = {self.project_of(runtime_id) for runtime_id in (one, other)}
        return one == other or (len(projects) == 1 and None not in projects)

    def deployed(self, project: str, agent: str) -> Resolved | None:
        """What DEFAULT leads to at the newest runtime whose tags name project and agent; None where there is none."""
        for runtime_id in reversed(self._tags.having({TAG_PROJECT: project, TAG_AGENT: agent})):
            if (found := self._resolution.live(runtime_id)) is not None:
                return found
        return None

    def project_of(self, runtime_id: str) -> str | None:
        """The project that a runtime's tags name."""
        return self._tags.read(runtime_id, "").get(TAG_PROJECT)

    async def handle(
        self,
        method: str,
        segments: list[str],
        query: Mapping[str, list[str]],
        body: bytes,
        signed_region: str,
        *,
        must_start: str = "",
    ) -> Answer:
        """Answer one request: status, headers, body. What it changed survives kill -9 when this returns.

        With `must_start` a version that it makes has to start before DEFAULT leads to it, and who asks for a runtime
        that is on its way is told when it is there, after `HOLD_SECONDS` at the latest.

        Raises ServiceFault, and nothing is changed then.
        """
        if self._faults.strike("throttle"):
            raise ServiceFault.throttling()
        found = operations.find(method, segments)
        if found is None:
            raise ServiceFault.unknown_operation()
        operation, in_path = found
        members = requests.read(operation, in_path, query, body)
        if must_start and operation.name == "GetAgentRuntime":
            await self._transitions.settled_of(members["agentRuntimeId"], HOLD_SECONDS)
        answer = self._answer(Call(operation, signed_region or self._region, members, must_start))
        return operation.status, list(JSON_HEADERS), b"" if operation.status == 204 else msgspec.json.encode(answer)

    def foresee(self, runtime_id: str, body: bytes, must_start: str) -> None:
        """An UpdateAgentRuntime is about to come, or not: what it would make is made ready, and nothing is changed.

        While faults are armed it waits for its turn. Raises ServiceFault as the update would.
        """
        found = operations.find("PUT", ["runtimes", runtime_id])
        runtime = self._tables.runtime(runtime_id)
        if found is None or runtime is None:
            raise ServiceFault.not_found(f"No agent found with id '{runtime_id}'")
        operation, in_path = found
        call = Call(operation, runtime.region, requests.read(operation, in_path, {}, body), must_start)
        if not self._faults.armed():
            self._lifecycle.foresee(self._runtimes.foreseen(call))

    def resolve(self, runtime: str, account: str | None, qualifier: str) -> Resolved:
        """The version behind an endpoint, for the data plane (see `Resolution.resolve`)."""
        return self._resolution.resolve(runtime, account, qualifier)

    def runtimes(self) -> int:
        """How many runtimes exist, in all regions."""
        return self._tables.count_runtimes()

    def regions(self) -> list[str]:
        """Those that have runtimes."""
        return self._tables.regions()

    def code_keys(self) -> list[str]:
        """The zips of the content store that versions are made from, in all regions."""
        return self._tables.code_keys()

    async def recover(self) -> None:
        """Go on with what was under way when the last process ended."""
        self._transitions.start()

    async def settled(self) -> None:
        """Return when no runtime, version or endpoint is on its way to another status."""
        await self._transitions.settled()

    async def close(self) -> None:
        """End the work under way; `recover` of the next process goes on with it."""
        await self._transitions.close()

    def _answer(self, call: Call) -> dict[str, Any]:
        perform = self._perform[call.operation.name]
        if call.operation.reads:
            return perform(call)
        with self._store.transaction():
            answer = self._tokens.once(call, perform)
        self._transitions.start()
        return answer
