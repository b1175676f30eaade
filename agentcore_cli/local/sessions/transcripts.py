"""What was said in the sessions that live, for the page: in memory, bounded, and only while a page may be looking."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Final

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http.recorded_turn import KEPT_MAX, RecordedTurn
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.protocol import TurnRecord
from agentcore_cli.local.sessions.session import Session

TURNS_MAX: Final = 200  # of a session
BYTES_MAX: Final = 64 * 1024 * 1024  # of all sessions; the texts of the oldest turns go first


class Transcripts:
    """`now` counts seconds for which they are kept; `clock` says when a turn was."""

    def __init__(self, clock: Clock, now: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._now = now
        self._until = now()
        self._ended: deque[tuple[weakref.ref[RecordedTurn], int]] = deque()  # with the bytes that each holds
        self._held = 0

    def keep_for(self, seconds: float) -> None:
        """Somebody may look at what is said from now on."""
        self._until = max(self._until, self._now() + seconds)

    def overhear(self, request: Request) -> None:
        """Remember what is said by this request and its answer, if anybody may look at it."""
        if self._now() < self._until:
            turn = request.turn = RecordedTurn(self._clock.now(), request.id)
            request.receive, request.send = turn.hearing(request.receive), turn.telling(request.send)

    def add(self, session: Session, turn: RecordedTurn) -> None:
        """It is a turn of this session."""
        if session.turns is None:
            session.turns = deque(maxlen=TURNS_MAX)
        session.turns.append(turn)

    def ended(self, turn: RecordedTurn) -> None:
        """All of it was said."""
        self._ended.append((weakref.ref(turn), turn.size))
        self._held += turn.size
        while self._held > BYTES_MAX:
            oldest, size = self._ended.popleft()
            self._held -= size
            if (forgotten := oldest()) is not None:
                forgotten.forget()

    def of(self, session: Session) -> tuple[TurnRecord, ...]:
        """The newest turns of a session, oldest first."""
        return tuple(map(_record, session.turns or ()))


def _record(turn: RecordedTurn) -> TurnRecord:
    return TurnRecord(
        at=turn.at,
        payload=turn.payload.data.decode(errors="replace"),
        answer=turn.answer.data.decode(errors="replace"),
        trace_id=turn.trace_id,
        status=turn.status,
        content_type=turn.content_type,
        request_id=turn.request_id,
        payload_bytes=turn.payload.size,
        answer_bytes=turn.answer.size,
        cut=turn.payload.size > len(turn.payload.data) or turn.answer.size > len(turn.answer.data),
        kept_bytes=KEPT_MAX,
    )
