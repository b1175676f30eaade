"""AgentCore's control plane: runtimes, their versions, endpoints and tags (`bedrock-agentcore-control`)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli.aws.tagging import Tagging
from agentcore_cli.errors import CredentialsError, InputError, NotFoundError

# What CreateAgentRuntime and UpdateAgentRuntime say of a role that they can't assume or that may not pull the image, as
# reported by others: the second also of an image that is not there. A refused iam:PassRole is none of these.
_ROLE_UNUSABLE: Final = re.compile(
    r"role validation failed|access denied while validating ecr uri|sts:AssumeRole|"
    r"(cannot|can't|unable to|not able to|not authorized to|must allow .*) (be )?assumed?",
    re.IGNORECASE,
)


_ROLE_HINT: Final = (
    "see that the role trusts bedrock-agentcore.amazonaws.com and may pull the image, and that that is there"
)


class RoleUnusableError(InputError):
    """AgentCore can't use the execution role: IAM has not spread it yet, or its trust or policy is wrong."""


@dataclass(frozen=True, slots=True)
class RuntimeDescription:
    """One version of a runtime. `settings` is the answer of GetAgentRuntime as it came; empty from a list."""

    id: str
    arn: str
    name: str
    version: str
    status: str
    failure: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class VersionDescription:
    """`created_at` is ISO 8601."""

    version: str
    status: str
    created_at: str
    description: str | None


@dataclass(frozen=True, slots=True)
class EndpointDescription:
    """`live_version` answers now; `target_version` is being rolled out."""

    name: str
    arn: str
    status: str
    live_version: str | None
    target_version: str | None
    failure: str | None = None


class RuntimeControl(Tagging):
    def create(self, body: Mapping[str, Any]) -> RuntimeDescription:
        """CreateAgentRuntime. `body` must hold a clientToken: the call may be repeated. May raise RoleUnusableError."""
        return _made(self._put("create_agent_runtime", body), body["agentRuntimeName"])

    def update(self, body: Mapping[str, Any]) -> RuntimeDescription:
        """UpdateAgentRuntime, a full PUT: what `body` leaves out is no longer set. It must hold a clientToken.

        May raise RoleUnusableError.
        """
        return _made(self._put("update_agent_runtime", body), "")

    def get(self, runtime_id: str, version: str | None = None) -> RuntimeDescription | None:
        chosen = {"agentRuntimeVersion": version} if version else {}
        answer = self._if_there("get_agent_runtime", agentRuntimeId=runtime_id, **chosen)
        return _read(answer) if answer else None

    def find(self, name: str) -> RuntimeDescription | None:
        """The runtime of this name, by looking through the list."""
        listed = next((runtime for runtime in self.all() if runtime.name == name), None)
        return self.get(listed.id) if listed else None

    def all(self) -> list[RuntimeDescription]:
        return [_listed(item) for item in self._pages("list_agent_runtimes", "agentRuntimes")]

    def delete(self, runtime_id: str) -> None:
        """DeleteAgentRuntime; gone already is as good."""
        self._if_there("delete_agent_runtime", agentRuntimeId=runtime_id)

    def delete_version(self, runtime_id: str, version: str) -> None:
        """DeleteAgentRuntime of one version. Raises ConflictError while an endpoint leads to it."""
        self._call("delete_agent_runtime", agentRuntimeId=runtime_id, agentRuntimeVersion=version)

    def versions(self, runtime_id: str) -> list[VersionDescription]:
        """All versions, newest first."""
        items = self._pages("list_agent_runtime_versions", "agentRuntimes", agentRuntimeId=runtime_id)
        versions = [
            VersionDescription(
                item["agentRuntimeVersion"],
                item["status"],
                _iso(item["lastUpdatedAt"]),
                item.get("description") or None,
            )
            for item in items
        ]
        return sorted(versions, key=lambda version: -int(version.version))

    def endpoint(self, runtime_id: str, name: str) -> EndpointDescription | None:
        answer = self._if_there("get_agent_runtime_endpoint", agentRuntimeId=runtime_id, endpointName=name)
        return _endpoint(answer) if answer else None

    def endpoints(self, runtime_id: str) -> list[EndpointDescription]:
        """All endpoints; what a runtime that is gone has is nothing."""
        try:
            items = self._pages("list_agent_runtime_endpoints", "runtimeEndpoints", agentRuntimeId=runtime_id)
        except NotFoundError:
            return []
        return [_endpoint(item) for item in items]

    def create_endpoint(
        self, runtime_id: str, name: str, version: str | None, description: str | None, tags: Mapping[str, str]
    ) -> None:
        """CreateAgentRuntimeEndpoint; without `version` it leads to the newest. ConflictError: the name is taken."""
        chosen = {"agentRuntimeVersion": version, "description": description, "tags": dict(tags)}
        given = {key: value for key, value in chosen.items() if value}
        token = str(uuid.uuid4())
        self._call("create_agent_runtime_endpoint", agentRuntimeId=runtime_id, name=name, clientToken=token, **given)

    def update_endpoint(self, runtime_id: str, name: str, version: str | None, description: str | None) -> None:
        """UpdateAgentRuntimeEndpoint; what is not given stays as it is."""
        chosen = {"agentRuntimeVersion": version, "description": description}
        given = {key: value for key, value in chosen.items() if value}
        token = str(uuid.uuid4())
        self._call(
            "update_agent_runtime_endpoint", agentRuntimeId=runtime_id, endpointName=name, clientToken=token, **given
        )

    def delete_endpoint(self, runtime_id: str, name: str) -> None:
        """DeleteAgentRuntimeEndpoint; gone already is as good. DEFAULT goes with its runtime and can't be deleted."""
        self._if_there("delete_agent_runtime_endpoint", agentRuntimeId=runtime_id, endpointName=name)

    def policy(self, arn: str) -> dict[str, Any] | None:
        """GetResourcePolicy of a runtime or an endpoint; None without one."""
        answer = self._if_there("get_resource_policy", resourceArn=arn) or {}
        policy: dict[str, Any] | None = json.loads(answer["policy"]) if answer.get("policy") else None
        return policy

    def put_policy(self, arn: str, policy: Mapping[str, Any]) -> None:
        """PutResourcePolicy, in the place of any that is there."""
        self._call("put_resource_policy", resourceArn=arn, policy=json.dumps(policy))

    def delete_policy(self, arn: str) -> None:
        """DeleteResourcePolicy; gone already, or with its resource, is as good."""
        self._if_there("delete_resource_policy", resourceArn=arn)

    def _put(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._call(operation, **body)
        except (InputError, CredentialsError) as error:
            if not _ROLE_UNUSABLE.search(error.message):
                raise
            raise RoleUnusableError(error.message, hint=_ROLE_HINT, request_id=error.request_id) from error

    def _pages(self, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        return super()._pages(operation, key, maxResults=100, **parameters)


def _made(answer: Mapping[str, Any], name: str) -> RuntimeDescription:
    return RuntimeDescription(
        id=answer["agentRuntimeId"],
        arn=answer["agentRuntimeArn"],
        name=name,
        version=answer["agentRuntimeVersion"],
        status=answer["status"],
    )


def _listed(item: Mapping[str, Any]) -> RuntimeDescription:
    return _made(item, item["agentRuntimeName"])


def _read(answer: Mapping[str, Any]) -> RuntimeDescription:
    return RuntimeDescription(
        id=answer["agentRuntimeId"],
        arn=answer["agentRuntimeArn"],
        name=answer["agentRuntimeName"],
        version=answer["agentRuntimeVersion"],
        status=answer["status"],
        failure=answer.get("failureReason"),
        settings=answer,
    )


def _endpoint(answer: Mapping[str, Any]) -> EndpointDescription:
    return EndpointDescription(
        name=answer["name"],
        arn=answer["agentRuntimeEndpointArn"],
        status=answer["status"],
        live_version=answer.get("liveVersion"),
        target_version=answer.get("targetVersion"),
        failure=answer.get("failureReason"),
    )


def _iso(moment: Any) -> str:
    text: str = moment.isoformat()
    return text
