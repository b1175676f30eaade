"""The operations on memories that are served: where each is on the wire, and what it takes.

Paths, methods and statuses are botocore's: of `bedrock-agentcore-control` for memories themselves and their tags, of
`bedrock-agentcore` for what is in them.
"""

from __future__ import annotations

from typing import Final

from agentcore_cli.local.control import operations
from agentcore_cli.local.control.operations import ServedOperation
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


CONTROL: Final = (
    ServedOperation(
        "CreateMemory", "POST", (*_MEMORIES, "create"), 202, resource_shapes.CREATE_MEMORY, rules=memory_rules.create
    ),
    ServedOperation("GetMemory", "GET", (*_MEMORY, "details"), 200, resource_shapes.GET_MEMORY, {"view": "view"}),
    ServedOperation("ListMemories", "POST", _MEMORIES, 200, resource_shapes.LIST_MEMORIES),
    ServedOperation(
        "UpdateMemory", "PUT", (*_MEMORY, "update"), 202, resource_shapes.UPDATE_MEMORY, rules=memory_rules.update
    ),
    ServedOperation("DeleteMemory", "DELETE", (*_MEMORY, "delete"), 202, resource_shapes.DELETE_MEMORY, _TOKEN),
    *(operation for operation in operations.OPERATIONS if operation.path[0] == "tags"),
)
DATA: Final = (
    ServedOperation(
        "CreateEvent", "POST", (*_MEMORY, "events"), 201, shapes.CREATE_EVENT, rules=memory_rules.create_event
    ),
    ServedOperation("GetEvent", "GET", _EVENT, 200, shapes.GET_EVENT),
    ServedOperation("DeleteEvent", "DELETE", _EVENT, 200, shapes.DELETE_EVENT),
    ServedOperation("ListEvents", "POST", _SESSION, 200, shapes.LIST_EVENTS, rules=memory_rules.list_events),
    ServedOperation("ListActors", "POST", (*_MEMORY, "actors"), 200, shapes.LIST_ACTORS),
    ServedOperation("ListSessions", "POST", _SESSIONS, 200, shapes.LIST_SESSIONS),
    ServedOperation(
        *("BatchCreateMemoryRecords", "POST", (*_RECORDS, "batchCreate"), 201, shapes.BATCH_CREATE_MEMORY_RECORDS),
        rules=memory_rules.records,
    ),
    ServedOperation(
        *("BatchUpdateMemoryRecords", "POST", (*_RECORDS, "batchUpdate"), 200, shapes.BATCH_UPDATE_MEMORY_RECORDS),
        rules=memory_rules.records,
    ),
    ServedOperation(
        "BatchDeleteMemoryRecords", "POST", (*_RECORDS, "batchDelete"), 200, shapes.BATCH_DELETE_MEMORY_RECORDS
    ),
    ServedOperation("GetMemoryRecord", "GET", _RECORD, 200, shapes.GET_MEMORY_RECORD, _NAMESPACE),
    ServedOperation(
        "DeleteMemoryRecord", "DELETE", (*_RECORDS, "{memoryRecordId}"), 200, shapes.DELETE_MEMORY_RECORD, _NAMESPACE
    ),
    ServedOperation(
        "ListMemoryRecords", "POST", _RECORDS, 200, shapes.LIST_MEMORY_RECORDS, rules=memory_rules.list_records
    ),
    ServedOperation(
        *("RetrieveMemoryRecords", "POST", (*_MEMORY, "retrieve"), 200, shapes.RETRIEVE_MEMORY_RECORDS),
        rules=memory_rules.retrieve_records,
    ),
    ServedOperation("ListMemoryExtractionJobs", "POST", _JOBS, 200, shapes.LIST_MEMORY_EXTRACTION_JOBS),
    ServedOperation("StartMemoryExtractionJob", "POST", (*_JOBS, "start"), 200, shapes.START_MEMORY_EXTRACTION_JOB),
)
OPERATIONS: Final = (*DATA, *CONTROL)
_BY_FORM: Final = {
    form: tuple(each for each in OPERATIONS if (each.method, len(each.path)) == form)
    for form in {(each.method, len(each.path)) for each in OPERATIONS}
}

LARGE: Final = ("GetEvent", "ListEvents", "ListMemoryRecords", "RetrieveMemoryRecords")  # an answer may hold megabytes


def find(method: str, segments: list[str]) -> tuple[ServedOperation, dict[str, str]] | None:
    """The operation a request is for, and the members in its path."""
    return operations.find(method, segments, _BY_FORM.get((method, len(segments)), ()))


def adds(operation: ServedOperation) -> bool:
    """It may leave more in the database than there was."""
    return operation.name.startswith(("Create", "BatchCreate", "BatchUpdate"))
