"""The control plane's tables: rows in, records out. No rule of the service is known here."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any, Final

import msgspec

from agentcore_cli.local.control.records import EndpointRecord, RuntimeRecord, Status, VersionRecord
from agentcore_cli.local.store import Database

MIGRATIONS: Final = (
    """
    CREATE TABLE runtimes (
        id TEXT NOT NULL UNIQUE, region TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
        removal TEXT, removal_reason TEXT, created_at REAL NOT NULL,
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, UNIQUE (region, name)
    );
    CREATE TABLE versions (
        runtime_id TEXT NOT NULL REFERENCES runtimes (id) ON DELETE CASCADE, number INTEGER NOT NULL,
        status TEXT NOT NULL, failure_reason TEXT, body TEXT NOT NULL, created_at REAL NOT NULL,
        updated_at REAL NOT NULL, PRIMARY KEY (runtime_id, number)
    );
    CREATE INDEX versions_in_removal ON versions (status) WHERE status = 'DELETING';
    CREATE TABLE endpoints (
        runtime_id TEXT NOT NULL REFERENCES runtimes (id) ON DELETE CASCADE, name TEXT NOT NULL, id TEXT NOT NULL,
        live_version INTEGER, target_version INTEGER NOT NULL, status TEXT NOT NULL, failure_reason TEXT,
        description TEXT, created_at REAL NOT NULL, updated_at REAL NOT NULL,
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, UNIQUE (runtime_id, name)
    );
    CREATE TABLE tags (
        runtime_id TEXT NOT NULL REFERENCES runtimes (id) ON DELETE CASCADE, endpoint TEXT NOT NULL,
        key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (runtime_id, endpoint, key)
    );
    CREATE TABLE tokens (
        region TEXT NOT NULL, operation TEXT NOT NULL, token TEXT NOT NULL, runtime_id TEXT NOT NULL,
        parameters TEXT NOT NULL, answer TEXT NOT NULL, created_at REAL NOT NULL,
        PRIMARY KEY (region, operation, token)
    );
    """,
    """
    ALTER TABLE runtimes ADD COLUMN partition TEXT NOT NULL DEFAULT 'aws';
    ALTER TABLE runtimes ADD COLUMN account TEXT NOT NULL DEFAULT '000000000000';
    """,
    """
    CREATE TABLE policies (
        runtime_id TEXT NOT NULL REFERENCES runtimes (id) ON DELETE CASCADE, endpoint TEXT NOT NULL,
        policy TEXT NOT NULL, PRIMARY KEY (runtime_id, endpoint)
    );
    """,
)

# A runtime is in the state of its latest version, unless it is being removed.
_RUNTIME: Final = (
    "SELECT id, partition, account, region, name, version,"
    " coalesce(removal, status), coalesce(removal_reason, failure_reason), runtimes.created_at, updated_at, sequence"
    " FROM runtimes JOIN versions ON runtime_id = id AND number = version"
)
_VERSION: Final = "SELECT runtime_id, number, status, failure_reason, body, created_at, updated_at FROM versions"
_ENDPOINT: Final = (
    "SELECT runtime_id, name, id, live_version, target_version, status, failure_reason, description,"
    " created_at, updated_at, sequence FROM endpoints"
)


class Tables:
    """Queries over one Store. Writes belong inside the Store's transaction."""

    def __init__(self, store: Database) -> None:
        self.store = store
        store.migrate("control", MIGRATIONS)

    def runtime(self, runtime_id: str) -> RuntimeRecord | None:
        row = self.store.one(f"{_RUNTIME} WHERE id = ?", runtime_id)
        return RuntimeRecord(*row) if row else None

    def runtime_named(self, region: str, name: str) -> RuntimeRecord | None:
        row = self.store.one(f"{_RUNTIME} WHERE region = ? AND name = ?", region, name)
        return RuntimeRecord(*row) if row else None

    def runtimes(self, region: str, after: int, limit: int) -> list[RuntimeRecord]:
        """In the order of creation, those after a sequence number."""
        query = f"{_RUNTIME} WHERE region = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        return [RuntimeRecord(*row) for row in self.store.all(query, region, after, limit)]

    def regions(self) -> list[str]:
        return [row[0] for row in self.store.all("SELECT DISTINCT region FROM runtimes ORDER BY region")]

    def count_runtimes(self, region: str | None = None) -> int:
        [(count,)] = self.store.all("SELECT count(*) FROM runtimes WHERE ? IS NULL OR region = ?", region, region)
        return int(count)

    def add_runtime(self, runtime: RuntimeRecord) -> None:
        """The runtime alone; its first version follows in the same transaction."""
        self.store.execute(
            "INSERT INTO runtimes (id, partition, account, region, name, version, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(runtime.id, runtime.partition, runtime.account, runtime.region),
            *(runtime.name, runtime.version, runtime.created_at),
        )

    def mark_removal(self, runtime_id: str, status: Status, reason: str | None = None) -> None:
        """DELETING or DELETE_FAILED, over the status of any version."""
        self.store.execute(
            "UPDATE runtimes SET removal = ?, removal_reason = ? WHERE id = ?", status, reason, runtime_id
        )

    def raise_version(self, runtime_id: str, number: int) -> None:
        self.store.execute("UPDATE runtimes SET version = ? WHERE id = ?", number, runtime_id)

    def remove_runtime(self, runtime_id: str) -> None:
        """Everything of it goes, except that a delete with a token it has seen stays answered."""
        self.store.execute("DELETE FROM runtimes WHERE id = ?", runtime_id)
        self.store.execute("DELETE FROM tokens WHERE runtime_id = ? AND operation NOT LIKE 'Delete%'", runtime_id)

    def version(self, runtime_id: str, number: int) -> VersionRecord | None:
        row = self.store.one(f"{_VERSION} WHERE runtime_id = ? AND number = ?", runtime_id, number)
        return _version(row) if row else None

    def versions(self, runtime_id: str, after: int, limit: int) -> list[VersionRecord]:
        query = f"{_VERSION} WHERE runtime_id = ? AND number > ? ORDER BY number LIMIT ?"
        return [_version(row) for row in self.store.all(query, runtime_id, after, limit)]

    def count_versions(self, runtime_id: str) -> int:
        [(count,)] = self.store.all("SELECT count(*) FROM versions WHERE runtime_id = ?", runtime_id)
        return int(count)

    def code_keys(self) -> list[str]:
        """The code of every version of every runtime, in all regions."""
        path = "$.agentRuntimeArtifact.codeConfiguration.code.s3.prefix"
        rows = self.store.all("SELECT DISTINCT json_extract(body, ?) FROM versions", path)
        return [row[0] for row in rows if row[0]]

    def add_version(self, version: VersionRecord) -> None:
        body = msgspec.json.encode(version.body).decode()
        self.store.execute(
            "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(version.runtime_id, version.number, version.status, version.failure_reason),
            *(body, version.created_at, version.updated_at),
        )

    def move_version(
        self, runtime_id: str, number: int, status: Status, now: float, *, reason: str | None = None
    ) -> None:
        self.store.execute(
            "UPDATE versions SET status = ?, failure_reason = ?, updated_at = ? WHERE runtime_id = ? AND number = ?",
            *(status, reason, now, runtime_id, number),
        )

    def remove_version(self, runtime_id: str, number: int) -> None:
        self.store.execute("DELETE FROM versions WHERE runtime_id = ? AND number = ?", runtime_id, number)

    def endpoint(self, runtime_id: str, name: str) -> EndpointRecord | None:
        row = self.store.one(f"{_ENDPOINT} WHERE runtime_id = ? AND name = ?", runtime_id, name)
        return EndpointRecord(*row) if row else None

    def endpoints(self, runtime_id: str, after: int = 0, limit: int = -1) -> list[EndpointRecord]:
        """In the order of creation; without a limit, all."""
        query = f"{_ENDPOINT} WHERE runtime_id = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        return [EndpointRecord(*row) for row in self.store.all(query, runtime_id, after, limit)]

    def add_endpoint(self, endpoint: EndpointRecord) -> None:
        values = astuple(endpoint)[:-1]
        self.store.execute("INSERT INTO endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", *values)

    def change_endpoint(self, endpoint: EndpointRecord) -> None:
        self.store.execute(
            "UPDATE endpoints SET live_version = ?, target_version = ?, status = ?, failure_reason = ?,"
            " description = ?, updated_at = ? WHERE runtime_id = ? AND name = ?",
            *(endpoint.live_version, endpoint.target_version, endpoint.status, endpoint.failure_reason),
            *(endpoint.description, endpoint.updated_at, endpoint.runtime_id, endpoint.name),
        )

    def remove_endpoint(self, runtime_id: str, name: str) -> None:
        self.store.execute("DELETE FROM endpoints WHERE runtime_id = ? AND name = ?", runtime_id, name)
        for table in ("tags", "policies"):
            self.store.execute(f"DELETE FROM {table} WHERE runtime_id = ? AND endpoint = ?", runtime_id, name)

    def runtimes_in_removal(self) -> list[str]:
        """The ids of the runtimes that are DELETING."""
        return [row[0] for row in self.store.all("SELECT id FROM runtimes WHERE removal = 'DELETING'")]

    def versions_in_removal(self) -> list[tuple[str, int]]:
        """Runtime id and number of the versions that are DELETING."""
        rows = self.store.all("SELECT runtime_id, number FROM versions WHERE status = 'DELETING'")
        return [(row[0], row[1]) for row in rows]

    def endpoints_in(self, *statuses: Status) -> list[EndpointRecord]:
        marks = ", ".join("?" * len(statuses))
        return [EndpointRecord(*row) for row in self.store.all(f"{_ENDPOINT} WHERE status IN ({marks})", *statuses)]


def _version(row: tuple[Any, ...]) -> VersionRecord:
    runtime_id, number, status, reason, body, created_at, updated_at = row
    return VersionRecord(runtime_id, number, status, reason, msgspec.json.decode(body), created_at, updated_at)
