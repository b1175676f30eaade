"""The operations on tags, of runtimes and of endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.http.wire import ServiceFault

TAGS_MAX: Final = 50  # per resource
_RESOURCE: Final = re.compile(
    r"(?P<runtime_arn>.+:runtime/(?P<runtime_id>[^/]+))(/runtime-endpoint/(?P<endpoint>[^/]+))?"
)


class Tags:
    """Kept per runtime id and endpoint name; the empty name stands for the runtime itself."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._store = tables.store

    def tag(self, call: Call) -> dict[str, Any]:
        resource = existing_resource(self._tables, call)
        tags = call.members["tags"]
        if len(self.read(*resource) | tags) > TAGS_MAX:
            raise ServiceFault.quota(f"The limit of {TAGS_MAX} tags per resource would be exceeded")
        self.put(*resource, tags)
        return {}

    def untag(self, call: Call) -> dict[str, Any]:
        resource = existing_resource(self._tables, call)
        for key in call.members["tagKeys"]:
            self._store.execute("DELETE FROM tags WHERE runtime_id = ? AND endpoint = ? AND key = ?", *resource, key)
        return {}

    def list(self, call: Call) -> dict[str, Any]:
        return {"tags": self.read(*existing_resource(self._tables, call))}

    def put(self, runtime_id: str, endpoint: str, tags: Mapping[str, str]) -> None:
        """Add tags, or give those that are there a new value."""
        for key, value in tags.items():
            self._store.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)", runtime_id, endpoint, key, value)

    def read(self, runtime_id: str, endpoint: str) -> dict[str, str]:
        """All tags of an endpoint, or of the runtime itself; none of one that is not there."""
        query = "SELECT key, value FROM tags WHERE runtime_id = ? AND endpoint = ? ORDER BY key"
        return {row[0]: row[1] for row in self._store.all(query, runtime_id, endpoint)}

    def having(self, tags: Mapping[str, str]) -> tuple[str, ...]:
        """The ids of the runtimes that have all of these tags, in the order of their creation."""
        each = "SELECT runtime_id FROM tags WHERE endpoint = '' AND key = ? AND value = ?"
        query = f"SELECT id FROM runtimes WHERE id IN ({' INTERSECT '.join([each] * len(tags))}) ORDER BY sequence"
        return tuple(row[0] for row in self._store.all(query, *(part for tag in tags.items() for part in tag)))


def existing_resource(tables: Tables, call: Call) -> tuple[str, str]:
    """Runtime id and endpoint name ("": the runtime itself) of the ARN. Raises ServiceFault (404) if none has it."""
    arn = call.members["resourceArn"]
    match = _RESOURCE.fullmatch(arn)
    runtime = tables.runtime(match["runtime_id"]) if match else None
    if match is None or runtime is None or (runtime.arn, runtime.region) != (match["runtime_arn"], call.region):
        raise ServiceFault.not_found(f"No resource found with ARN '{arn}'")
    endpoint = match["endpoint"] or ""
    if endpoint and tables.endpoint(runtime.id, endpoint) is None:
        raise ServiceFault.not_found(f"No resource found with ARN '{arn}'")
    return runtime.id, endpoint
