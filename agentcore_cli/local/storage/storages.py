"""The account of all session storage: which is whose, until when it holds, and what has to go."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import SandboxError, Storage, StorageMeans, account
from agentcore_cli.local.sandbox.trees import remove_tree
from agentcore_cli.local.storage import images
from agentcore_cli.local.storage.kept import Kept, Whose
from agentcore_cli.local.storage.reserve import Reserve
from agentcore_cli.local.storage.usage import BYTES_MAX, measure
from agentcore_cli.local.storage.watch import StorageWatch
from agentcore_cli.local.store import Database

IDLE_SECONDS_MAX: Final = 14 * 86_400  # without a call (runtime-filesystem-configurations)
_START_BYTES_MAX: Final = 2 * BYTES_MAX  # to be made smaller, a folder that holds too much must be seen once more
_IMAGE: Final = "image"
_FOLDER: Final = "files"
_MIGRATIONS: Final = (
    """
    CREATE TABLE storages (
        name TEXT PRIMARY KEY,
        runtime_id TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        session_id TEXT NOT NULL,
        version TEXT NOT NULL,
        used_at REAL NOT NULL,
        UNIQUE (runtime_id, endpoint, session_id)
    );
    """,
)

_log = logging.getLogger(__name__)


class Storages:
    """Everything but the work on disks runs on the server's event loop."""

    def __init__(
        self, home: Home, clock: Clock, too_much: Callable[[Kept, str], None], reserve: Reserve | None = None
    ) -> None:
        """`too_much` is told of a storage that holds too much, and in what: as a folder, or for the disk."""
        self._root = home.storage
        self._clock = clock
        # Durable: a removal that a power cut takes back would give a storage to a successor.
        self._store = Database(home.database)
        self._store.migrate("storages", _MIGRATIONS)
        self._times = Database(home.database, durable=False)  # when one was used last may be lost with the power
        self._open: set[str] = set()
        self._mounts: dict[str, int] = {}
        self._moved: dict[tuple[str, str], str] = {}
        self._reserve = reserve or Reserve(home.storage)
        self._watch = StorageWatch(self._reserve, too_much, self._size_of_image)
        self._removals: set[asyncio.Task[None]] = set()

    def sweep(self) -> None:
        """When the server starts: remove what has no line in the account, and what has been idle for too long."""
        self.expire()
        known = {name for (name,) in self._store.all("SELECT name FROM storages")}
        for folder in self._root.iterdir():
            if folder.name not in known:
                self._remove(folder)

    async def open(self, whose: Whose, place: str, means: StorageMeans) -> Kept:
        """The storage of a session that is about to start: what its predecessor left if that still holds, else empty.

        Raises SandboxError when it can't be made, or its predecessor's end can't be waited out.
        """
        self.expire()
        name = self._holding(whose)
        if not (self._root / name).exists() and (refusal := self._reserve.refusal):
            self._strike("SELECT name FROM storages WHERE name = ?", name)
            raise SandboxError(f"session storage can't be made: {refusal}")
        self._open.add(name)
        try:
            storage, held = await asyncio.to_thread(_ready, self._root / name, place, means)
        except OSError as error:
            self._open.discard(name)
            raise SandboxError(f"session storage can't be made: {error}") from error
        except SandboxError:
            self._open.discard(name)
            raise
        kept = Kept(name, whose, storage)
        self._watch.add(kept, held)
        return kept

    def mounted(self, kept: Kept, mount: int) -> None:
        """It is mounted: `mount` is a descriptor that tells how full it is, the account's from now on."""
        self._mounts[kept.name] = mount

    def size(self, kept: Kept) -> int | None:
        """How many bytes it holds, as far as is known: a folder is measured now and then."""
        return self._size_of_image(kept) if kept.storage.is_image else self._watch.size(kept)

    def _size_of_image(self, kept: Kept) -> int | None:
        if (mount := self._mounts.get(kept.name)) is None:
            return None
        full = os.fstatvfs(mount)
        return (full.f_blocks - full.f_bfree) * full.f_frsize

    async def close(self, kept: Kept, used_at: float) -> None:
        """The session has ended, was called last at `used_at`; when this returns all that it wrote is kept."""
        if (mount := self._mounts.pop(kept.name, None)) is not None:
            os.close(mount)
        self._watch.remove(kept)
        if kept.storage.is_image:
            await asyncio.to_thread(images.released, kept.storage.source)
        self._open.discard(kept.name)
        self._times.execute("UPDATE storages SET used_at = ? WHERE name = ?", used_at, kept.name)
        runtime_id, endpoint, _, version = kept.whose
        if self._moved.get((runtime_id, endpoint), version) != version:  # its session began while the endpoint moved
            self._store.execute("DELETE FROM storages WHERE name = ?", kept.name)
        if self._store.one("SELECT name FROM storages WHERE name = ?", kept.name) is None:
            self._remove(self._root / kept.name)

    def moved(self, runtime_id: str, endpoint: str, version: str) -> None:
        """The endpoint has another version now: what belongs to others is no session's any more.

        One that lives on an earlier version keeps its own until it ends.
        """
        self._moved[runtime_id, endpoint] = version
        query = "SELECT name FROM storages WHERE runtime_id = ? AND endpoint = ? AND version != ?"
        self._strike(query, runtime_id, endpoint, version)

    async def forget(self, runtime_id: str, endpoint: str | None = None) -> None:
        """Runtime or endpoint are deleted, and their sessions have ended: nothing is left when this returns."""
        query = "SELECT name FROM storages WHERE runtime_id = ? AND endpoint = coalesce(?, endpoint)"
        self._strike(query, runtime_id, endpoint)
        await self.wait()

    def expire(self) -> None:
        """Strike what was not used for 14 days, by the clock."""
        self._strike("SELECT name FROM storages WHERE used_at < ?", self._clock.now() - IDLE_SECONDS_MAX)

    async def wait(self) -> None:
        """Return when what was struck is removed."""
        while self._removals:
            await asyncio.wait(self._removals)

    async def shut(self) -> None:
        """The server ends; what is not removed yet its successor finds."""
        self._watch.close()
        await self.wait()
        self._times.close()
        self._store.close()

    def _holding(self, whose: Whose) -> str:
        """The name of the storage that is this session's, from the account."""
        runtime_id, endpoint, session_id, version = whose
        key = (runtime_id, endpoint, session_id)
        of_key = "FROM storages WHERE runtime_id = ? AND endpoint = ? AND session_id = ?"
        self._strike(f"SELECT name {of_key} AND version != ?", *key, version)
        now = self._clock.now()
        if row := self._store.one(f"SELECT name {of_key}", *key):
            self._times.execute("UPDATE storages SET used_at = ? WHERE name = ?", now, row[0])
            return str(row[0])
        name = secrets.token_hex(16)
        self._store.execute("INSERT INTO storages VALUES (?, ?, ?, ?, ?, ?)", name, *key, version, now)
        return name

    def _strike(self, query: str, *values: object) -> None:
        """Take out of the account what the query names, first of all; then its folders, but of those in use."""
        names = [str(name) for (name,) in self._store.all(query, *values)]
        if not names:
            return
        with self._store.transaction():
            for name in names:
                self._store.execute("DELETE FROM storages WHERE name = ?", name)
        for name in names:
            if name not in self._open:
                self._remove(self._root / name)

    def _remove(self, folder: Path) -> None:
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(_remove, folder))
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)


def _ready(folder: Path, place: str, means: StorageMeans) -> tuple[Storage, int]:
    """What is in the folder of a storage, made if it is new; with what it holds, if that is not the kernel's to know.

    Blocking. Raises SandboxError, OSError.
    """
    image, files = folder / _IMAGE, folder / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    if means.is_image and not files.exists():
        if not image.exists():
            images.make(image, means.owner, is_anybodys=means.is_anybodys)
        if not images.released(image):
            raise SandboxError("session storage can't be mounted: the session before still has it")
        return Storage(image, True, place), 0
    if image.exists():
        raise SandboxError(f"session storage can't be mounted: {means.reason}")
    files.mkdir(mode=0o755, exist_ok=True)
    account.give(files, means.owner)
    if means.is_anybodys:
        files.chmod(0o777)
    held = measure(files, _START_BYTES_MAX)
    if held.excess:
        raise SandboxError(
            f"session storage holds too much, {held.excess}: another session id, or a new version, begins with none"
        )
    return Storage(files, False, place), held.bytes


def _remove(folder: Path) -> None:
    try:
        remove_tree(folder)
    except OSError:
        _log.exception("%s could not be removed", folder)
