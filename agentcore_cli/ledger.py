"""The sessions that this project has talked to: `.agentcore/sessions.db`, SQLite, safe to lose.

AgentCore has no call that lists sessions, so `invoke` writes down whom it talked to, when, and how much was said; what
was said only if it is asked to. Several processes may write at once. sqlite3 is imported here alone, and this room only
where it is used: after an answer was printed, and by `sessions` and `--continue`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from agentcore_cli.errors import AgentcoreError

FILE: Final = Path(".agentcore", "sessions.db")
KEPT_SECONDS: Final = 90 * 86_400.0
_BUSY_SECONDS: Final = 5.0
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE sessions (
    arn TEXT, endpoint TEXT, session_id TEXT, target TEXT, agent TEXT, name TEXT, first_used REAL, started_at REAL,
    last_used REAL, turns INTEGER, stopped INTEGER, PRIMARY KEY (arn, endpoint, session_id)
) WITHOUT ROWID;
CREATE TABLE turns (
    arn TEXT, endpoint TEXT, session_id TEXT, at REAL, seconds REAL, sent INTEGER, received INTEGER, outcome TEXT,
    request BLOB, answer BLOB
);
CREATE INDEX turns_by_session ON turns (session_id);
"""
_KEY: Final = "arn = :arn AND endpoint = :endpoint AND session_id = :session_id"

Outcome = Literal["answered", "failed", "broken", "interrupted", "timed out"]


class LedgerError(AgentcoreError):
    """The ledger can't be read or written; whoever only wanted to note something down goes on without."""


class Key(NamedTuple):
    """What a session is found by: an id means nothing outside its runtime and endpoint."""

    arn: str
    endpoint: str
    session_id: str


class Entry(NamedTuple):
    """One session. Times are seconds since the epoch; `started_at`: when its present life began, as far as is known."""

    arn: str
    endpoint: str
    session_id: str
    target: str
    agent: str
    name: str
    first_used: float
    started_at: float
    last_used: float
    turns: int
    stopped: bool

    @property
    def key(self) -> Key:
        return Key(self.arn, self.endpoint, self.session_id)


class Turn(NamedTuple):
    """One request and its answer: when, how long it took (seconds), how many bytes went and came.

    `request` and `answer` are kept only when that was asked for.
    """

    at: float
    seconds: float
    sent: int
    received: int
    outcome: Outcome
    request: bytes | None = None
    answer: bytes | None = None


class Ledger:
    """One project's ledger. Making one opens nothing. Every method raises LedgerError."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE

    def record(self, key: Key, turn: Turn, *, target: str, agent: str, name: str, is_new_life: Judge) -> Entry | None:
        """Note a turn down; gives the session as it was before, None when it was not known.

        `is_new_life` is asked whether the session, which was known, must have been started afresh.
        """
        with self._opened() as database:
            database.execute("BEGIN IMMEDIATE")
            before = _entry(database, key)
            started = turn.at if before is None or is_new_life(before) else before.started_at
            named = key._asdict() | {"target": target, "agent": agent, "name": name, "at": turn.at, "started": started}
            named |= {"ended": turn.at + turn.seconds}
            database.execute(
                "INSERT INTO sessions VALUES"
                " (:arn, :endpoint, :session_id, :target, :agent, :name, :at, :started, :ended, 1, 0)"
                " ON CONFLICT DO UPDATE SET name = :name, started_at = :started,"
                " last_used = max(last_used, :ended), turns = turns + 1, stopped = 0",
                named,
            )
            database.execute(
                "INSERT INTO turns VALUES (:arn, :endpoint, :session_id, :at, :seconds, :sent, :received, :outcome,"
                " :request, :answer)",
                key._asdict() | turn._asdict(),
            )
            if before is None:
                _forget(database, turn.at - KEPT_SECONDS)
            database.execute("COMMIT")
        return before

    def sessions(self, arn: str) -> list[Entry]:
        """Those of one runtime, the last used first."""
        if not self._path.exists():
            return []
        with self._opened() as database:
            rows = database.execute("SELECT * FROM sessions WHERE arn = ? ORDER BY last_used DESC", (arn,))
            return [_entry_of(row) for row in rows]

    def turns(self, key: Key) -> list[Turn]:
        """What was said in a session, oldest first."""
        if not self._path.exists():
            return []
        with self._opened() as database:
            columns = "at, seconds, sent, received, outcome, request, answer"
            rows = database.execute(f"SELECT {columns} FROM turns WHERE {_KEY} ORDER BY at", key._asdict())
            return [Turn(*row) for row in rows]

    def stopped(self, key: Key) -> None:
        """Note down that a session was ended by us."""
        if self._path.exists():
            with self._opened() as database:
                database.execute(f"UPDATE sessions SET stopped = 1 WHERE {_KEY}", key._asdict())

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            database = self._open()
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error
        try:
            yield database
        except sqlite3.Error as error:
            raise self._fault(error) from error
        finally:
            database.close()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError:  # locked, read-only, no folder
            raise
        except sqlite3.DatabaseError:  # no database, or a broken one
            self._path.replace(self._path.with_name(f"{self._path.name}.broken-{int(time.time())}"))
            for beside in ("-wal", "-shm"):
                self._path.with_name(self._path.name + beside).unlink(missing_ok=True)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = OFF")  # a power cut may take the last rows
            if database.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                _create(database)
        except BaseException:
            database.close()
            raise
        return database

    def _fault(self, error: Exception) -> LedgerError:
        reason = error.strerror if isinstance(error, OSError) else error
        return LedgerError(f"{FILE}: {reason}", hint=f"remove {FILE}; it holds nothing but which sessions were used")


class Judge(NamedTuple):
    """Whether a session that was used before must have ended by the time `at`, by its runtime's timeouts (seconds).

    `is_first` is what the runtime itself says, None where it doesn't.
    """

    at: float
    idle_timeout: float
    max_lifetime: float
    is_first: bool | None = None

    def __call__(self, before: Entry) -> bool:
        if self.is_first is not None:
            return self.is_first
        return before.stopped or self.has_outlived(before) or self.was_idle(before)

    def has_outlived(self, before: Entry) -> bool:
        return self.at - before.started_at > self.max_lifetime

    def was_idle(self, before: Entry) -> bool:
        return self.at - before.last_used > self.idle_timeout


def _create(database: sqlite3.Connection) -> None:
    """Make the tables unless another process is making them at this moment."""
    try:
        database.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:  # the other process has just set it
        pass
    database.execute("BEGIN IMMEDIATE")
    if database.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")


def _entry(database: sqlite3.Connection, key: Key) -> Entry | None:
    row = database.execute(f"SELECT * FROM sessions WHERE {_KEY}", key._asdict()).fetchone()
    return _entry_of(row) if row else None


def _entry_of(row: tuple[Any, ...]) -> Entry:
    entry = Entry(*row)
    return entry._replace(stopped=bool(entry.stopped))


def _forget(database: sqlite3.Connection, before: float) -> None:
    database.execute("DELETE FROM sessions WHERE last_used < ?", (before,))
    database.execute("DELETE FROM turns WHERE at < ?", (before,))
