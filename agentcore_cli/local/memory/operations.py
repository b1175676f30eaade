"""The operations on memories that are served: where each is on the wire, and what it takes.

Paths, methods and statuses are botocore's: of `bedrock-agentcore-control` for memories themselves and their tags, of
`bedrock-agentcore` for what is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentcore_cli.local.control import operations
from agentcore_cli.local.memory import resource_shapes, shapes
from agentcore_cli.local.memory import rules as memory_rules

_MEMORIES: Final = ("memories",)
_MEMORY: Final = (*_MEMORIES, "{memoryId}")
_SESSIONS: Final = (*_MEMORY, "actor", "{actorId}", "sessions")
_SESSION: Final = (*_SESSIONS, "{sessionId}")
_EVENT: Final = (*_SESSION, "events", "{eventId}")
_RECORDS: Final = (*_MEMORY, "memoryRecords")
_RECORD: Final = (*_MEMORY, "memoryRecord", "{memoryRecordId}")
_JOBS: Final = (*_MEMORY, "extractionJobs")
_TOKEN: Final = {"clientToken": "clientToken"}
_NAMESPACE: Final = {"namespace": "namespace"}


@dataclass(frozen=True, slots=True)
class MemoryOperation(operations.ControlOperation):
    """`is_control`: it is the control plane's, which no session's token opens."""

    is_control: bool = False

    @property
    def may_be_large(self) -> bool:
        """Its answer may hold megabytes."""
        return self.name in ("GetEvent", "ListEvents", "ListMemoryRecords", "RetrieveMemoryRecords")

    @property
    def adds(self) -> bool:
        """It may leave more in the database than there was."""
        return self.name.startswith(("Create", "BatchCreate", "BatchUpdate"))


def _of_control(operation: operations.ControlOperation) -> MemoryOperation:
    members = {
        name: getattr(operation, name) for name in ("name", "method", "path", "status", "shape", "query", "rules")
    }
    return MemoryOperation(**members, is_control=True)


_CONTROL: Final = (
    operations.ControlOperation(
        "CreateMemory", "POST", (*_MEMORIES, "create"), 202, resource_shapes.CREATE_MEMORY, rules=memory_rules.create
    ),
    operations.ControlOperation(
        "GetMemory", "GET", (*_MEMORY, "details"), 200, resource_shapes.GET_MEMORY, {"view": "view"}
    ),
    operations.ControlOperation("ListMemories", "POST", _MEMORIES, 200, resource_shapes.LIST_MEMORIES),
    operations.ControlOperation(
        "UpdateMemory", "PUT", (*_MEMORY, "update"), 202, resource_shapes.UPDATE_MEMORY, rules=memory_rules.update
    ),
    operations.ControlOperation(
        "DeleteMemory", "DELETE", (*_MEMORY, "delete"), 202, resource_shapes.DELETE_MEMORY, _TOKEN
    ),
    *(operation for operation in operations.OPERATIONS if operation.path[0] == "tags"),
)
DATA: Final = (
    MemoryOperation(
        "CreateEvent", "POST", (*_MEMORY, "events"), 201, shapes.CREATE_EVENT, rules=memory_rules.create_event
    ),
    MemoryOperation("GetEvent", "GET", _EVENT, 200, shapes.GET_EVENT),
    MemoryOperation("DeleteEvent", "DELETE", _EVENT, 200, shapes.DELETE_EVENT),
    MemoryOperation("ListEvents", "POST", _SESSION, 200, shapes.LIST_EVENTS, rules=memory_rules.list_events),
    MemoryOperation("ListActors", "POST", (*_MEMORY, "actors"), 200, shapes.LIST_ACTORS),
    MemoryOperation("ListSessions", "POST", _SESSIONS, 200, shapes.LIST_SESSIONS),
    MemoryOperation(
        *("BatchCreateMemoryRecords", "POST", (*_RECORDS, "batchCreate"), 201, shapes.BATCH_CREATE_MEMORY_RECORDS),
        rules=memory_rules.records,
    ),
    MemoryOperation(
        *("BatchUpdateMemoryRecords", "POST", (*_RECORDS, "batchUpdate"), 200, shapes.BATCH_UPDATE_MEMORY_RECORDS),
        rules=memory_rules.records,
    ),
    MemoryOperation(
        "BatchDeleteMemoryRecords", "POST", (*_RECORDS, "batchDelete"), 200, shapes.BATCH_DELETE_MEMORY_RECORDS
    ),
    MemoryOperation("GetMemoryRecord", "GET", _RECORD, 200, shapes.GET_MEMORY_RECORD, _NAMESPACE),
    MemoryOperation(
        "DeleteMemoryRecord",
        "DELETE",
        (*_RECORDS, "{memoryRecordId}"),
        200,
        shapes.DELETE_MEMORY_RECORD,
        _NAMESPACE,
    ),
    MemoryOperation(
        "ListMemoryRecords", "POST", _RECORDS, 200, shapes.LIST_MEMORY_RECORDS, rules=memory_rules.list_records
    ),
    MemoryOperation(
        *("RetrieveMemoryRecords", "POST", (*_MEMORY, "retrieve"), 200, shapes.RETRIEVE_MEMORY_RECORDS),
        rules=memory_rules.retrieve_records,
    ),
    MemoryOperation("ListMemoryExtractionJobs", "POST", _JOBS, 200, shapes.LIST_MEMORY_EXTRACTION_JOBS),
    MemoryOperation("StartMemoryExtractionJob", "POST", (*_JOBS, "start"), 200, shapes.START_MEMORY_EXTRACTION_JOB),
)
CONTROL: Final = tuple(map(_of_control, _CONTROL))
OPERATIONS: Final = (*DATA, *CONTROL)
_BY_FORM: Final = {
    form: tuple(each for each in OPERATIONS if (each.method, len(each.path)) == form)
    for form in {(each.method, len(each.path)) for each in OPERATIONS}
}


def find(method: str, segments: list[str]) -> tuple[MemoryOperation, dict[str, str]] | None:
    """The operation a request is for, and the members in its path."""
    for operation in _BY_FORM.get((method, len(segments)), ()):
        if (in_path := operation.bind(method, segments)) is not None:
            return operation, in_path
    return None
