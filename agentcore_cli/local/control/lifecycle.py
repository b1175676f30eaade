"""What the control plane asks of whoever runs the sessions, and what it tells about a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agentcore_cli.local.control.settings import RuntimeSettings


@dataclass(frozen=True, slots=True)
class Resolved:
    """An endpoint as the data plane sees it: the immutable version that new sessions get."""

    runtime_id: str
    runtime_arn: str
    endpoint: str
    version: str
    settings: RuntimeSettings

    def is_of(self, runtime_arn: str) -> bool:
        """Whether it is that runtime's; the ARN may lack the end that AgentCore gives to an id."""
        return runtime_arn in (self.runtime_arn, self.runtime_arn.rpartition("-")[0])


class ArtifactError(Exception):
    """The artifact can't run here; the text becomes the runtime's `failureReason`."""


class Lifecycle(Protocol):
    """The work behind CREATING, UPDATING and DELETING. Every call may come again after a crash: it is idempotent."""

    def foresee(self, version: Resolved) -> None:
        """Such a version is about to be made, or not: what is made ready for it at once need not wait for it."""

    async def prepare(self, version: Resolved) -> None:
        """Make the version ready to start sessions. Raises ArtifactError with the reason if it never can."""

    async def retire_runtime(self, runtime_id: str) -> None:
        """End every session of the runtime and forget its programs."""

    async def retire_endpoint(self, runtime_id: str, endpoint: str) -> None:
        """End every session that was started through the endpoint."""

    async def retire_version(self, runtime_id: str, version: str) -> None:
        """Forget the version's program: no endpoint leads to it any more."""
