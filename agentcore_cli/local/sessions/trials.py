"""A version's trial that waits: it has started and served nobody, as any session before its first call.

So it becomes the first session that is called for, if one is soon: whoever deploys and calls waits for one start.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from agentcore_cli.local.clock import Moment
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.http.session_tokens import SessionTokens
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.sessions.session import Session, SessionKey

WAIT_SECONDS: Final = 3.0  # real time


def new_id() -> str:
    """Of a session that nobody called for."""
    return f"trial-{secrets.token_hex(16)}"


class _WaitingTrial(NamedTuple):
    session: Session
    environment: Mapping[str, str]
    timer: asyncio.TimerHandle


class Trials:
    """At most one waits for each endpoint of a runtime; `end` begins to end one that nobody wants any more."""

    def __init__(
        self, end: Callable[[Session], object], credentials: SessionCredentials, tokens: SessionTokens
    ) -> None:
        self._end = end
        self._credentials = credentials
        self._tokens = tokens
        self._waiting: dict[tuple[str, str], _WaitingTrial] = {}

    def succeeded(self, session: Session) -> None:
        """The version starts: let the trial wait, in place of one before, where that is wanted; else end it.

        What a session keeps has to be there before it starts, so those of a version with a storage end.
        """
        place, settings = (session.key.runtime_id, session.key.endpoint), session.version.settings
        self._drop(place)
        if not settings.trial_waits or settings.storage is not None:
            self._end(session)
            return
        timer = asyncio.get_running_loop().call_later(WAIT_SECONDS, self._drop, place)
        self._waiting[place] = _WaitingTrial(session, self._environment(session), timer)

    def take(self, version: Resolved) -> Session | None:
        """One of the version, which waits no more; None when there is none that could be anybody's."""
        place = (version.runtime_id, version.endpoint)
        waiting = self._waiting.get(place)
        if waiting is None or waiting.session.version != version:
            return None
        session, process = waiting.session, waiting.session.process
        is_over = process is None or process.exited.done() or session.state not in ("active", "idle")
        if is_over or self._environment(session) != waiting.environment:
            self._drop(place)
            return None
        del self._waiting[place]
        waiting.timer.cancel()
        return session

    def turn_into(self, key: SessionKey, session: Session, now: Moment) -> None:
        """What was a trial is the session `key`, which starts `now`."""
        session.key, session.is_trial = key, False
        session.started = session.last_used = now
        self._tokens.give_to(session.grant, session.token)

    def _drop(self, place: tuple[str, str]) -> None:
        if (waiting := self._waiting.pop(place, None)) is not None:
            waiting.timer.cancel()
            self._end(waiting.session)

    def _environment(self, session: Session) -> Mapping[str, str]:
        """What a session like it would be given now."""
        return self._credentials.session_environment(session.version, session.key.endpoint, session.token)
