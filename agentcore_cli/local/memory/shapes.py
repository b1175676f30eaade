"""The input shapes of memory's data operations, as botocore's model `bedrock-agentcore` 2024-02-28 has them.

A test compares every constraint with the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentcore_cli.local.control.schema import (
    Boolean,
    Double,
    Integer,
    JsonDocument,
    List,
    Map,
    Shape,
    String,
    Structure,
    Timestamp,
    enum,
    structure,
    union,
)
from agentcore_cli.local.control.shapes import MAX_RESULTS

_MEMORY_ID: Final = String(
    12,
    pattern=r"(arn:(aws|aws-cn|aws-us-gov):bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:memory/)?[a-zA-Z][a-zA-Z0-9-_]{0,99}-[a-zA-Z0-9]{10}",
)
_ACTOR_ID: Final = String(1, 255, pattern=r"[a-zA-Z0-9][a-zA-Z0-9-_/]*(?::[a-zA-Z0-9-_/]+)*[a-zA-Z0-9-_/]*")
_SESSION_ID: Final = String(1, 100, pattern=r"[a-zA-Z0-9][a-zA-Z0-9-_]*")
_EVENT_ID: Final = String(pattern=r"[0-9]+#[a-fA-F0-9]+")
_BRANCH_NAME: Final = String(1, 100, pattern=r"[a-zA-Z0-9][a-zA-Z0-9-_]*")
METADATA_KEY: Final = String(1, 128, pattern=r"[a-zA-Z0-9\s._:/=+@-]*")
_METADATA_VALUE: Final = union(stringValue=String(0, 256, pattern=r"[a-zA-Z0-9\s._:/=+@-]*"))
_NAMESPACE: Final = String(1, 1024, pattern=r"[a-zA-Z0-9/*][a-zA-Z0-9-_/*]*(?::[a-zA-Z0-9-_/*]+)*[a-zA-Z0-9-_/*]*")
_NAMESPACES: Final = List(_NAMESPACE, 0, 1)
_CONTENT: Final = union(text=String(1, 16000, sensitive=True))
_STRATEGY_ID: Final = String(1, 100, pattern=r"[a-zA-Z0-9][a-zA-Z0-9-_]*")
_RECORD_VALUE: Final = union(
    stringValue=String(1, 256, pattern=r"[a-zA-Z0-9\s._:/=+@-]*"),
    stringListValue=List(String(1, 64, pattern=r"[a-zA-Z0-9\s._:/=+@-]*"), 1, 5),
    numberValue=Double(),
    dateTimeValue=Timestamp(),
)
_RECORD_METADATA: Final = Map(METADATA_KEY, _RECORD_VALUE, 1, 20)
RECORD_EXPIRY: Final = union(recordExpiryDurationDays=Integer(31), action=enum("REMOVE"))
_RECORD_ID: Final = String(40, 50, pattern=r"mem-[a-zA-Z0-9-_]*")
_RECORD: Final[Mapping[str, Shape]] = {
    "namespaces": _NAMESPACES,
    "content": _CONTENT,
    "timestamp": Timestamp(),
    "memoryStrategyId": _STRATEGY_ID,
    "metadata": _RECORD_METADATA,
}


def _filters(value: Shape, *operators: str) -> List:
    """Filters that compare metadata with such a value."""
    left, right = union(metadataKey=METADATA_KEY), union(metadataValue=value)
    return List(structure("left operator", left=left, operator=enum(*operators), right=right), 1, 5)


_EVENT_FILTERS: Final = _filters(_METADATA_VALUE, "EQUALS_TO", "EXISTS", "NOT_EXISTS")
_RECORD_FILTERS: Final = _filters(
    _RECORD_VALUE,
    "EQUALS_TO",
    "EXISTS",
    "NOT_EXISTS",
    "BEFORE",
    "AFTER",
    "CONTAINS",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUALS",
    "LESS_THAN",
    "LESS_THAN_OR_EQUALS",
)
# What several operations ask for: a session, a namespace, a page of a list.
_OF_SESSION: Final[Mapping[str, Shape]] = {"memoryId": _MEMORY_ID, "sessionId": _SESSION_ID, "actorId": _ACTOR_ID}
_NAMESPACED: Final[Mapping[str, Shape]] = {"namespace": _NAMESPACE, "namespacePath": _NAMESPACE}
_PAGED: Final[Mapping[str, Shape]] = {"maxResults": MAX_RESULTS, "nextToken": String()}

CREATE_EVENT: Final = structure(
    "memoryId actorId eventTimestamp payload",
    memoryId=_MEMORY_ID,
    actorId=_ACTOR_ID,
    sessionId=_SESSION_ID,
    eventTimestamp=Timestamp(),
    payload=List(
        union(
            conversational=structure(
                "content role",
                content=union(text=String(1, 100000, sensitive=True)),
                role=enum("ASSISTANT", "USER", "TOOL", "OTHER"),
            ),
            blob=JsonDocument(sensitive=True),
            json=Structure({"content": JsonDocument(sensitive=True)}, ("content",), sensitive=True),
        ),
        0,
        100,
    ),
    branch=structure("name", rootEventId=_EVENT_ID, name=_BRANCH_NAME),
    clientToken=String(),
    metadata=Map(METADATA_KEY, _METADATA_VALUE, 0, 15),
    extractionMode=enum("SKIP"),
    extractionConfig=structure(
        namespaceVariables=Map(
            String(1, 32, pattern=r"(?!memoryStrategyId$|actorId$|sessionId$)[a-z][a-z0-9]*"),
            String(1, 64, pattern=r"[a-z0-9][a-z0-9-_]*"),
            1,
            5,
        )
    ),
)
GET_EVENT: Final = structure("memoryId sessionId actorId eventId", **_OF_SESSION, eventId=_EVENT_ID)
DELETE_EVENT: Final = GET_EVENT
LIST_EVENTS: Final = structure(
    "memoryId sessionId actorId",
    **_OF_SESSION,
    includePayloads=Boolean(),
    filter=structure(
        branch=structure("name", name=_BRANCH_NAME, includeParentBranches=Boolean()),
        eventMetadata=_EVENT_FILTERS,
    ),
    **_PAGED,
)
LIST_ACTORS: Final = structure("memoryId", memoryId=_MEMORY_ID, **_PAGED)
LIST_SESSIONS: Final = structure(
    "memoryId actorId",
    memoryId=_MEMORY_ID,
    actorId=_ACTOR_ID,
    **_PAGED,
    filter=structure(eventFilter=enum("HAS_EVENTS")),
)
BATCH_CREATE_MEMORY_RECORDS: Final = structure(
    "memoryId records",
    memoryId=_MEMORY_ID,
    records=List(
        structure(
            "requestIdentifier namespaces content timestamp",
            requestIdentifier=String(1, 80, pattern=r"[a-zA-Z0-9_-]+"),
            **_RECORD,
        ),
        0,
        100,
    ),
    clientToken=String(),
    recordExpirySpecification=RECORD_EXPIRY,
)
BATCH_UPDATE_MEMORY_RECORDS: Final = structure(
    "memoryId records",
    memoryId=_MEMORY_ID,
    records=List(
        structure(
            "memoryRecordId timestamp",
            memoryRecordId=_RECORD_ID,
            sourceNamespaces=_NAMESPACES,
            **_RECORD,
        ),
        0,
        100,
    ),
    recordExpirySpecification=RECORD_EXPIRY,
)
BATCH_DELETE_MEMORY_RECORDS: Final = structure(
    "memoryId records",
    memoryId=_MEMORY_ID,
    records=List(structure("memoryRecordId", memoryRecordId=_RECORD_ID, namespace=_NAMESPACE), 0, 100),
)
GET_MEMORY_RECORD: Final = structure(
    "memoryId memoryRecordId", memoryId=_MEMORY_ID, memoryRecordId=_RECORD_ID, namespace=_NAMESPACE
)
DELETE_MEMORY_RECORD: Final = GET_MEMORY_RECORD
LIST_MEMORY_RECORDS: Final = structure(
    "memoryId",
    memoryId=_MEMORY_ID,
    **_NAMESPACED,
    memoryStrategyId=_STRATEGY_ID,
    **_PAGED,
    metadataFilters=_RECORD_FILTERS,
)
RETRIEVE_MEMORY_RECORDS: Final = structure(
    "memoryId searchCriteria",
    memoryId=_MEMORY_ID,
    **_NAMESPACED,
    searchCriteria=structure(
        "searchQuery",
        searchQuery=String(1, 10000, sensitive=True),
        memoryStrategyId=_STRATEGY_ID,
        topK=Integer(1, 100),
        metadataFilters=_RECORD_FILTERS,
    ),
    nextToken=String(),
    maxResults=MAX_RESULTS,
)
LIST_MEMORY_EXTRACTION_JOBS: Final = structure(
    "memoryId",
    memoryId=_MEMORY_ID,
    maxResults=Integer(1, 50),
    filter=structure(strategyId=String(), sessionId=String(), actorId=String(), status=enum("FAILED")),
    nextToken=String(),
)
START_MEMORY_EXTRACTION_JOB: Final = structure(
    "memoryId extractionJob",
    memoryId=_MEMORY_ID,
    extractionJob=structure("jobId", jobId=String()),
    clientToken=String(),
)
