"""Client tokens: an operation that was answered once is answered the same again, and done once.

Same token and same parameters: the same answer. Other parameters: a ValidationException with reason
IdempotentParameterMismatchException. A delete with a token that was seen is ignored, whatever its parameters (the
model's documentation of DeleteAgentRuntimeRequest). Tokens are per region and operation; only a digest of the
parameters is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.store import Database

KEPT_SECONDS: Final = 24 * 3600.0

Perform = Callable[[Call], dict[str, Any]]


class ClientTokens:
    def __init__(self, store: Database, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def once(self, call: Call, perform: Perform) -> dict[str, Any]:
        """Perform the call, or give the answer it had. Belongs inside the transaction of the call."""
        token = call.members.get("clientToken")
        if token is None:
            return perform(call)
        digest = _digest(call)
        if (answer := self._seen(call, token, digest)) is not None:
            return answer
        answer = perform(call)
        self._remember(call, token, digest, answer)
        return answer

    def _seen(self, call: Call, token: str, digest: str) -> dict[str, Any] | None:
        row = self._store.one(
            "SELECT parameters, answer FROM tokens WHERE region = ? AND operation = ? AND token = ?",
            *(call.region, call.operation.name, token),
        )
        if row is None:
            return None
        if row[0] != digest and not call.operation.deletes:
            raise ServiceFault.validation(
                "The client token was used before with other parameters",
                reason="IdempotentParameterMismatchException",
            )
        answer: dict[str, Any] = msgspec.json.decode(row[1])
        return answer

    def _remember(self, call: Call, token: str, digest: str, answer: dict[str, Any]) -> None:
        now = self._clock.now()
        runtime_id = answer.get("agentRuntimeId") or call.members["agentRuntimeId"]
        self._store.execute("DELETE FROM tokens WHERE created_at < ?", now - KEPT_SECONDS)
        self._store.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(call.region, call.operation.name, token, runtime_id),
            *(digest, msgspec.json.encode(answer).decode(), now),
        )


def _digest(call: Call) -> str:
    parameters = {name: value for name, value in call.members.items() if name != "clientToken"}
    return hashlib.sha256(msgspec.json.encode(parameters, order="deterministic")).hexdigest()
