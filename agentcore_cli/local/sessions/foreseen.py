"""Versions that are not made yet: whoever is about to make one says so, and its trial begins.

When the version is made, the trial has gone as far as it has, and counts. A version that comes otherwise, or never,
leaves nothing of it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli.local.control import ArtifactError, Resolved
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.programs.programs import Programs
from agentcore_cli.local.sessions.background import Background
from agentcore_cli.local.sessions.sessions import LiveSessions
from agentcore_cli.local.sessions.trials import WAIT_SECONDS, new_id

_log: Final = logging.getLogger(__name__)


@dataclass(eq=False)
class _Foreseen:
    version: Resolved
    session_id: str = field(default_factory=new_id)
    is_wanted: bool = True
    trial: asyncio.Task[ServiceFault | None] = field(init=False)


class ForeseenVersions:
    """At most one of each runtime, for `wait_seconds` (real time)."""

    def __init__(self, programs: Programs, sessions: LiveSessions, wait_seconds: float = WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._programs = programs
        self._sessions = sessions
        self._foreseen: dict[str, _Foreseen] = {}
        self._made: dict[str, Resolved] = {}
        self._background = Background("a version that was foreseen", _log)

    def begin(self, version: Resolved) -> None:
        """Try it out, in place of what was foreseen before, unless that is the same.

        Not where sessions keep something: that has to be there before they start.
        """
        before = self._foreseen.get(version.runtime_id)
        if version.settings.storage is not None or (before is not None and before.version == version):
            return
        self._drop(version.runtime_id)
        foreseen = self._foreseen[version.runtime_id] = _Foreseen(version)
        foreseen.trial = asyncio.create_task(self._try_out(foreseen))
        asyncio.get_running_loop().call_later(self._wait_seconds, self._give_up, foreseen)

    async def take(self, version: Resolved) -> bool:
        """It is a version now: whether it was seen to start. Raises ServiceFault for one that was seen not to."""
        self._made[version.runtime_id] = version
        foreseen = self._foreseen.get(version.runtime_id)
        if foreseen is None or foreseen.version != version:
            self._drop(version.runtime_id)
            return False
        del self._foreseen[version.runtime_id]
        if (fault := await foreseen.trial) is not None:
            raise fault
        return True

    def forget(self, runtime_id: str) -> None:
        """The runtime is gone."""
        self._drop(runtime_id)
        self._made.pop(runtime_id, None)

    def _give_up(self, foreseen: _Foreseen) -> None:
        """Nobody made it."""
        if self._foreseen.get(foreseen.version.runtime_id) is foreseen:
            self._drop(foreseen.version.runtime_id)

    def _drop(self, runtime_id: str) -> None:
        if (foreseen := self._foreseen.pop(runtime_id, None)) is not None:
            foreseen.is_wanted = False
            self._background.start(self._end(foreseen))

    async def _try_out(self, foreseen: _Foreseen) -> ServiceFault | None:
        """Why it does not start; None when it does, or when nobody wants to know any more."""
        try:
            await self._programs.find(foreseen.version)
            if foreseen.is_wanted:
                await self._sessions.try_out(foreseen.version, foreseen.session_id)
        except ServiceFault as fault:
            return fault
        except ArtifactError as error:
            return ServiceFault.runtime_client_error(str(error))
        return None

    async def _end(self, foreseen: _Foreseen) -> None:
        """Leave nothing of it, but for what has become the same again."""
        runtime_id, session_id = foreseen.version.runtime_id, foreseen.session_id
        await self._sessions.end_where(lambda it: it.key.session_id == session_id, "another version was made")
        await foreseen.trial
        again = self._foreseen.get(runtime_id)
        if foreseen.version not in (again and again.version, self._made.get(runtime_id)):
            await self._programs.drop(foreseen.version)
