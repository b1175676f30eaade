"""Memory's tables, in a file of their own.

The words of each memory's records are in a full-text index of their own, `words_<number>` (see `words`), so that one
memory's search knows nothing of another's records, and goes with its memory at once.
"""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final = (
    """
    CREATE TABLE memories (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, region TEXT NOT NULL, name TEXT NOT NULL,
        expiry_days INTEGER NOT NULL, status TEXT NOT NULL, settles_at REAL NOT NULL,
        created_at REAL NOT NULL, updated_at REAL NOT NULL, body TEXT NOT NULL, tags TEXT NOT NULL
    );
    CREATE TABLE actors (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, memory INTEGER NOT NULL, actor TEXT NOT NULL, UNIQUE (memory, actor)
    );
    CREATE INDEX actors_newest ON actors (memory);
    CREATE TABLE sessions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, actor INTEGER NOT NULL, session TEXT NOT NULL,
        created_at REAL NOT NULL, UNIQUE (actor, session)
    );
    CREATE INDEX sessions_newest ON sessions (actor);
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, memory INTEGER NOT NULL, session INTEGER NOT NULL, ms INTEGER NOT NULL,
        stamp REAL NOT NULL, expires_at REAL NOT NULL, branch TEXT NOT NULL, metadata TEXT, payload TEXT NOT NULL
    );
    CREATE INDEX events_newest ON events (session, ms, seq);
    CREATE INDEX events_of_branch ON events (session, branch, ms, seq);
    CREATE INDEX events_by_age ON events (memory, expires_at);
    CREATE TABLE branches (
        session INTEGER NOT NULL, name TEXT NOT NULL, root TEXT, parent TEXT, PRIMARY KEY (session, name)
    );
    CREATE TABLE tokens (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, token TEXT NOT NULL, parameters TEXT NOT NULL,
        answer TEXT NOT NULL, created_at REAL NOT NULL, UNIQUE (scope, token)
    );
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, memory INTEGER NOT NULL,
        namespace TEXT NOT NULL, strategy TEXT NOT NULL, text TEXT NOT NULL, metadata TEXT, stamp REAL NOT NULL,
        created_at REAL NOT NULL, expires_at REAL, source TEXT
    );
    CREATE INDEX records_newest ON records (memory, namespace, seq);
    CREATE INDEX records_of_memory ON records (memory, seq);
    CREATE INDEX records_of_source ON records (memory, strategy, source) WHERE source IS NOT NULL;
    CREATE INDEX records_by_age ON records (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE tallies (memory INTEGER PRIMARY KEY, records INTEGER NOT NULL);
    CREATE TABLE vectors (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, memory INTEGER NOT NULL, record INTEGER NOT NULL UNIQUE,
        vector BLOB NOT NULL
    );
    CREATE INDEX vectors_of_memory ON vectors (memory, seq);
    CREATE TABLE pending (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, event INTEGER NOT NULL, variables TEXT NOT NULL, strategy TEXT
    );
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, memory INTEGER NOT NULL, strategy TEXT NOT NULL,
        event INTEGER NOT NULL, event_id TEXT NOT NULL, variables TEXT NOT NULL, session TEXT NOT NULL,
        actor TEXT NOT NULL, reason TEXT NOT NULL
    );
    CREATE INDEX jobs_of_memory ON jobs (memory);
    """,
    """
    ALTER TABLE pending ADD COLUMN by_file INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX pending_by_file ON pending (by_file, seq);
    """,
)
