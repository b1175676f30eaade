"""The sessions that were: written when one starts and when it ends, so that a killed server leaves an account."""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from msgspec.structs import replace

from agentcore_cli.local.home import Home
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.protocol import SessionRecord
from agentcore_cli.local.sandbox import Level
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.store import Database

SHOWN_MAX: Final = 1000  # ended sessions that are told about, newest first
KEPT_MAX: Final = 5000
_KILLED: Final = "the local runtime was killed"
_MIGRATIONS: Final = (
    """
    CREATE TABLE sessions (name TEXT PRIMARY KEY, runtime_arn TEXT NOT NULL, ended_at REAL, record TEXT NOT NULL);
    CREATE INDEX sessions_by_end ON sessions (ended_at);
    """,
)

_log = logging.getLogger(__name__)


class SessionLedger:
    """A table beside the control plane's own. Losing its last rows in a power cut would hurt nobody: no fsync."""

    def __init__(self, home: Home) -> None:
        self._store = Database(home.database, durable=False)
        self._store.migrate("sessions", _MIGRATIONS)

    def recover(self, now: float) -> None:
        """Close the account of a server that did not live to do it, and forget the oldest sessions."""
        for name, arn, record in self._store.all(
            "SELECT name, runtime_arn, record FROM sessions WHERE ended_at IS NULL"
        ):
            ended = replace(_record(record), state="stopped", ended_at=now, end_reason=_KILLED)
            self._write(name, arn, ended)
        newest = "SELECT name FROM sessions ORDER BY ended_at DESC LIMIT ?"
        self._store.execute(f"DELETE FROM sessions WHERE name NOT IN ({newest})", KEPT_MAX)

    def record(self, session: Session, level: Level) -> None:
        """Write a session down as it is now. A full disk costs the account, not the session."""
        if session.is_trial:
            return
        try:
            self._write(session.name, session.version.runtime_arn, session.record(level))
        except ServiceFault:
            _log.exception("session %s is not in the ledger", session.name)

    def past(self, runtime_arn: str | None = None) -> list[SessionRecord]:
        """The sessions that have ended, newest first; of one runtime or of all."""
        rows = self._store.all(
            "SELECT record, runtime_arn FROM sessions"
            " WHERE ended_at IS NOT NULL AND runtime_arn = coalesce(?, runtime_arn) ORDER BY ended_at DESC LIMIT ?",
            runtime_arn,
            SHOWN_MAX,
        )
        return [replace(_record(record), runtime_arn=arn) for record, arn in rows]

    def close(self) -> None:
        self._store.close()

    def _write(self, name: str, runtime_arn: str, record: SessionRecord) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
            name,
            runtime_arn,
            record.ended_at,
            msgspec.json.encode(record).decode(),
        )


def _record(row: str) -> SessionRecord:
    return msgspec.json.decode(row, type=SessionRecord)
