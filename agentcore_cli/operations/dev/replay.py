"""What was said in a conversation, said again to other code: the turns, and where the answers differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentcore_cli.operations.invoke.chat import Chat


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """What was said, and what the agent answered."""

    said: str
    answered: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """One turn, numbered from 1, with the answer that it had and the one that it has now."""

    turn: int
    said: str
    before: str
    after: str

    @property
    def is_same(self) -> bool:
        return self.before == self.after

    @property
    def difference(self) -> str:
        """Line by line, those that went with - and those that came with +."""
        lines = difflib.ndiff(self.before.splitlines(), self.after.splitlines())
        return "\n".join(line for line in lines if line[:2] in ("- ", "+ "))


def replay(turns: Sequence[SaidTurn], talk: Chat) -> Iterator[Replayed]:
    """Say all of it in the session of `talk`. Raises what a turn raises."""
    for number, turn in enumerate(turns, 1):
        answer = "".join(part.words for part in talk.say(turn.said))
        yield Replayed(number, turn.said, turn.answered, answer)
