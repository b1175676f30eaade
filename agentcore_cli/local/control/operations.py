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


@dataclass(frozen=True, slots=True)
class ControlOperation:
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
    ControlOperation("CreateAgentRuntime", "PUT", _RUNTIMES, 202, shapes.CREATE_RUNTIME, rules=rules.create_runtime),
    ControlOperation("GetAgentRuntime", "GET", _RUNTIME, 200, shapes.GET_RUNTIME, {"version": "agentRuntimeVersion"}),
    ControlOperation("UpdateAgentRuntime", "PUT", _RUNTIME, 202, shapes.UPDATE_RUNTIME, rules=rules.version_settings),
    ControlOperation(
        "DeleteAgentRuntime",
        "DELETE",
        _RUNTIME,
        202,
        shapes.DELETE_RUNTIME,
        {"version": "agentRuntimeVersion", "clientToken": "clientToken"},
    ),
    ControlOperation("ListAgentRuntimes", "POST", _RUNTIMES, 200, shapes.LIST_RUNTIMES, _PAGE),
    ControlOperation("ListAgentRuntimeVersions", "POST", (*_RUNTIME, "versions"), 200, shapes.LIST_VERSIONS, _PAGE),
    ControlOperation("CreateAgentRuntimeEndpoint", "PUT", _ENDPOINTS, 202, shapes.CREATE_ENDPOINT, rules=rules.tags),
    ControlOperation("GetAgentRuntimeEndpoint", "GET", _ENDPOINT, 200, shapes.GET_ENDPOINT),
    ControlOperation("UpdateAgentRuntimeEndpoint", "PUT", _ENDPOINT, 202, shapes.UPDATE_ENDPOINT),
    ControlOperation(
        "DeleteAgentRuntimeEndpoint",
        "DELETE",
        _ENDPOINT,
        202,
        shapes.DELETE_ENDPOINT,
        {"clientToken": "clientToken"},
    ),
    ControlOperation("ListAgentRuntimeEndpoints", "POST", _ENDPOINTS, 200, shapes.LIST_ENDPOINTS, _PAGE),
    ControlOperation("TagResource", "POST", _TAGS, 204, shapes.TAG_RESOURCE, rules=rules.tags),
    ControlOperation("UntagResource", "DELETE", _TAGS, 204, shapes.UNTAG_RESOURCE, {"tagKeys": "tagKeys"}),
    ControlOperation("ListTagsForResource", "GET", _TAGS, 200, shapes.LIST_TAGS),
    ControlOperation("PutResourcePolicy", "PUT", _POLICY, 201, shapes.PUT_POLICY, rules=rules.resource_policy),
    ControlOperation("GetResourcePolicy", "GET", _POLICY, 200, shapes.GET_POLICY),
    ControlOperation("DeleteResourcePolicy", "DELETE", _POLICY, 204, shapes.GET_POLICY),
)


def find(method: str, segments: list[str]) -> tuple[ControlOperation, dict[str, str]] | None:
    """The operation a request is for, and the members in its path."""
    for operation in OPERATIONS:
        if (in_path := operation.bind(method, segments)) is not None:
            return operation, in_path
    return None
