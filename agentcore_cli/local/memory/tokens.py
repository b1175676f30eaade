"""Client tokens: what was done once is not done again, and answered the same, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.store import Database

KEPT_SECONDS: Final = 24 * 3600.0
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
        parameters = _digest(call)
        row = self._store.one("SELECT parameters, answer FROM tokens WHERE scope = ? AND token = ?", scope, token)
        if row is None:
            answer = perform()
            self._remember(call, scope, token, parameters, answer)
            return answer
        if row[0] != parameters and not call.operation.deletes:
            raise ServiceFault.validation(
                "The client token was used before with other parameters",
                reason="IdempotentParameterMismatchException",
            )
        remembered: Json = msgspec.json.decode(row[1])
        return remembered

    def forget(self, now: float) -> bool:
        """Remove some that are old; whether there may be more."""
        rows = self._store.all("SELECT seq, created_at FROM tokens ORDER BY seq LIMIT ?", CHUNK)
        old = [seq for seq, created_at in rows if created_at < now - KEPT_SECONDS]
        if old:
            self._store.execute("DELETE FROM tokens WHERE seq <= ? AND created_at < ?", old[-1], now - KEPT_SECONDS)
        return len(old) == CHUNK

    def _remember(self, call: MemoryCall, scope: str, token: str, parameters: str, answer: Json) -> None:
        self._store.execute(
            "INSERT INTO tokens (scope, token, parameters, answer, created_at) VALUES (?, ?, ?, ?, ?)",
            *(scope, token, parameters, msgspec.json.encode(answer).decode(), call.now),
        )


def _digest(call: MemoryCall) -> str:
    parameters = {name: value for name, value in call.members.items() if name != "clientToken"}
    return hashlib.sha256(msgspec.json.encode(parameters, order="deterministic")).hexdigest()
