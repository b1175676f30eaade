"""What the control plane remembers: runtimes, their immutable versions, and the endpoints that lead to them."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Any, Final, Literal

from agentcore_cli.contract import DEFAULT_ENDPOINT, SERVICE, endpoint_arn

Status = Literal["CREATING", "CREATE_FAILED", "UPDATING", "UPDATE_FAILED", "READY", "DELETING", "DELETE_FAILED"]
MOVING: Final[frozenset[Status]] = frozenset(("CREATING", "UPDATING", "DELETING"))
FAILED: Final[dict[Status, Status]] = {
    "CREATING": "CREATE_FAILED",
    "UPDATING": "UPDATE_FAILED",
    "DELETING": "DELETE_FAILED",
}
_ALPHANUMERIC: Final = string.ascii_letters + string.digits


def new_id(name: str) -> str:
    """`<name>-<10 letters and digits>`, as the service makes ids of what has a name."""
    return f"{name}-" + "".join(secrets.choice(_ALPHANUMERIC) for _ in range(10))


@dataclass(frozen=True, slots=True)
class RuntimeRecord:
    """`version` is the latest; `status` is of the runtime as a whole; times are seconds since the epoch.

    `partition` and `account` are those of the role that it was created with.
    """

    id: str
    partition: str
    account: str
    region: str
    name: str
    version: int
    status: Status
    failure_reason: str | None
    created_at: float
    updated_at: float
    sequence: int = 0  # the order of creation, given by the database

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:{SERVICE}:{self.region}:{self.account}:runtime/{self.id}"

    @property
    def workload_identity_arn(self) -> str:
        """runtime-oauth: every runtime gets a workload identity of its name."""
        return (
            f"arn:{self.partition}:{SERVICE}:{self.region}:{self.account}"
            f":workload-identity-directory/default/workload-identity/{self.id}"
        )


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """`body` is the request that made it, validated, with the lifecycle's effective values."""

    runtime_id: str
    number: int
    status: Status
    failure_reason: str | None
    body: dict[str, Any]
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """`live_version` serves now (None before the first roll-out); `target_version` is being rolled out."""

    runtime_id: str
    name: str
    id: str
    live_version: int | None
    target_version: int
    status: Status
    failure_reason: str | None
    description: str | None
    created_at: float
    updated_at: float
    sequence: int = 0

    @classmethod
    def new(cls, runtime_id: str, name: str, version: int, now: float, description: str | None) -> EndpointRecord:
        """One that is yet to get its first version."""
        return cls(runtime_id, name, new_id(name), None, version, "CREATING", None, description, now, now)

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT_ENDPOINT

    def arn(self, runtime: RuntimeRecord) -> str:
        return endpoint_arn(runtime.arn, self.name)
