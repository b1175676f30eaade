"""A project's agents on an AWS target, as the page asks for them: what is deployed, sessions, logs, traces, drift."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from agentcore_cli import wiring
from agentcore_cli.config import find, load
from agentcore_cli.contract import Arn
from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import ignore
from agentcore_cli.formats.otlp import WholeTrace
from agentcore_cli.local.control import operations as control
from agentcore_cli.local.control import requests
from agentcore_cli.local.protocol import LogPiece, SessionPage, SessionRecord, TracePage, TraceRecord
from agentcore_cli.operations.logs.lines import LogsRequest
from agentcore_cli.operations.logs.logs import read_logs
from agentcore_cli.operations.selection import Options, Selected, select
from agentcore_cli.operations.sessions.sessions import list_sessions
from agentcore_cli.operations.traces.traces import TracesRequest, list_traces, show_trace

SERVICE: Final = "bedrock-agentcore-control"
LOG_SECONDS: Final = 8 * 3600.0  # as long as a session may live
TRACES_SECONDS: Final = 24 * 3600.0
TRACES_MAX: Final = 200
_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")


class ProjectOnAws:
    """All of it blocks, and raises AgentcoreErrors. `agents` are those that are deployed, by ARN."""

    def __init__(self, options: Options, target: str, agents: Mapping[str, Selected]) -> None:
        self._options = options
        self.target = target
        self.agents = agents
        self._logs: dict[str, dict[tuple[str, str], None]] = {}
        first = next(iter(agents.values()))
        self._session = wiring.session(first)

    @classmethod
    def of(cls, options: Options) -> ProjectOnAws:
        """Raises NotFoundError (4) when nothing is deployed there."""
        chosen = select(options) if options.agent else None
        first = chosen or _any(options)
        agents = {}
        for name in [first.agent_name] if chosen else first.loaded.config.agents:
            selected = select(replace(options, agent=name))
            with suppress(NotFoundError):
                agents[wiring.deployed(selected).arn] = selected
        if not agents:
            wiring.deployed(first)
        return cls(options, first.target_name, agents)

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(Arn.of(arn).region for arn in self.agents))

    def close(self) -> None:
        self._session.close()

    def read(self, method: str, segments: list[str], query: Mapping[str, list[str]], body: bytes) -> dict[str, Any]:
        """An operation of the control plane that reads one of the project's runtimes. Raises ServiceFault 400."""
        found = control.find(method, segments)
        if found is None or not found[0].reads:
            raise NotFoundError("there is no such operation")
        operation, in_path = found
        members = requests.read(operation, in_path, query, body)
        self._arn(str(members["agentRuntimeId"]))
        answer = self._session.call(SERVICE, _WORD.sub("_", operation.name).lower(), **members)
        return _without_metadata(answer)

    def runtimes(self) -> dict[str, Any]:
        """The project's own, as ListAgentRuntimes tells them."""
        listed = self._session.pages(SERVICE, "list_agent_runtimes", "agentRuntimes")
        return {"agentRuntimes": [each for each in listed if each["agentRuntimeArn"] in self.agents]}

    def drift(self, runtime_id: str) -> str:
        """What a deploy would change, by the config as it is now; "" for nothing."""
        from agentcore_cli.operations.deploy.status import status

        name = self.agents[self._arn(runtime_id)].agent_name
        seen = status(select(replace(self._options, agent=name)), ignore)
        if seen.drift_unknown:
            return f"can't be told: {seen.drift_unknown}"
        return "; ".join(f"{change.key}: {change.reason}" for change in seen.drift)

    def sessions(self, arn: str | None) -> SessionPage:
        """Those that this project has talked to; `log` is a name for `log`."""
        found: list[SessionRecord] = []
        for each in self._asked_for(arn):
            listed = list_sessions(self.agents[each], ended=True).sessions
            found += (replace(it, log=f"{each}/{it.endpoint}/{it.session_id}") for it in listed)
        return SessionPage(tuple(found), time.time())

    def log(self, name: str, after: int) -> LogPiece:
        """What CloudWatch has of a session's lines by now: those that come later are behind those that are known."""
        record = next((it for it in self.sessions(None).sessions if it.log == name), None)
        if record is None or record.runtime_arn is None:
            raise NotFoundError("there is no session with that log")
        lines = self._logs.setdefault(name, {})
        asked = LogsRequest(session=record.session_id, endpoint=record.endpoint, since=LOG_SECONDS)
        with suppress(NotFoundError):  # nothing was written yet
            lines |= {(it.timestamp, it.message): None for it in read_logs(asked, self.agents[record.runtime_arn])}
        text = "".join(f"{stamp} {message.rstrip()}\n" for stamp, message in lines).encode()
        begin = max(0, len(text) + after) if after < 0 else after
        return LogPiece(text[begin:].decode(errors="replace"), len(text), is_start=after < 0)

    def traces(self, query: Mapping[str, str]) -> TracePage:
        """Each look at an agent's is a query of CloudWatch, which is paid by what it reads."""
        since = float(query.get("since") or 0.0)
        asked = TracesRequest(
            session=query.get("session_id") or None,
            endpoint=query.get("endpoint") or None,
            since=time.time() - since if since else TRACES_SECONDS,
            limit=TRACES_MAX,
        )
        found: list[TraceRecord] = []
        for each in self._asked_for(query.get("runtime_arn")):
            with suppress(NotFoundError):  # no span was written yet
                found += list_traces(asked, self.agents[each]).traces
        return TracePage(tuple(sorted(found, key=lambda trace: -trace.started_at)), time.time())

    def trace(self, trace_id: str) -> WholeTrace:
        """All spans of one, whichever agent's it is. Raises NotFoundError."""
        failure: AgentcoreError = NotFoundError(f"trace {trace_id}: not found")
        for selected in self.agents.values():
            try:
                return show_trace(trace_id, selected)
            except NotFoundError as error:
                failure = error
        raise failure

    def _asked_for(self, arn: str | None) -> Iterable[str]:
        return [each for each in self.agents if arn in (None, "", each)]

    def _arn(self, runtime_id: str) -> str:
        """That of one of the project's runtimes. Raises NotFoundError for another's."""
        found = next((arn for arn in self.agents if arn.rpartition("/")[2] == runtime_id), None)
        if found is None:
            raise NotFoundError(f"{runtime_id}: no agent of this project")
        return found


def _any(options: Options) -> Selected:
    """Any agent of the config: they share the target."""
    config = load(find(options.config, Path.cwd())).config
    return select(replace(options, agent=next(iter(config.agents))))


def _without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def on_the_wire(value: Any) -> Any:
    """For what JSON has no word for. The control plane writes times as ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(type(value).__name__)
