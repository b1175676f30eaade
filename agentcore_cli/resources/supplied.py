"""What the config or the command line names and somebody else made."""

from __future__ import annotations

from typing import Protocol

from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work


class Supplied(Protocol):
    """A resource that is looked at and used as it is, never changed and never deleted."""

    __slots__ = ()

    def read(self, recorded: JournalRecord | None) -> Found:
        """What is there, as it is. Raises InputError for one that can't be used."""

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired({})

    def apply(self, work: Work) -> Found:
        return self.read(None)

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: it is not ours."""
        return
