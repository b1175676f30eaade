"""How long what a broker said counts, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from agentcore_cli.local.programs.brokers import FAULT_SECONDS, KEEP_SECONDS, LAST_SECONDS, Brokers, Keys, NoKeys
from agentcore_cli.local.protocol import CredentialSource

SOURCE = CredentialSource({}, "/")


@dataclass
class Machine:
    """Answers a search for credentials after `takes` seconds of its own clock."""

    takes: float
    found: Keys | None = None
    now: float = 100.0
    searches: int = 0
    brokers: Brokers = field(init=False)

    def __post_init__(self) -> None:
        self.brokers = Brokers(self._resolve, lambda: self.now)

    async def _resolve(self, source: CredentialSource) -> Keys:
        assert source == SOURCE
        self.searches += 1
        self.now += self.takes
        if self.found is None:
            raise NoKeys("the login has ended")
        return self.found

    def ask(self) -> Keys:
        return asyncio.run(self.brokers.keys("bot", SOURCE))


@pytest.mark.parametrize(("takes", "counts"), [(0.5, FAULT_SECONDS), (7.0, 7.0)], ids=["at once", "a slow machine"])
def test_a_fault_counts_as_long_as_it_took_to_be_found(takes: float, counts: float) -> None:
    """Who asked meanwhile and gave up waiting asks again: it is told, and does not wait for another search."""
    machine = Machine(takes)
    for passes in (0.0, counts - 0.1):
        machine.now += passes
        with pytest.raises(NoKeys, match="the login has ended"):
            machine.ask()
    assert machine.searches == 1
    machine.now += 0.2
    machine.found = Keys("AKIA", "placeholder", "", None)
    assert machine.ask() == machine.found
    assert machine.searches == 2


def test_keys_without_an_end_are_asked_for_again_after_a_while() -> None:
    machine = Machine(0.0, Keys("AKIA", "placeholder", "", None))
    for passes, searches in ((0.0, 1), (KEEP_SECONDS - 1, 1), (2.0, 2)):
        machine.now += passes
        machine.ask()
        assert machine.searches == searches


@pytest.mark.parametrize(
    ("left", "searches"), [(LAST_SECONDS + 30, 1), (LAST_SECONDS - 1, 2), (-1, 2)], ids=["good", "about to end", "over"]
)
def test_keys_that_end_before_they_are_used_are_given_to_nobody(left: float, searches: int) -> None:
    machine = Machine(0.0, Keys("AKIA", "placeholder", "", time.time() + left))
    machine.ask()
    machine.ask()
    assert machine.searches == searches


def test_keys_that_are_about_to_end_serve_to_it_when_no_others_are_found() -> None:
    machine = Machine(0.0, Keys("AKIA", "placeholder", "", time.time() + LAST_SECONDS - 1))
    first, machine.found = machine.ask(), None
    assert machine.ask() == first
