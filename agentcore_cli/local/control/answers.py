"""Records as the service's answers, member by member as in botocore's output shapes. Absent members are left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from agentcore_cli.local.control.records import EndpointRecord, RuntimeRecord, Status, VersionRecord
from agentcore_cli.local.control.settings import MUST_START

Json = dict[str, Any]

_REMOVAL: Final = ("DELETING", "DELETE_FAILED")


def runtime_created(runtime: RuntimeRecord) -> Json:
    return {
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeId": runtime.id,
        "agentRuntimeVersion": str(runtime.version),
        "workloadIdentityDetails": {"workloadIdentityArn": runtime.workload_identity_arn},
        "createdAt": timestamp(runtime.created_at),
        "status": runtime.status,
    }


def runtime_updated(runtime: RuntimeRecord) -> Json:
    return runtime_created(runtime) | {"lastUpdatedAt": timestamp(runtime.updated_at)}


def runtime_details(runtime: RuntimeRecord, version: VersionRecord, status: Status) -> Json:
    """GetAgentRuntime. Tags are not part of it (ListTagsForResource has them)."""
    return _present(
        version.body
        | runtime_updated(runtime)
        | {
            MUST_START: None,
            "agentRuntimeName": runtime.name,
            "agentRuntimeVersion": str(version.number),
            "lastUpdatedAt": timestamp(version.updated_at),
            "status": status,
            "failureReason": failure_reason(runtime, version),
        }
    )


def runtime_summary(runtime: RuntimeRecord, version: VersionRecord) -> Json:
    """An item of both lists. `description` is required in the model: empty when there is none."""
    return {
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeId": runtime.id,
        "agentRuntimeVersion": str(version.number),
        "agentRuntimeName": runtime.name,
        "description": version.body.get("description", ""),
        "lastUpdatedAt": timestamp(version.updated_at),
        "status": status_of(runtime, version),
    }


def endpoint_created(runtime: RuntimeRecord, endpoint: EndpointRecord) -> Json:
    return {
        "targetVersion": str(endpoint.target_version),
        "agentRuntimeEndpointArn": endpoint.arn(runtime),
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeId": runtime.id,
        "endpointName": endpoint.name,
        "status": endpoint.status,
        "createdAt": timestamp(endpoint.created_at),
    }


def endpoint_updated(runtime: RuntimeRecord, endpoint: EndpointRecord) -> Json:
    return _present(
        {
            "liveVersion": _version(endpoint.live_version),
            "targetVersion": str(endpoint.target_version),
            "agentRuntimeEndpointArn": endpoint.arn(runtime),
            "agentRuntimeArn": runtime.arn,
            "status": endpoint.status,
            "createdAt": timestamp(endpoint.created_at),
            "lastUpdatedAt": timestamp(endpoint.updated_at),
        }
    )


def endpoint_details(runtime: RuntimeRecord, endpoint: EndpointRecord, status: Status) -> Json:
    """GetAgentRuntimeEndpoint."""
    return endpoint_summary(runtime, endpoint) | _present({"status": status, "failureReason": endpoint.failure_reason})


def endpoint_summary(runtime: RuntimeRecord, endpoint: EndpointRecord) -> Json:
    return endpoint_updated(runtime, endpoint) | _present(
        {"name": endpoint.name, "id": endpoint.id, "description": endpoint.description}
    )


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version(number: int | None) -> str | None:
    return None if number is None else str(number)


def _present(members: Json) -> Json:
    return {name: value for name, value in members.items() if value is not None}


def status_of(runtime: RuntimeRecord, version: VersionRecord) -> Status:
    """A version's own status, unless the whole runtime is being removed."""
    return runtime.status if runtime.status in _REMOVAL else version.status


def failure_reason(runtime: RuntimeRecord, version: VersionRecord) -> str | None:
    return runtime.failure_reason if runtime.status in _REMOVAL else version.failure_reason
