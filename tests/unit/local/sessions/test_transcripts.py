"""What is said in sessions is kept while somebody may look, and within bounds."""

from __future__ import annotations

from typing import Any

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http.recorded_turn import KEPT_MAX, RecordedTurn
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.sessions.transcripts import BYTES_MAX, TURNS_MAX, Transcripts
from tests.fakes.local_server import Body, Caller


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def request(*pieces: bytes) -> Request:
    scope: dict[str, Any] = {"method": "POST", "raw_path": b"/x", "query_string": b"", "headers": [], "type": "http"}
    return Request(scope, Body(*pieces), Caller())


class Spoken:
    """A session, as far as transcripts know it."""

    turns: Any = None


async def turn(transcripts: Transcripts, session: Spoken, said: bytes, answer: bytes) -> RecordedTurn | None:
    """One call, as the data plane makes it."""
    asked = request(said)
    transcripts.overhear(asked)
    assert await asked.body(10_000_000).all() == said
    if asked.turn is not None:
        transcripts.add(session, asked.turn)  # type: ignore[arg-type]  # see `Spoken`
    await asked.send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await asked.send({"type": "http.response.body", "body": answer, "more_body": False})
    if asked.turn is not None:
        transcripts.ended(asked.turn)
    return asked.turn


def of(transcripts: Transcripts, session: Spoken) -> Any:
    return transcripts.of(session)  # type: ignore[arg-type]  # see `Spoken`


async def test_nothing_is_kept_before_somebody_may_look() -> None:
    time = Time()
    transcripts, session = Transcripts(Clock(), time), Spoken()
    asked = request(b"a")
    receive, send = asked.receive, asked.send
    transcripts.overhear(asked)
    assert (asked.receive, asked.send, asked.turn) == (receive, send, None)
    transcripts.keep_for(10)
    assert await turn(transcripts, session, b"b", b"B") is not None
    time.now = 11
    assert await turn(transcripts, session, b"c", b"C") is None
    assert [each.payload for each in of(transcripts, session)] == ["b"]


async def test_a_turn_says_what_was_said_and_how_much_of_it_is_kept() -> None:
    transcripts, session = Transcripts(Clock(), Time()), Spoken()
    transcripts.keep_for(60)
    await turn(transcripts, session, b"short", b"\xff")
    await turn(transcripts, session, b"x" * (KEPT_MAX + 1), b"y" * KEPT_MAX)
    short, long = of(transcripts, session)
    assert (short.payload, short.answer, short.status, short.content_type) == ("short", "�", 200, "text/plain")
    assert (short.payload_bytes, short.answer_bytes, short.cut) == (5, 1, False)
    assert (len(long.payload), long.payload_bytes, long.answer_bytes) == (KEPT_MAX, KEPT_MAX + 1, KEPT_MAX)
    assert long.cut


async def test_the_newest_turns_stay() -> None:
    transcripts, session = Transcripts(Clock(), Time()), Spoken()
    transcripts.keep_for(60)
    for number in range(TURNS_MAX + 3):
        await turn(transcripts, session, b"%d" % number, b"")
    kept = [each.payload for each in of(transcripts, session)]
    assert (len(kept), kept[0]) == (TURNS_MAX, "3")


async def test_all_sessions_together_are_bounded() -> None:
    transcripts = Transcripts(Clock(), Time())
    transcripts.keep_for(600)
    sessions = [Spoken() for _ in range(20)]
    for number in range(BYTES_MAX // KEPT_MAX // 2 + 2):
        await turn(transcripts, sessions[number % 20], b"x" * KEPT_MAX, b"y" * KEPT_MAX)
    assert sum(each.size for session in sessions for each in session.turns) <= BYTES_MAX
    oldest, newest = of(transcripts, sessions[0])[0], of(transcripts, sessions[1])[-1]
    assert (oldest.payload, oldest.payload_bytes, oldest.cut) == ("", KEPT_MAX, True)
    assert len(newest.payload) == KEPT_MAX


def test_a_session_holds_none_at_first() -> None:
    assert Session.__dataclass_fields__["turns"].default is None
