"""AgentCore's control plane: memories, their strategies and tags (`bedrock-agentcore-control`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agentcore_cli.aws.tagging import Tagging
from agentcore_cli.contract import HEADER_RETRIEVAL
from agentcore_cli.errors import ConflictError, InputError


@dataclass(frozen=True, slots=True)
class MemoryDescription:
    """One memory. `settings` is the answer of GetMemory as it came; empty from a list.

    `status` is CREATING, ACTIVE, UPDATING, FAILED or DELETING; `created_at` is ISO 8601; `retrieval` is how the local
    runtime finds records, None elsewhere.
    """

    id: str
    arn: str
    status: str
    created_at: str
    failure: str | None = None
    retrieval: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """An id is the name and ten characters; a list tells no more (MemorySummary)."""
        return self.id.rpartition("-")[0]


class MemoryControl(Tagging):
    def create(self, body: Mapping[str, Any]) -> MemoryDescription:
        """CreateMemory. `body` must hold a clientToken: the call may be repeated. ConflictError: the name is taken."""
        try:
            return _read(self._call("create_memory", **body)["memory"])
        except InputError as error:
            if "already exists" not in error.message:  # the service has no other word for it (SDK memory/client.py)
                raise
            raise ConflictError(error.message, request_id=error.request_id) from error

    def update(self, body: Mapping[str, Any]) -> MemoryDescription:
        """UpdateMemory: what `body` leaves out stays as it is. It must hold a clientToken."""
        return _read(self._call("update_memory", **body)["memory"])

    def get(self, memory_id: str) -> MemoryDescription | None:
        answer = self._if_there("get_memory", memoryId=memory_id)
        if answer is None:
            return None
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return replace(_read(answer["memory"]), retrieval=headers.get(HEADER_RETRIEVAL.lower()))

    def find(self, name: str) -> MemoryDescription | None:
        """The memory of this name, by looking through the list."""
        listed = next((memory for memory in self.all() if memory.name == name), None)
        return self.get(listed.id) if listed else None

    def all(self) -> list[MemoryDescription]:
        return [_read(item) for item in self._pages("list_memories", "memories", maxResults=100)]

    def delete(self, memory_id: str) -> None:
        """DeleteMemory, with all that is in it; gone already is as good."""
        self._if_there("delete_memory", memoryId=memory_id)


def _read(answer: Mapping[str, Any]) -> MemoryDescription:
    return MemoryDescription(
        id=answer["id"],
        arn=answer["arn"],
        status=answer["status"],
        created_at=answer["createdAt"].isoformat(),
        failure=answer.get("failureReason"),
        settings=answer if "eventExpiryDuration" in answer else {},
    )
