"""What the process that keeps the traces does with what it is asked."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from agentcore_cli.formats.otlp import LogsData, TracesData
from agentcore_cli.local.http.wire import JSON_HEADERS, ServiceFault
from agentcore_cli.local.protocol import TracePage
from agentcore_cli.local.storage.reserve import Reserve
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.frames import Answered
from agentcore_cli.local.traces import bodies
from agentcore_cli.local.traces.bodies import BrokenBody
from agentcore_cli.local.traces.cleaning import TRACES_MAX, TraceCleaning
from agentcore_cli.local.traces.frames import TraceAsked, TracedCall
from agentcore_cli.local.traces.parts import TraceParts
from agentcore_cli.local.traces.reading import TraceReading
from agentcore_cli.local.traces.tables import MIGRATIONS

ROOM: Final = "traces"
_log = logging.getLogger(__name__)


class TraceWorker:
    """Everything over one `Database`."""

    def __init__(self, store: Database, reserve: Reserve | None = None, traces_max: int = TRACES_MAX) -> None:
        store.migrate(ROOM, MIGRATIONS)
        self._store = store
        self._reserve = reserve or Reserve(store.path.parent)
        self._parts = TraceParts(store)
        self._reading = TraceReading(store)
        self._cleaning = TraceCleaning(store, traces_max)

    def chore(self) -> bool:
        """There is nothing to do behind the answers."""
        return False

    def answer(self, batch: Sequence[TraceAsked]) -> list[Answered]:
        """The answers to a batch, in its order. What they say is kept survives the end of the process."""
        answers = [self._attempt(asked) for asked in batch]
        try:
            with self._store.transaction():
                self._cleaning.clean(max(asked.now for asked in batch))
        except (ServiceFault, sqlite3.Error) as error:
            _log.error("%s: %s", self._store.path, error)
        return answers

    def take(self, calls: Sequence[bytes], now: float) -> None:
        """Keep calls that were written down while there was no process."""
        with self._store.transaction():
            for call in calls:
                with contextlib.suppress(msgspec.MsgspecError):  # of another version, or cut off
                    self._parts.add_call(msgspec.msgpack.decode(call, type=TracedCall), now)

    def _attempt(self, asked: TraceAsked) -> Answered:
        try:
            return self._read(asked) if asked.what in ("list", "show") else self._keep(asked)
        except BrokenBody as error:
            return Answered.of(ServiceFault.validation(f"The export was not taken: {error}", reason="CannotParse"))
        except ServiceFault as fault:
            return Answered.of(fault)
        except sqlite3.Error as error:
            _log.error("%s: %s", self._store.path, error)
            return Answered.of(ServiceFault.internal(f"{self._store.path}: {error}; nothing was changed"))
        except Exception:
            _log.exception("%s failed", asked.what)
            return Answered.of(ServiceFault.internal("The local traces failed; see server.log"))

    def _keep(self, asked: TraceAsked) -> Answered:
        if refusal := self._reserve.refusal:
            raise ServiceFault.quota(f"{refusal[0].upper()}{refusal[1:]}; nothing was kept")
        with self._store.transaction():
            if asked.what == "calls":
                for call in msgspec.msgpack.decode(asked.body, type=list[TracedCall]):
                    self._parts.add_call(call, asked.now)
                return Answered(200, [], b"")
            assert asked.session is not None, "an export comes from a session"
            if asked.what == "spans":
                spans = bodies.read(asked.body, asked.content_type, asked.encoding, TracesData)
                dropped = self._parts.add_spans(asked.session, spans, asked.now)
            else:
                records = bodies.read(asked.body, asked.content_type, asked.encoding, LogsData)
                dropped = self._parts.add_records(asked.session, records, asked.now)
            self._cleaning.limit_uncalled(*msgspec.structs.astuple(asked.session))
        return Answered(200, [], b"%d" % dropped)

    def _read(self, asked: TraceAsked) -> Answered:
        assert asked.query is not None, "what is read has a query"
        if asked.what == "list":
            page = TracePage(tuple(self._reading.records(asked.query)), asked.now)
            return Answered(200, list(JSON_HEADERS), msgspec.json.encode(page))
        whole = self._reading.whole(asked.query)
        if whole is None:
            raise ServiceFault.not_found(f"Trace {asked.query.trace_id} not found")
        return Answered(200, list(JSON_HEADERS), whole)
