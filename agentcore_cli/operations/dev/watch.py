"""Saves in a project: what its agents are made from is watched, folder by folder, and nothing else."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from agentcore_cli.builders.packages import local_packages
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.source import source
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.operations.dev.folder_events import FolderEvents

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

TOGETHER_SECONDS: Final = 0.05  # saves within so long of the first make one version
_LOOK_MS: Final = 20  # how often the library looks whether the system has told of anything; it tells after two looks
_LOOK_AGAIN_MS: Final = 2  # the same when there is, or soon may be, something
_TOLD_MS: Final = 20  # that the library has to hear of what we were woken for
_LEAST_SECONDS: Final = 0.001
_POLL_MS: Final = 300  # where the system tells of nothing
_TURN_SECONDS: Final = 1.0


class WatchedFiles:
    """What agents are made from: the files of the folder `root`, `also` of these names in it, and what `requirements`
    lead to, which may lie elsewhere.
    """

    def __init__(self, root: Path, also: Collection[str], requirements: Callable[[], Collection[str]]) -> None:
        self.root = root
        self._also = frozenset({*also, IGNORE_FILE})
        self._requirements = requirements
        self._required: frozenset[Path] = frozenset()

    def folders(self) -> set[Path]:
        """Where they lie: what the ignore file leaves out costs nothing."""
        self._required = self._required_now()
        try:
            own = source.folders(self.root)
        except AgentcoreError:  # the next deploy says what is wrong with it
            own = {self.root}
        return own | {path.parent for path in self._required if path.parent.is_dir()}

    def name(self, path: Path) -> str | None:
        """What a person calls one of them; None for what is none."""
        if path.is_relative_to(self.root):
            name = path.relative_to(self.root).as_posix()
            if name in self._also or self._goes_along(name):
                return name
        real = path.resolve()
        if real in self._required or real in self._required_now():
            return os.path.relpath(path, self.root)
        return None

    def _goes_along(self, name: str) -> bool:
        try:
            return source.goes_along(self.root, name)
        except AgentcoreError:  # the next deploy says what is wrong with the ignore file
            return True

    def _required_now(self) -> frozenset[Path]:
        """The files that say what is required, and those of local packages."""
        found: set[Path] = set()
        for name in self._requirements():
            try:
                required = Requirements(self.root, name)
                found.update(path.resolve() for path in required.files())
                for place in {*required.reading.places, *required.folders}:
                    inside = local_packages.files(place) if place.is_dir() else [(place.name, place)]
                    found.update(path.resolve() for _, path in inside)
            except (AgentcoreError, OSError):  # the next deploy says what is wrong with them
                found.add((self.root / name).resolve())
        return frozenset(found)


class Notices(Protocol):
    """What the system tells of some folders."""

    def within(self, seconds: float) -> set[str]:
        """The paths that have changed, when it is told of any; none after `seconds`, or when all is over."""

    def close(self) -> None: ...


class SystemNotices:
    """By `watchfiles`, asked when the system wakes us, and where it can't, again and again. Where there are no watches
    left to be had, files are compared instead.

    Raises FileNotFoundError for a folder that is gone.
    """

    def __init__(
        self,
        folders: Collection[Path],
        stopping: threading.Event,
        wake: Callable[[Collection[Path]], FolderEvents] = FolderEvents,
    ) -> None:
        polls = bool(os.environ.get("WATCHFILES_FORCE_POLLING"))
        self._library, polls = _library(sorted(map(str, folders)), polls=polls)
        self._stopping = stopping
        self._events: FolderEvents | None = None
        if not polls:
            with contextlib.suppress(OSError):  # then it is looked for as often as elsewhere
                self._events = wake(folders)

    def within(self, seconds: float) -> set[str]:
        if self._events is None:
            look = _LOOK_MS if seconds > TOGETHER_SECONDS else _LOOK_AGAIN_MS
            return self._ask(look, max(1, int(seconds * 1000)))
        return self._ask(_LOOK_AGAIN_MS, _TOLD_MS if self._events.wait(seconds) else 1)

    def close(self) -> None:
        self._library.close()
        if self._events is not None:
            self._events.close()

    def _ask(self, look: int, milliseconds: int) -> set[str]:
        told = self._library.watch(int(TOGETHER_SECONDS * 1000), look, milliseconds, self._stopping)
        return set() if isinstance(told, str) else {path for _, path in told}


def _library(folders: list[str], *, polls: bool) -> tuple[RustNotify, bool]:
    """What notices changes, and whether by polling. Parents come first: they tell of a child that is made anew."""
    from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError  # documented as what is below `watch`

    if not polls:
        with contextlib.suppress(OSError, WatchfilesRustInternalError):
            return RustNotify(folders, False, polls, _POLL_MS, False, False), False
    return RustNotify(folders, False, True, _POLL_MS, False, False), True


class SavedAgain(Exception):
    """More was saved that is one with it: what was made of it so far is old."""


class Save:
    """What was saved together, as far as it is known by now.

    What comes of it may be made ready at once; `be_whole` is said before it counts.
    """

    def __init__(self, root: Path, names: Iterable[str], more: Callable[[], Iterator[set[str]]]) -> None:
        """`more` waits until nothing is one with it any more, and gives what else is saved meanwhile."""
        self._root = root
        self._names = frozenset(names)
        self._more = more()

    @property
    def names(self) -> frozenset[str]:
        """The files, by their names in the project; editors write beside a file, and rename."""
        there = {name for name in self._names if (self._root / name).exists()}
        return frozenset(there) or self._names

    def be_whole(self) -> None:
        """Return when no other save is one with it, and none becomes so. Raises SavedAgain for each that is."""
        if found := next(self._more, None):
            self._names |= found
            raise SavedAgain


class SaveWatch:
    """Saves of `files`, until `stopping`. `now` is a clock in seconds, `age` says how long ago a file was saved."""

    def __init__(
        self,
        files: WatchedFiles,
        stopping: threading.Event,
        *,
        notices: Callable[[Collection[Path], threading.Event], Notices] = SystemNotices,
        now: Callable[[], float] = time.monotonic,
        age: Callable[[str], float] | None = None,
    ) -> None:
        self._files = files
        self._stopping = stopping
        self._notices = notices
        self._now = now
        self._age = age or _age
        self._folders: set[Path] = set()
        self._is_old = False

    def saves(self) -> Iterator[Save]:
        """What was saved together. The first time nothing: it watches now.

        What was saved while folders were looked for again is told as a save of nothing.
        """
        while not self._stopping.is_set():
            self._folders = self._files.folders()
            try:
                notices = self._notices(self._folders, self._stopping)
            except FileNotFoundError:  # gone since it was found, or the project itself
                self._stopping.wait(TOGETHER_SECONDS)
                continue
            with contextlib.closing(notices):
                self._is_old = self._files.folders() != self._folders
                if not self._is_old:
                    yield Save(self._files.root, (), lambda: iter(()))
                yield from self._saves_in(notices)

    def _saves_in(self, notices: Notices) -> Iterator[Save]:
        """Until the folders that are to be watched are others."""
        while not (self._is_old or self._stopping.is_set()):
            paths = self._within(notices, _TURN_SECONDS)
            if not (saved := self._named(paths)):
                continue
            until = self._now() + TOGETHER_SECONDS - max(map(self._age, paths))
            yield Save(self._files.root, saved, lambda until=until: self._more(notices, until))  # type: ignore[misc]
            self._is_old |= self._files.folders() != self._folders

    def _more(self, notices: Notices, until: float) -> Iterator[set[str]]:
        """What is saved `until` then; at least one look, for whoever comes late."""
        left = max(until - self._now(), _LEAST_SECONDS)
        while left > 0 and not self._stopping.is_set():
            if more := self._named(self._within(notices, left)):
                yield more
            left = until - self._now()

    def _within(self, notices: Notices, seconds: float) -> set[str]:
        """What has changed. A folder that is told of may be another one of that name, which nobody watches yet."""
        paths = notices.within(seconds)
        self._is_old |= not self._folders.isdisjoint(map(Path, paths))
        return paths

    def _named(self, paths: Collection[str]) -> set[str]:
        return {name for path in paths if (name := self._files.name(Path(path)))}


def _age(path: str) -> float:
    """The seconds since a file was saved, as far as its time is to be believed: it is told of soon."""
    try:
        age = time.time() - os.stat(path).st_mtime
    except OSError:
        return 0.0
    return min(max(age, 0.0), 2 * _LOOK_MS / 1000)
