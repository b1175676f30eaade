"""Ids of events. They name the place of the event in its session: newest first is by moment, then by number."""

from __future__ import annotations


def event_id(ms: int, seq: int) -> str:
    """The moment of the event, and which of that moment's it is: ids sort as the events do."""
    return f"{ms:019d}#{seq:08x}"


def place_of(id: str) -> tuple[int, int]:
    """The moment, in milliseconds, and the number of an event's id; of one that can't be, no event's."""
    ms, _, seq = id.partition("#")
    if len(ms) > 19 or len(seq) > 15:
        return -1, -1
    return int(ms), int(seq, 16)
