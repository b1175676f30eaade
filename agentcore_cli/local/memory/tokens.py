"""Client tokens: what was done once is not done again, and answered the same, for a day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from agentcore_cli.local.control.tokens import KEPT_SECONDS, digest, remembered
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.store import Database

CHUNK: Final = 500  # rows that one chore removes

Json = dict[str, Any]


class MemoryTokens:
    def __init__(self, store: Database) -> None:
        self._store = store

    def once(self, call: MemoryCall, scope: str, perform: Callable[[], Json]) -> Json:
        """Perform the call, or give what was remembered of it; what is remembered must be small.

        Raises ServiceFault (400) when the token came with other parameters before. A delete is ignored then.
        """
        token = call.members.get("clientToken")
        if not token:
            return perform()
        scope = f"{call.operation.name} {scope}"
        parameters = digest(call.members)
        row = self._store.one("SELECT parameters, answer FROM tokens WHERE scope = ? AND token = ?", scope, token)
        if row is not None:
            return remembered(call.operation, parameters, *row)
        answer = perform()
        self._store.execute(
            "INSERT INTO tokens (scope, token, parameters, answer, created_at) VALUES (?, ?, ?, ?, ?)",
            *(scope, token, parameters, msgspec.json.encode(answer).decode(), call.now),
        )
        return answer

    def forget(self, now: float) -> bool:
        """Remove some that are old; whether there may be more."""
        rows = self._store.all("SELECT seq, created_at FROM tokens ORDER BY seq LIMIT ?", CHUNK)
        old = [seq for seq, created_at in rows if created_at < now - KEPT_SECONDS]
        if old:
            self._store.execute("DELETE FROM tokens WHERE seq <= ? AND created_at < ?", old[-1], now - KEPT_SECONDS)
        return len(old) == CHUNK
