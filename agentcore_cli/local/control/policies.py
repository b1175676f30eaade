"""The operations on policies of runtimes and endpoints: they are kept and given back, and no call is judged by them."""

from __future__ import annotations

from typing import Any

from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.tags import existing_resource
from agentcore_cli.local.http.wire import ServiceFault


class Policies:
    """Kept per runtime id and endpoint name, as tags are."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._store = tables.store

    def put(self, call: Call) -> dict[str, Any]:
        resource, policy = existing_resource(self._tables, call), call.members["policy"]
        self._store.execute("INSERT OR REPLACE INTO policies VALUES (?, ?, ?)", *resource, policy)
        return {"policy": policy}

    def get(self, call: Call) -> dict[str, Any]:
        resource = existing_resource(self._tables, call)
        row = self._store.one("SELECT policy FROM policies WHERE runtime_id = ? AND endpoint = ?", *resource)
        if row is None:
            raise ServiceFault.not_found(f"No resource policy found for '{call.members['resourceArn']}'")
        return {"policy": row[0]}

    def delete(self, call: Call) -> dict[str, Any]:
        """Also of a resource that has none: the model does not say what the service answers then."""
        resource = existing_resource(self._tables, call)
        self._store.execute("DELETE FROM policies WHERE runtime_id = ? AND endpoint = ?", *resource)
        return {}
