"""The sessions that this project has talked to: `.agentcore/sessions.db`, SQLite, safe to lose.

AgentCore has no call that lists sessions, so `invoke` writes down whom it talked to, when, and how much was said; what
was said only if it is asked to. Several processes may write at once. sqlite3 is imported here alone, and this room only
where it is used: after an answer was printed, and by `sessions` and `--continue`.
"""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from agentcore_cli import project_folder
from agentcore_cli.errors import AgentcoreError

_NAME: Final = "sessions.db"
FILE: Final = Path(project_folder.NAME, _NAME)
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

_NUMBER: Final = (int, float)
_ENTRY_TYPES: Final = (*[str] * 6, *[_NUMBER] * 3, int, int)
_TURN_TYPES: Final = (_NUMBER, _NUMBER, int, int, str, (bytes, type(None)), (bytes, type(None)))

Outcome = Literal["answered", "failed", "broken", "interrupted", "timed out"]


class LedgerError(AgentcoreError):
    """The ledger can't be read or written; whoever only wanted to note something down goes on without."""


class LedgerKey(NamedTuple):
    """What a session is found by: an id means nothing outside its runtime and endpoint."""

    arn: str
    endpoint: str
    session_id: str


class LedgerEntry(NamedTuple):
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
    def key(self) -> LedgerKey:
        return LedgerKey(self.arn, self.endpoint, self.session_id)


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
        self._root = root
        self._path = root / FILE

    def record(
        self, key: LedgerKey, turn: Turn, *, target: str, agent: str, name: str, is_new_life: Expiry
    ) -> LedgerEntry | None:
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

    def sessions(self, arn: str) -> list[LedgerEntry]:
        """Those of one runtime, the last used first."""
        if not self._exists():
            return []
        with self._opened(to_read=True) as database:
            rows = database.execute("SELECT * FROM sessions WHERE arn = ? ORDER BY last_used DESC", (arn,))
            return [_entry_of(row) for row in rows]

    def turns(self, key: LedgerKey) -> list[Turn]:
        """What was said in a session, oldest first."""
        if not self._exists():
            return []
        with self._opened(to_read=True) as database:
            columns = "at, seconds, sent, received, outcome, request, answer"
            rows = database.execute(f"SELECT {columns} FROM turns WHERE {_KEY} ORDER BY at", key._asdict())
            return [_turn_of(row) for row in rows]

    def stopped(self, key: LedgerKey) -> None:
        """Note down that a session was ended by us."""
        if self._exists():
            with self._opened() as database:
                database.execute(f"UPDATE sessions SET stopped = 1 WHERE {_KEY}", key._asdict())

    def _exists(self) -> bool:
        """Raises InputError where the file, or the folder around it, is a link."""
        try:
            return project_folder.vetted(self._root, _NAME).exists()
        except OSError:
            return False

    @contextmanager
    def _opened(self, *, to_read: bool = False) -> Iterator[sqlite3.Connection]:
        """The database; `to_read`: a copy of it where the project can't be written to."""
        with ExitStack() as held:
            try:
                project_folder.vetted(self._root, _NAME)
                database = held.enter_context(closing(self._open()))
            except (sqlite3.Error, OSError) as error:
                if not to_read:
                    raise self._fault(error) from error
                database = held.enter_context(self._copied())
            try:
                yield database
            except sqlite3.Error as error:
                raise self._fault(error) from error

    @contextmanager
    def _copied(self) -> Iterator[sqlite3.Connection]:
        """SQLite writes beside a database to read it, so one that may not be written is read elsewhere."""
        try:
            with tempfile.TemporaryDirectory(prefix="agentcore-") as folder:
                for beside in ("", "-wal"):
                    if (source := self._path.with_name(_NAME + beside)).exists():
                        shutil.copyfile(source, Path(folder, _NAME + beside))
                with closing(sqlite3.connect(Path(folder, _NAME), isolation_level=None)) as database:
                    yield database
        except OSError as error:
            raise self._fault(error) from error

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
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
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


class Expiry(NamedTuple):
    """Whether a session that was used before must have ended by the time `at`, by its runtime's timeouts (seconds).

    `is_first` is what the runtime itself says, None where it doesn't.
    """

    at: float
    idle_timeout: float
    max_lifetime: float
    is_first: bool | None = None

    def __call__(self, before: LedgerEntry) -> bool:
        if self.is_first is not None:
            return self.is_first
        return before.stopped or self.has_outlived(before) or self.was_idle(before)

    def has_outlived(self, before: LedgerEntry) -> bool:
        return self.at - before.started_at > self.max_lifetime

    def was_idle(self, before: LedgerEntry) -> bool:
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


def _entry(database: sqlite3.Connection, key: LedgerKey) -> LedgerEntry | None:
    row = database.execute(f"SELECT * FROM sessions WHERE {_KEY}", key._asdict()).fetchone()
    return _entry_of(row) if row else None


def _entry_of(row: tuple[Any, ...]) -> LedgerEntry:
    """Raises sqlite3.DataError for values of other types: SQLite takes anything in any column."""
    _check(row, _ENTRY_TYPES)
    entry = LedgerEntry(*row)
    return entry._replace(stopped=bool(entry.stopped))


def _turn_of(row: tuple[Any, ...]) -> Turn:
    """Raises as `_entry_of`."""
    _check(row, _TURN_TYPES)
    return Turn(*row)


def _check(row: tuple[Any, ...], types: tuple[Any, ...]) -> None:
    for value, kind in zip(row, types, strict=True):
        if not isinstance(value, kind) or (isinstance(value, float) and not math.isfinite(value)):
            raise sqlite3.DataError("holds what agentcore has not written")


def _forget(database: sqlite3.Connection, before: float) -> None:
    database.execute("DELETE FROM sessions WHERE last_used < ?", (before,))
    database.execute("DELETE FROM turns WHERE at < ?", (before,))
