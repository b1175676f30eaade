"""What is written down of a call, and what that tells: whether the context of its session is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agentcore_cli.errors import AgentFailedError, StillInProgressError
from agentcore_cli.operations.destination import Destination

if TYPE_CHECKING:
    from agentcore_cli.ledger import Expiry, LedgerEntry, Outcome, Turn

_TRANSCRIPT_MAX: Final = 1_000_000  # bytes of a request or an answer that are kept


@dataclass(slots=True)
class Exchange:
    """One request and what came of it so far. `at` and `ended` are seconds since the epoch.

    With `keep` the payloads are written down too.
    """

    destination: Destination
    name: str
    session_id: str
    request: bytes = field(repr=False)
    keep: bool = False
    at: float = field(default_factory=time.time)
    ended: float | None = None
    outcome: Outcome = "interrupted"
    received: int = 0
    answer: bytearray = field(default_factory=bytearray, repr=False)

    def receive(self, piece: bytes) -> None:
        self.received += len(piece)
        if self.keep and len(self.answer) < _TRANSCRIPT_MAX:
            self.answer += piece

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take down how it ends."""
        try:
            yield
        except AgentFailedError:
            self.outcome = "broken" if self.received else "failed"
            raise
        except StillInProgressError:
            self.outcome = "timed out"
            raise
        finally:
            self.ended = time.time()


def remember(exchange: Exchange, *, is_first: bool | None = None) -> str | None:
    """Write it down in the project's ledger; gives what a person should know: that the session's context is gone, or
    that it could not be written.

    `is_first` is whether the runtime says that the session was started for this call.
    """
    selected = exchange.destination.selected
    if selected is None:
        return None
    from agentcore_cli.ledger import Expiry, Ledger, LedgerError, LedgerKey

    lifecycle = selected.agent.lifecycle
    expiry = Expiry(exchange.at, lifecycle.idle_timeout, lifecycle.max_lifetime, is_first)
    try:
        before = Ledger(selected.loaded.root).record(
            LedgerKey(exchange.destination.arn, exchange.destination.endpoint, exchange.session_id),
            _turn(exchange),
            target=selected.target_name,
            agent=selected.agent_name,
            name=exchange.name,
            is_new_life=expiry,
        )
    except LedgerError as error:
        return f"{error.message}; this call is not remembered ({error.hint})"
    return None if before is None else _lost(before, expiry)


def _lost(before: LedgerEntry, expiry: Expiry) -> str | None:
    """What became of the session's context, where it is not there any more and the user didn't end it."""
    if before.stopped or not expiry(before):
        return None
    if expiry.has_outlived(before):
        why = f"it had outlived its maximum of {_span(expiry.max_lifetime)}"
    elif expiry.was_idle(before):
        why = f"it was last used {_span(expiry.at - before.last_used)} ago and idle ones end after "
        why += _span(expiry.idle_timeout)
    else:
        why = "it had ended"
    certain = expiry.is_first is not None or expiry.has_outlived(before)
    return f"session {before.name} {'was' if certain else 'was probably'} started afresh: {why}; its context is gone"


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.3g}{unit}"
    return f"{seconds:.0f}s"


def _turn(exchange: Exchange) -> Turn:
    from agentcore_cli.ledger import Turn

    ended = exchange.ended or time.time()
    kept = (exchange.request[:_TRANSCRIPT_MAX], bytes(exchange.answer)) if exchange.keep else (None, None)
    return Turn(exchange.at, ended - exchange.at, len(exchange.request), exchange.received, exchange.outcome, *kept)
