"""Whose connections make room, and when."""

from __future__ import annotations

from agentcore_cli.local.http.strangers import Strangers


class Connection:
    def __init__(self, strangers: Strangers, *, silent: bool = True) -> None:
        self.silent = silent
        self.open = True
        strangers.came(self)

    def hang_up(self) -> None:
        self.open = False


def test_a_session_has_some_connections_and_the_silent_ones_make_room_for_the_next() -> None:
    there = Strangers(most=10, most_of_a_session=2)
    busy, silent, third, other = (Connection(there, silent=silent) for silent in (False, True, True, True))
    for one in (busy, silent, third):
        there.belongs(one, "hostile")
    there.belongs(other, "another")
    assert [one.open for one in (busy, silent, third, other)] == [True, False, True, True]
    assert len(there) == 0


def test_a_session_whose_connections_are_all_at_work_gets_no_more() -> None:
    there = Strangers(most=10, most_of_a_session=1)
    first, second = Connection(there, silent=False), Connection(there, silent=False)
    for one in (first, second, first):
        there.belongs(one, "hostile")
    assert (first.open, second.open) == (True, False)


def test_without_a_descriptor_left_strangers_go_first_then_those_of_the_session_that_has_most() -> None:
    there = Strangers(most=10, most_of_a_session=10)
    many, few = [Connection(there) for _ in range(3)], Connection(there)
    for one in many:
        there.belongs(one, "hostile")
    there.belongs(few, "honest")
    stranger, newest = Connection(there), Connection(there)
    assert there.make_room()
    assert (stranger.open, newest.open, [one.open for one in many]) == (False, True, [True] * 3)
    there.gone(newest)  # it is the owner's
    assert there.make_room()
    assert ([one.open for one in many], few.open, newest.open) == ([False, True, True], True, True)
    for one in (*many[1:], few):
        there.gone(one)
    assert not there.make_room()
