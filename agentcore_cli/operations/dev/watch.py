"""Saves in a project: what belongs to its agents is watched, folder by folder, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agentcore_cli.builders.source import source
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.exclusions import IGNORE_FILE

TOGETHER_SECONDS: Final = 0.05  # saves that are no further apart make one version
_LOOK_MS: Final = 20  # how often the library looks whether the system has told of anything; it tells after two looks
_TURN_MS: Final = 1000


class SaveWatch:
    """What is saved in the folder `root`. `also` are files that count though they are not the agent's.

    Only folders with files of the agent are watched, so what the ignore file leaves out costs nothing.
    """

    def __init__(self, root: Path, also: frozenset[str], stopping: threading.Event) -> None:
        self._root = root
        self._also = also | {IGNORE_FILE}
        self._stopping = stopping

    def saves(self) -> Iterator[frozenset[str]]:
        """The paths in the project that were saved together, until the end. The first time nothing: it watches now.

        What was saved while folders were looked for again is told as a save of nothing.
        """
        while not self._stopping.is_set():
            yield from self._saves_in(self._folders())

    def _saves_in(self, folders: set[Path]) -> Iterator[frozenset[str]]:
        """Until the folders that are to be watched are others."""
        from watchfiles import watch

        told = watch(
            *folders,
            watch_filter=None,
            debounce=int(TOGETHER_SECONDS * 1000),
            step=_LOOK_MS,
            stop_event=self._stopping,
            rust_timeout=_TURN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )
        yield frozenset()
        gathered: set[str] = set()
        until = 0.0
        for changes in told:
            names = {self._name(path) for _, path in changes}
            found = {name for name in names if self._counts(name)}
            if found and not gathered:
                until = time.monotonic() + TOGETHER_SECONDS
            gathered |= found
            if not gathered:
                continue
            if (left := until - time.monotonic()) > 0:
                self._stopping.wait(left)
            yield frozenset(gathered)
            gathered.clear()
            if self._folders() != folders:
                return

    def _folders(self) -> set[Path]:
        try:
            return source.folders(self._root)
        except AgentcoreError:  # the next deploy says what is wrong with the files
            return {self._root}

    def _name(self, path: str) -> str:
        return Path(path).relative_to(self._root).as_posix()

    def _counts(self, name: str) -> bool:
        return name in self._also or source.goes_along(self._root, name)
