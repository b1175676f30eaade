"""What is seen of an agent that takes its time to start on the local runtime, said while somebody waits for it.

A start is never cut for being slow (AgentCore gives it 120 s, and models are loaded in them), but nobody waits in
silence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from agentcore_cli import wiring
from agentcore_cli.contract import INITIALIZATION_SECONDS
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Listener, Note

FIRST_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5


@contextmanager
def told_while_starting(
    arn: str,
    listener: Listener,
    *,
    session_id: str | None = None,
    first: float = FIRST_SECONDS,
    again: float = AGAIN_SECONDS,
) -> Iterator[None]:
    """Tell of a session of the runtime, any or this one, that has been starting for `first` seconds, then every
    `again` seconds.

    Of the ARN the end that AgentCore gives to an id may be missing: a first deploy waits for what has none yet.
    """
    telling = _Telling(arn, session_id, listener, first, again)
    thread = threading.Thread(target=telling.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        telling.end()


class _Telling:
    def __init__(self, arn: str, session_id: str | None, listener: Listener, first: float, again: float) -> None:
        self._arn = arn
        self._session_id = session_id
        self._listener = listener
        self._first = first
        self._again = again
        self._over = threading.Event()
        self._speaking = threading.Lock()
        self._told: dict[str, float] = {}  # by session, at which of its seconds

    def run(self) -> None:
        pause = self._first
        while not self._over.wait(pause):
            pause = _LOOK_SECONDS
            try:
                runtime = wiring.running_local_runtime()
                for start in runtime.starts(self._arn) if runtime else ():
                    if self._session_id in (None, start.session_id):
                        self._tell(start.session_id, start.seconds, start.seen)
            except AgentcoreError:
                return  # the call itself hears of it

    def end(self) -> None:
        """Nothing is said any more when this returns."""
        self._over.set()
        with self._speaking:
            return

    def _tell(self, session: str, seconds: float, seen: str) -> None:
        due = self._told[session] + self._again if session in self._told else self._first
        if seconds < due:
            return
        self._told[session] = seconds
        with self._speaking:
            if not self._over.is_set():
                limit = f"AgentCore waits {INITIALIZATION_SECONDS} s"
                what = f": {seen}" if seen else ""
                self._listener(Note(f"still starting after {seconds:.0f} s{what} ({limit})"))
