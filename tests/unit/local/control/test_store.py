"""The database: whole transactions or nothing, one owner, schema versions, and a full disk told as such."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.store import Database

FIRST = "CREATE TABLE notes (text TEXT); CREATE INDEX by_text ON notes (text);"
SECOND = "ALTER TABLE notes ADD COLUMN author TEXT"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    store = Database(tmp_path / "test.db")
    store.migrate("notes", [FIRST])
    yield store
    store.close()


def note(store: Database, text: str) -> None:
    with store.transaction():
        store.execute("INSERT INTO notes (text) VALUES (?)", text)


def notes(store: Database) -> list[str]:
    return [row[0] for row in store.all("SELECT text FROM notes ORDER BY rowid")]


def test_only_the_owner_can_read_the_files(store: Database) -> None:
    note(store, "private")
    files = sorted(store.path.parent.iterdir())
    assert [file.name for file in files] == ["test.db", "test.db-shm", "test.db-wal"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "open.db"
    path.touch(0o644)
    Database(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_transaction_that_fails_leaves_nothing(store: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), store.transaction():  # noqa: PT012 - two writes are the point
        store.execute("INSERT INTO notes (text) VALUES ('lost')")
        store.execute("INSERT INTO rooms VALUES ('notes', 1)")
    assert notes(store) == []
    note(store, "kept")
    assert notes(store) == ["kept"]


def test_errors_of_sql_come_through(store: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.execute("SELECT * FROM nowhere")


def test_a_full_disk_is_a_fault_of_the_service_and_changes_nothing(store: Database) -> None:
    note(store, "before")
    (pages,) = store.one("PRAGMA page_count") or (0,)
    store.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(ServiceFault, match=r"test\.db: .*full; nothing was changed") as refusal:
        note(store, "x" * 100_000)
    assert (refusal.value.status, refusal.value.type) == (500, "InternalServerException")
    assert notes(store) == ["before"]

    store.execute("PRAGMA max_page_count = 100000")
    note(store, "after")
    assert notes(store) == ["before", "after"]


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_a_durable_store_waits_for_the_disk(tmp_path: Path, durable: bool, level: int) -> None:
    store = Database(tmp_path / "test.db", durable=durable)
    assert store.one("PRAGMA synchronous") == (level,)
    assert store.one("PRAGMA journal_mode") == ("wal",)
    store.close()


def test_migrations_run_once_each_and_keep_the_data(store: Database) -> None:
    note(store, "old")
    store.migrate("notes", [FIRST, SECOND])
    store.migrate("notes", [FIRST, SECOND])
    assert store.all("SELECT text, author FROM notes") == [("old", None)]


def test_rooms_have_versions_of_their_own(store: Database) -> None:
    store.migrate("others", ["CREATE TABLE others (id INTEGER)", "ALTER TABLE others ADD COLUMN name TEXT"])
    assert store.all("SELECT * FROM rooms ORDER BY name") == [("notes", 1), ("others", 2)]


def test_a_migration_that_fails_leaves_the_version_before_it(store: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        store.migrate("notes", [FIRST, "CREATE TABLE more (id INTEGER); CREATE TABLE notes (again TEXT)"])
    assert store.one("SELECT version FROM rooms WHERE name = 'notes'") == (1,)
    assert store.one("SELECT name FROM sqlite_master WHERE name = 'more'") is None


def test_a_newer_database_is_refused_with_the_way_out(store: Database) -> None:
    store.migrate("notes", [FIRST, SECOND])
    with pytest.raises(AgentcoreError, match="written by a newer agentcore") as refusal:
        store.migrate("notes", [FIRST])
    assert "AGENTCORE_HOME" in (refusal.value.hint or "")


def test_a_file_that_is_no_database_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    path.write_bytes(b"half a state file, and then the power went" * 100)
    with pytest.raises(AgentcoreError, match=r"test\.db: not a database") as refusal:
        Database(path)
    assert str(path) in (refusal.value.hint or "")


def test_a_writer_waits_for_another_ones_transaction(store: Database) -> None:
    other = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO notes (text) VALUES ('first')")
    commit = threading.Timer(0.1, other.commit)
    commit.start()
    note(store, "second")
    commit.join()
    other.close()
    assert notes(store) == ["first", "second"]
