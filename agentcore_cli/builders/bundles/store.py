"""The folders that bundles and environments live in, and what may be removed from them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli import documents
from agentcore_cli.files import told_when_unusable

_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class BundleStore:
    """Shared by all projects of a user. Whoever builds holds it `in_use`, so that nobody sweeps meanwhile."""

    artifacts: Path
    environments: Path

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """From before something is built until something refers to it; many at once."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def sweep(self, used: Collection[str]) -> None:
        """Remove the bundles whose digests are not in `used` and the environments that no other bundle names.

        Does nothing while somebody builds: the next sweep finds the same again.
        """
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._remove_bundles(used)
                self._remove_environments()
        except BlockingIOError:
            return

    def _remove_bundles(self, used: Collection[str]) -> None:
        for path in self.artifacts.iterdir():
            if path.name != _LOCK and path.stem not in used:
                path.unlink(missing_ok=True)

    def _remove_environments(self) -> None:
        named = {_environment_of(sidecar) for sidecar in self.artifacts.glob("*.json")}
        for path in self.environments.iterdir() if self.environments.is_dir() else ():
            if str(path) not in named:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with told_when_unusable(self.artifacts, hint="set AGENTCORE_HOME to a folder of yours"):
            self.artifacts.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.artifacts / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


def _environment_of(sidecar: Path) -> str | None:
    """The environment that a bundle runs in; a broken sidecar names none, and its bundle is made anew."""
    try:
        environment = documents.read(sidecar).get("environment")
    except (OSError, ValueError, AttributeError):
        return None
    return environment if isinstance(environment, str) else None
