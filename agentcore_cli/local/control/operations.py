"""The operations that the local control plane serves: where each is on the wire, and what it takes.

Paths, methods and statuses are botocore's (`bedrock-agentcore-control` 2023-06-05). Lists are POST with query
parameters; a member that is neither in the path nor in the query is in the JSON body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli.local.control import rules, shapes
from agentcore_cli.local.control.schema import Structure
from agentcore_cli.local.http.wire import FieldFault

Rules = Callable[[Mapping[str, Any]], Iterable[FieldFault]]

_PAGE: Final = {"maxResults": "maxResults", "nextToken": "nextToken"}
_RUNTIMES: Final = ("runtimes",)
_RUNTIME: Final = (*_RUNTIMES, "{agentRuntimeId}")
_ENDPOINTS: Final = (*_RUNTIME, "runtime-endpoints")
_ENDPOINT: Final = (*_ENDPOINTS, "{endpointName}")
_TAGS: Final = ("tags", "{resourceArn}")
_POLICY: Final = ("resourcepolicy", "{resourceArn}")
_TOKEN: Final = {"clientToken": "clientToken"}


@dataclass(frozen=True, slots=True)
class ServedOperation:
    """`query` maps the names in the query string to members; `rules` are those no single member can show."""

    name: str
    method: str
    path: tuple[str, ...]
    status: int
    shape: Structure
    query: Mapping[str, str] = field(default_factory=dict)
    rules: Rules = rules.none

    @property
    def reads(self) -> bool:
        """It changes nothing."""
        return self.name.startswith(("Get", "List", "Retrieve"))

    @property
    def deletes(self) -> bool:
        return self.name.startswith("Delete")

    @property
    def in_path(self) -> tuple[str, ...]:
        return tuple(part.strip("{}") for part in self.path if part.startswith("{"))

    @property
    def in_body(self) -> tuple[str, ...]:
        elsewhere = (*self.in_path, *self.query.values())
        return tuple(name for name in self.shape.members if name not in elsewhere)

    def bind(self, method: str, segments: list[str]) -> dict[str, str] | None:
        """The members that a request's path holds, or None if it is not for this operation."""
        if method != self.method or len(segments) != len(self.path):
            return None
        pairs = list(zip(self.path, segments, strict=True))
        if any(part != segment for part, segment in pairs if not part.startswith("{")):
            return None
        return {part.strip("{}"): segment for part, segment in pairs if part.startswith("{")}


OPERATIONS: Final = (
    ServedOperation("CreateAgentRuntime", "PUT", _RUNTIMES, 202, shapes.CREATE_RUNTIME, rules=rules.create_runtime),
    ServedOperation("GetAgentRuntime", "GET", _RUNTIME, 200, shapes.GET_RUNTIME, {"version": "agentRuntimeVersion"}),
    ServedOperation("UpdateAgentRuntime", "PUT", _RUNTIME, 202, shapes.UPDATE_RUNTIME, rules=rules.version_settings),
    ServedOperation(
        "DeleteAgentRuntime",
        "DELETE",
        _RUNTIME,
        202,
        shapes.DELETE_RUNTIME,
        {"version": "agentRuntimeVersion"} | _TOKEN,
    ),
    ServedOperation("ListAgentRuntimes", "POST", _RUNTIMES, 200, shapes.LIST_RUNTIMES, _PAGE),
    ServedOperation("ListAgentRuntimeVersions", "POST", (*_RUNTIME, "versions"), 200, shapes.LIST_VERSIONS, _PAGE),
    ServedOperation("CreateAgentRuntimeEndpoint", "PUT", _ENDPOINTS, 202, shapes.CREATE_ENDPOINT, rules=rules.tags),
    ServedOperation("GetAgentRuntimeEndpoint", "GET", _ENDPOINT, 200, shapes.GET_ENDPOINT),
    ServedOperation("UpdateAgentRuntimeEndpoint", "PUT", _ENDPOINT, 202, shapes.UPDATE_ENDPOINT),
    ServedOperation("DeleteAgentRuntimeEndpoint", "DELETE", _ENDPOINT, 202, shapes.DELETE_ENDPOINT, _TOKEN),
    ServedOperation("ListAgentRuntimeEndpoints", "POST", _ENDPOINTS, 200, shapes.LIST_ENDPOINTS, _PAGE),
    ServedOperation("TagResource", "POST", _TAGS, 204, shapes.TAG_RESOURCE, rules=rules.tags),
    ServedOperation("UntagResource", "DELETE", _TAGS, 204, shapes.UNTAG_RESOURCE, {"tagKeys": "tagKeys"}),
    ServedOperation("ListTagsForResource", "GET", _TAGS, 200, shapes.LIST_TAGS),
    ServedOperation("PutResourcePolicy", "PUT", _POLICY, 201, shapes.PUT_POLICY, rules=rules.resource_policy),
    ServedOperation("GetResourcePolicy", "GET", _POLICY, 200, shapes.GET_POLICY),
    ServedOperation("DeleteResourcePolicy", "DELETE", _POLICY, 204, shapes.GET_POLICY),
)


def find(
    method: str, segments: list[str], served: Iterable[ServedOperation] = OPERATIONS
) -> tuple[ServedOperation, dict[str, str]] | None:
    """The operation a request is for, and the members in its path."""
    for operation in served:
        if (in_path := operation.bind(method, segments)) is not None:
            return operation, in_path
    return None
