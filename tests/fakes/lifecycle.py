"""A `Lifecycle` that starts nothing: it notes what it was asked for, and fails or waits when told to."""

from __future__ import annotations

import asyncio

from agentcore_cli.local.control import ArtifactError, Resolved


class RecordingLifecycle:
    """`calls` holds what was asked, in order. While `open` is not set every call waits."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.foreseen: list[Resolved] = []
        self.prepared: list[Resolved] = []
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    def foresee(self, version: Resolved) -> None:
        self.foreseen.append(version)

    async def prepare(self, version: Resolved) -> None:
        self.prepared.append(version)
        await self._note("prepare", version.runtime_id, version.endpoint, version.version)

    async def retire_runtime(self, runtime_id: str) -> None:
        await self._note("retire_runtime", runtime_id)

    async def retire_endpoint(self, runtime_id: str, endpoint: str) -> None:
        await self._note("retire_endpoint", runtime_id, endpoint)

    async def retire_version(self, runtime_id: str, version: str) -> None:
        await self._note("retire_version", runtime_id, version)

    def fail_artifact(self, reason: str) -> None:
        self.failure = ArtifactError(reason)

    async def _note(self, *call: str) -> None:
        self.calls.append(call)
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
