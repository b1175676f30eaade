"""What is in a memory: actors, sessions, events and records (the data plane, `bedrock-agentcore`).

Lists are read page by page as they are asked for, since a memory may hold millions of events. Times are datetimes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from agentcore_cli.aws.service import AwsService
from agentcore_cli.aws.session import AwsSession

_PAGE: Final = 100
_JOBS_PAGE: Final = 50  # as many as ListMemoryExtractionJobs gives at once
EVERYWHERE: Final = "/"  # the namespace path that all records are under

Json = dict[str, Any]


class MemoryContents(AwsService):
    """The client of one memory's contents."""

    service = "bedrock-agentcore"

    def __init__(self, session: AwsSession, memory_id: str) -> None:
        super().__init__(session)
        self._memory_id = memory_id

    def actors(self) -> Iterator[str]:
        for item in self._each("list_actors", "actorSummaries"):
            yield item["actorId"]

    def sessions(self, actor: str) -> Iterator[Json]:
        """SessionSummary of each: sessionId, actorId, createdAt."""
        return self._each("list_sessions", "sessionSummaries", actorId=actor)

    def events(
        self, actor: str, session: str, *, branch: str | None = None, page: int = _PAGE, payloads: bool = True
    ) -> Iterator[Json]:
        """The events of one session, the newest first; with `branch` that one's, and what it grew from."""
        chosen: Json = {"filter": {"branch": {"name": branch, "includeParentBranches": True}}} if branch else {}
        return self._each(
            *("list_events", "events"),
            actorId=actor,
            sessionId=session,
            includePayloads=payloads,
            page=min(page, _PAGE),
            **chosen,
        )

    def records(self, *, strategy_id: str | None = None, path: str = EVERYWHERE) -> Iterator[Json]:
        """MemoryRecordSummary of each record below a namespace path."""
        chosen: Json = {"memoryStrategyId": strategy_id} if strategy_id else {}
        return self._each("list_memory_records", "memoryRecordSummaries", namespacePath=path, **chosen)

    def search(self, query: str, *, path: str, top: int, strategy_id: str | None = None) -> list[Json]:
        """RetrieveMemoryRecords: the records below a namespace path that fit best, each with its `score`."""
        criteria = {"searchQuery": query, "topK": top} | ({"memoryStrategyId": strategy_id} if strategy_id else {})
        answer = self._call("retrieve_memory_records", namespacePath=path, searchCriteria=criteria, maxResults=top)
        return list(answer["memoryRecordSummaries"])

    def failed_extractions(self) -> Iterator[Json]:
        """ExtractionJobMetadata of each job that failed, the newest first."""
        return self._each("list_memory_extraction_jobs", "jobs", page=_JOBS_PAGE)

    def create_event(self, body: Mapping[str, Any]) -> Json:
        """CreateEvent. `body` must hold a clientToken: the call may be repeated."""
        event: Json = self._call("create_event", **body)["event"]
        return event

    def has_event(self, actor: str, session: str, event_id: str) -> bool:
        return self._if_there("get_event", actorId=actor, sessionId=session, eventId=event_id) is not None

    def create_records(self, records: Sequence[Mapping[str, Any]], token: str) -> list[Json]:
        """BatchCreateMemoryRecords, at most 100; gives those that the service did not take, with why."""
        answer = self._call("batch_create_memory_records", records=list(records), clientToken=token)
        return list(answer["failedRecords"])

    def _each(self, operation: str, key: str, *, page: int = _PAGE, **parameters: Any) -> Iterator[Json]:
        following: dict[str, str] = {}
        while True:
            answer = self._call(operation, maxResults=page, **parameters, **following)
            yield from answer[key]
            if not answer.get("nextToken"):
                return
            following = {"nextToken": answer["nextToken"]}

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return super()._call(operation, memoryId=self._memory_id, **parameters)
