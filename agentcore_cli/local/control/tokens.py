"""Client tokens: an operation that was answered once is answered the same again, and done once.

Same token and same parameters: the same answer. Other parameters: a ValidationException with reason
IdempotentParameterMismatchException. A delete with a token that was seen is ignored, whatever its parameters (the
model's documentation of DeleteAgentRuntimeRequest). Tokens are per region and operation; only a digest of the
parameters is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control.operations import ServedOperation
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
        parameters = digest(call.members)
        row = self._store.one(
            "SELECT parameters, answer FROM tokens WHERE region = ? AND operation = ? AND token = ?",
            *(call.region, call.operation.name, token),
        )
        if row is not None:
            return remembered(call.operation, parameters, *row)
        answer = perform(call)
        self._remember(call, token, parameters, answer)
        return answer

    def _remember(self, call: Call, token: str, parameters: str, answer: dict[str, Any]) -> None:
        now = self._clock.now()
        runtime_id = answer.get("agentRuntimeId") or call.members["agentRuntimeId"]
        self._store.execute("DELETE FROM tokens WHERE created_at < ?", now - KEPT_SECONDS)
        self._store.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(call.region, call.operation.name, token, runtime_id),
            *(parameters, msgspec.json.encode(answer).decode(), now),
        )


def digest(members: Mapping[str, Any]) -> str:
    parameters = {name: value for name, value in members.items() if name != "clientToken"}
    return hashlib.sha256(msgspec.json.encode(parameters, order="deterministic")).hexdigest()


def remembered(operation: ServedOperation, parameters: str, before: str, answer: str) -> dict[str, Any]:
    """The answer that a token had `before`. Raises ServiceFault (400) if that was with other parameters."""
    if parameters != before and not operation.deletes:
        raise ServiceFault.validation(
            "The client token was used before with other parameters", reason="IdempotentParameterMismatchException"
        )
    return msgspec.json.decode(answer, type=dict[str, Any])
