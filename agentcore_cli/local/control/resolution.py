"""From what the data plane is asked for (an ARN or an id, and a qualifier) to the version that answers."""

from __future__ import annotations

import re
from typing import Final

from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.local.control.lifecycle import Resolved
from agentcore_cli.local.control.records import RuntimeRecord
from agentcore_cli.local.control.shapes import RUNTIME_ID_PATTERN
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.control.work import resolve_version
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.wire import ServiceFault

_ID: Final = re.compile(RUNTIME_ID_PATTERN, re.ASCII)
_ARN: Final = re.compile(
    rf"arn:aws(?:-[^:]+)?:bedrock-agentcore:[a-z0-9-]+:[0-9]{{12}}:runtime/({RUNTIME_ID_PATTERN})", re.ASCII
)
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)


class Resolution:
    def __init__(self, tables: Tables, faults: Faults) -> None:
        self._tables = tables
        self._faults = faults
        self._known: dict[tuple[str, str | None, str], Resolved] = {}
        self._known_at = -1

    def resolve(self, runtime: str, account: str | None, qualifier: str) -> Resolved:
        """The live version of an endpoint. `runtime` is a percent-decoded ARN, or an id beside its `account`.

        A runtime serves once its first version is READY, and goes on serving the old one while the next is rolled
        out. Raises ServiceFault: 400 for what is no ARN or id, 404 for what is not here.
        """
        resolved = self._recall(runtime, account, qualifier)
        if self._faults.strike("not-found-after-ready"):
            raise _not_found(qualifier, resolved.runtime_arn)
        return resolved

    def live(self, runtime_id: str, qualifier: str = DEFAULT_ENDPOINT) -> Resolved | None:
        """What an endpoint leads to, unless it is being removed."""
        endpoint = self._tables.endpoint(runtime_id, qualifier)
        if endpoint is None or endpoint.live_version is None or endpoint.status == "DELETING":
            return None
        return resolve_version(self._tables, runtime_id, endpoint.name, endpoint.live_version)

    def _recall(self, runtime: str, account: str | None, qualifier: str) -> Resolved:
        """Asked for on every call of the data plane: remembered for as long as no table changes."""
        if self._known_at != self._tables.store.changes:
            self._known.clear()
            self._known_at = self._tables.store.changes
        question = (runtime, account, qualifier)
        if question not in self._known:
            self._known[question] = self._look_up(runtime, account, qualifier)
        return self._known[question]

    def _look_up(self, runtime: str, account: str | None, qualifier: str) -> Resolved:
        found = self._runtime(runtime, account)
        resolved = self.live(found.id, qualifier) if found else None
        if resolved is None:
            raise _not_found(qualifier, runtime)
        return resolved

    def _runtime(self, text: str, account: str | None) -> RuntimeRecord | None:
        if match := _ARN.fullmatch(text):
            runtime = self._tables.runtime(match[1])
            return runtime if runtime and runtime.arn == text else None
        if not _ID.fullmatch(text):
            message = f"Value '{text}' at 'agentRuntimeArn' is no ARN or id of an agent runtime"
            raise ServiceFault.invalid("agentRuntimeArn", message)
        if account is None or not _ACCOUNT.fullmatch(account):
            raise ServiceFault.invalid("accountId", "accountId (12 digits) is required when agentRuntimeArn is an id")
        runtime = self._tables.runtime(text)
        return runtime if runtime and runtime.account == account else None


def _not_found(qualifier: str, arn: str) -> ServiceFault:
    return ServiceFault.not_found(f"No endpoint or agent found with qualifier '{qualifier}' for agent '{arn}'")
