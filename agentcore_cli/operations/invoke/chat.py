"""A conversation: one session, one turn after another."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentcore_cli import names
from agentcore_cli.errors import NotFoundError
from agentcore_cli.formats.speech import Speech, spoken
from agentcore_cli.formats.sse import ServerSentEvent, SseParser
from agentcore_cli.operations.destination import Destination
from agentcore_cli.operations.invoke.invoke import Invocation, InvokeRequest, check, invoke, wording
from agentcore_cli.operations.invoke.payload import Payload, payload_of
from agentcore_cli.operations.sessions.known import note_stopped

_STOP_SECONDS = 60.0
_NOTHING = Payload(b"{}", "application/json")


@dataclass(frozen=True, slots=True)
class Said:
    """A part of an answer: `words` for a person, and the event of a stream that they came in.

    `whole` is the answer of an agent that doesn't stream.
    """

    words: str
    event: ServerSentEvent | None = None
    whole: object = None


@dataclass(slots=True)
class Chat:
    """`manner` is what every turn has in common: user, headers, token, timeout."""

    destination: Destination
    session: str = field(default_factory=names.new_session_id)
    manner: InvokeRequest = field(default_factory=lambda: InvokeRequest(_NOTHING))
    turns: int = 0
    last: Invocation | None = None
    news: str | None = None

    def check(self) -> None:
        """Raises InputError for what no turn could be sent with."""
        check(self.manner, self.destination)

    @property
    def session_id(self) -> str:
        return names.session_id(self.session, self.destination.arn, self.destination.endpoint)

    def begin(self, session: str | None) -> None:
        """Go on in another session, a new one without a name. Raises InputError for a name that can't be one."""
        chosen = names.new_session_id() if session is None else session
        names.session_id(chosen, self.destination.arn, self.destination.endpoint)
        self.session = chosen

    def stop(self) -> None:
        """End the session; the next turn starts it afresh. Raises NotFoundError when it isn't running."""
        plane = self.destination.plane(timeout=_STOP_SECONDS, bearer=self.manner.bearer)
        try:
            plane.stop_session(self.destination.arn, self.destination.endpoint, self.session_id)
        except NotFoundError as error:
            raise NotFoundError(f"session {self.session} isn't running", request_id=error.request_id) from error
        finally:
            note_stopped(self.destination, self.session_id)

    def say(self, text: str) -> Generator[Said]:
        """One turn: what the agent says, as it comes. Raises what `invoke` raises, the session stays.

        Afterwards `news` is what became of the session, where something did.
        """
        words = wording(self.destination, self.session, self.manner.headers)
        request = replace(self.manner, payload=payload_of(text, words), session=self.session)
        self.turns += 1
        self.news, self.last = None, None
        self.last = invocation = invoke(request, self.destination)
        try:
            yield from _streamed(invocation) if invocation.streams else _whole(invocation)
        finally:
            invocation.answer.close()
            self.news = invocation.remember()


def _streamed(invocation: Invocation) -> Iterator[Said]:
    parser, speech, fault = SseParser(), Speech(), None
    for piece in invocation.pieces():
        for event in parser.feed(piece):
            fault = event.fault()
            yield Said("" if fault else speech.words(event.value), event)
    if fault is not None:
        raise invocation.failed(fault)
    if rest := speech.rest():
        yield Said(rest)


def _whole(invocation: Invocation) -> Iterator[Said]:
    body = b"".join(invocation.pieces())
    invocation.check_whole(body)
    try:
        value: object = ServerSentEvent(body.decode()).value
    except UnicodeDecodeError:
        yield Said(f"({len(body):,} bytes of {invocation.answer.content_type} are not text)", whole=body)
        return
    yield Said(spoken(value), whole=value)


def history_file(destination: Destination) -> Path:
    """Where what was typed in conversations with the agent is kept."""
    selected = destination.selected
    assert selected is not None, "what is known by its ARN alone has no project"
    return selected.loaded.root / ".agentcore" / f"chat-{selected.agent_name}.history"
