"""The tables of the traces.

A *part* is what one session did in one trace; a session writes to its own parts alone. A part that a call led to
belongs to whoever called: one by a session `hangs` below that session's part, one from outside is a trace's beginning.
A part that no call led to (an agent whose framework begins traces of its own) hangs below the call that it began in,
if the session had one then and no other at that time; else it is a trace of its own.
"""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final = (
    """
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        arn TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        session TEXT NOT NULL,
        bytes INTEGER NOT NULL DEFAULT 0,
        UNIQUE (arn, endpoint, session)
    );
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        trace TEXT NOT NULL,
        session INTEGER NOT NULL REFERENCES sessions (id),
        hangs INTEGER REFERENCES parts (id) ON DELETE CASCADE,
        is_called INTEGER NOT NULL DEFAULT 0,
        seen REAL NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        spans INTEGER NOT NULL DEFAULT 0,
        dropped INTEGER NOT NULL DEFAULT 0,
        errors INTEGER NOT NULL DEFAULT 0,
        input INTEGER NOT NULL DEFAULT 0,
        output INTEGER NOT NULL DEFAULT 0,
        tools INTEGER NOT NULL DEFAULT 0,
        models TEXT NOT NULL DEFAULT '',
        bytes INTEGER NOT NULL DEFAULT 0,
        UNIQUE (trace, session)
    );
    CREATE INDEX parts_of_sessions ON parts (session, started);
    CREATE INDEX parts_that_hang ON parts (hangs);
    CREATE INDEX parts_by_time ON parts (seen);
    CREATE TABLE calls (
        span TEXT PRIMARY KEY,
        part INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
        session INTEGER NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER NOT NULL
    );
    CREATE INDEX calls_of_parts ON calls (part);
    CREATE INDEX calls_of_sessions ON calls (session, started);
    CREATE TABLE origins (id INTEGER PRIMARY KEY, body BLOB NOT NULL UNIQUE);
    CREATE TABLE spans (
        part INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
        span TEXT NOT NULL,
        origin INTEGER NOT NULL,
        started INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (part, span)
    );
    CREATE TABLE records (
        part INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
        span TEXT NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX records_of_parts ON records (part);
    """,
)
