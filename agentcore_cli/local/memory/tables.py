"""Memory's tables. The file is its own; each room of it says what it needs of them in SQL."""

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
        stamp REAL NOT NULL, created_at REAL NOT NULL, branch TEXT NOT NULL, metadata TEXT, payload TEXT NOT NULL
    );
    CREATE INDEX events_newest ON events (session, ms, seq);
    CREATE INDEX events_of_branch ON events (session, branch, ms, seq);
    CREATE INDEX events_by_age ON events (memory, created_at);
    CREATE TABLE branches (
        session INTEGER NOT NULL, name TEXT NOT NULL, root TEXT, parent TEXT, PRIMARY KEY (session, name)
    );
    CREATE TABLE tokens (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, token TEXT NOT NULL, parameters TEXT NOT NULL,
        answer TEXT NOT NULL, created_at REAL NOT NULL, UNIQUE (scope, token)
    );
    """,
)
