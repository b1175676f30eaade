"""The local runtime's database: one SQLite file in WAL mode, readable by its owner alone, that survives kill -9.

It knows transactions, durability and schema versions, and nothing of what the tables mean: each room brings its
own tables with `Database.migrate`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.http.wire import ServiceFault

BUSY_SECONDS: Final = 10.0  # how long a writer waits for another process's transaction
_FULL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_UNREADABLE: Final = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class Database:
    """One connection to the database, for the thread that made it.

    `durable` says what a commit promises: True, it outlives a power cut (an fsync each); False, it outlives the
    death of the process only, and costs a few microseconds.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        _create_private(path)
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            self._prepare(durable)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _cannot_open(path, error) from error

    def _prepare(self, durable: bool) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("CREATE TABLE IF NOT EXISTS rooms (name TEXT PRIMARY KEY, version INTEGER NOT NULL)")

    def migrate(self, room: str, steps: Sequence[str]) -> None:
        """Bring a room's tables to version `len(steps)`: each missing step, statements ended by `;`, in a transaction.

        A step once released is never changed, only followed. Raises AgentcoreError if the file was written by a
        newer version of the tool than this one.
        """
        row = self.one("SELECT version FROM rooms WHERE name = ?", room)
        at = row[0] if row else 0
        if at > len(steps):
            raise AgentcoreError(
                f"{self.path}: written by a newer agentcore ({room} is at {at}, this version knows {len(steps)})",
                hint="use that version, or set AGENTCORE_HOME to another folder",
            )
        for version, step in enumerate(steps[at:], start=at + 1):
            with self.transaction():
                for statement in filter(str.strip, step.split(";")):
                    self.execute(statement)
                self.execute("INSERT OR REPLACE INTO rooms VALUES (?, ?)", room, version)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing. When it ends, what was written survives kill -9.

        Raises ServiceFault (500) when the disk is full; nothing is half-written then.
        """
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run one statement. Raises ServiceFault (500) when the disk is full, sqlite3.Error for anything else."""
        try:
            return self._connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in _FULL:
                raise ServiceFault.internal(f"{self.path}: {error}; nothing was changed") from error
            raise

    def one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self.execute(query, *values).fetchone()
        return row

    def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.execute(query, *values).fetchall()

    @property
    def broken(self) -> bool:
        """Whether an error has ended the transaction that it happened in: some do so by themselves."""
        return not self._connection.in_transaction

    @property
    def changes(self) -> int:
        """How many rows this connection has changed: what was read holds for as long as that stays the same."""
        return self._connection.total_changes

    def close(self) -> None:
        self._connection.close()


def _create_private(path: Path) -> None:
    """Make the file before SQLite does: 0600, and its -wal and -shm files follow it.

    A file that exists is not opened here: closing it would drop the locks of this process's other connections.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        path.chmod(0o600)


def _cannot_open(path: Path, error: sqlite3.DatabaseError) -> AgentcoreError:
    if error.sqlite_errorcode in _UNREADABLE:
        return AgentcoreError(f"{path}: not a database: {error}", hint=f"move {path} away and deploy again")
    return AgentcoreError(f"{path}: cannot be opened: {error}", hint=f"see that {path.parent} can be written")
