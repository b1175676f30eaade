"""The log file that a session gets when it starts; the oldest ones of its group go now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentcore_cli.local.home import Home
from agentcore_cli.local.sessions import logs
from agentcore_cli.local.sessions.background import Background
from agentcore_cli.local.sessions.session import Session, SessionKey

PRUNE_EVERY: Final = 50  # starts


class LogFiles:
    """Removes in the `background`."""

    def __init__(self, home: Home, background: Background) -> None:
        self._home = home
        self._background = background
        self._given = 0

    def new(self, key: SessionKey, live: Mapping[SessionKey, Session]) -> Path:
        """Where the next session writes to; the logs of those that are `live` stay."""
        self._given += 1
        if self._given % PRUNE_EVERY == 1:
            folder, alive = logs.group(self._home, key.runtime_id, key.endpoint), {it.log for it in live.values()}
            self._background.start(asyncio.to_thread(logs.prune, folder, alive))
        return logs.stream(self._home, key.runtime_id, key.endpoint)
