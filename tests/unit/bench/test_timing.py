"""Contestants are timed in turns, the first round is not counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.bench.timing import interleaved


def test_interleaved_takes_turns_and_drops_the_first_round() -> None:
    calls: list[str] = []
    ours, theirs = iter([100.0, 1.0, 2.0, 3.0]), iter([100.0, 7.0, 8.0, 9.0])

    def next_of(name: str, values: Iterator[float]) -> Callable[[], float]:
        def sample() -> float:
            calls.append(name)
            return next(values)

        return sample

    medians = interleaved({"ours": next_of("ours", ours), "theirs": next_of("theirs", theirs)}, rounds=3)

    assert medians == {"ours": 2.0, "theirs": 8.0}
    assert calls == ["ours", "theirs"] * 4
