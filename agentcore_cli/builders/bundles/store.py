"""The folders that bundles and environments live in, and what may be removed from them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli import shared_environments
from agentcore_cli.files import told_when_unusable

_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class BundleStore:
    """`artifacts` are those of one local runtime, `environments` are shared by all of a user's.

    Whoever builds holds it `in_use`, so that nobody sweeps meanwhile.
    """

    artifacts: Path
    environments: Path

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """From before something is built until something refers to it; many at once."""
        with _locked(self.artifacts, fcntl.LOCK_SH), _locked(self.environments, fcntl.LOCK_SH):
            yield

    def sweep(self, used: Collection[str]) -> None:
        """Remove the bundles whose digests are not in `used`, and environments that nobody has used for long.

        Does nothing while somebody builds: the next sweep finds the same again.
        """
        exclusive = fcntl.LOCK_EX | fcntl.LOCK_NB
        with suppress(BlockingIOError), _locked(self.artifacts, exclusive):
            self._remove_bundles(used)
        with suppress(BlockingIOError), _locked(self.environments, exclusive):
            shared_environments.prune(self.environments)

    def _remove_bundles(self, used: Collection[str]) -> None:
        for path in self.artifacts.iterdir():
            if path.name != _LOCK and path.stem not in used:
                path.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with told_when_unusable(folder, hint="set AGENTCORE_HOME to a folder of yours"):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
