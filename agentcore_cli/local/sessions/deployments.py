"""What the control plane's CREATING, UPDATING and DELETING mean here: programs to prepare, sessions to end."""

from __future__ import annotations

import logging
import time
from typing import Final

from agentcore_cli.contract import DEFAULT_ENDPOINT, DOES_NOT_START
from agentcore_cli.local.control import ArtifactError, Resolved
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.programs.programs import Programs
from agentcore_cli.local.sessions.background import Background
from agentcore_cli.local.sessions.foreseen import ForeseenVersions
from agentcore_cli.local.sessions.sessions import LiveSessions
from agentcore_cli.local.sessions.trials import new_id

_log: Final = logging.getLogger(__name__)


class Deployments:
    """The control plane's `Lifecycle`. `retired_at` is when it deleted a runtime last, None before it has."""

    def __init__(self, programs: Programs, sessions: LiveSessions, credentials: SessionCredentials) -> None:
        self._programs = programs
        self._sessions = sessions
        self._credentials = credentials
        self.retired_at: float | None = None
        self._versions: dict[tuple[str, str], str] = {}
        self._foreseen = ForeseenVersions(programs, sessions)
        self._background = Background("a version that has been replaced", _log)

    def foresee(self, version: Resolved) -> None:
        """Begin to see whether a version starts that is about to be made for DEFAULT."""
        self._foreseen.begin(version)

    async def prepare(self, version: Resolved) -> None:
        """Make a version ready for an endpoint; the one it had before needs no warm parent any more, for
        whose end nobody waits."""
        await self._programs.find(version)
        if version.endpoint == DEFAULT_ENDPOINT:
            await self._see_it_start(version)
        runtime_id = version.runtime_id
        self._sessions.storages.moved(runtime_id, version.endpoint, version.version)
        before = self._versions.get((runtime_id, version.endpoint))
        self._versions[runtime_id, version.endpoint] = version.version
        still_used = {number for (owner, _), number in self._versions.items() if owner == runtime_id}
        if before is not None and before not in still_used:
            self._background.start(self._programs.forget(runtime_id, before))

    async def _see_it_start(self, version: Resolved) -> None:
        """Raise ArtifactError for a version that has to start and whose agent does not come to answer pings."""
        try:
            was_seen = await self._foreseen.take(version)
            if version.settings.must_start and not was_seen:
                await self._sessions.try_out(version, new_id())
        except ServiceFault as fault:
            await self._programs.forget(version.runtime_id, version.version)
            detail = fault.detail and f"\n{fault.detail}"
            raise ArtifactError(f"{DOES_NOT_START}{fault.message}{detail}") from fault

    async def retire_runtime(self, runtime_id: str) -> None:
        self._foreseen.forget(runtime_id)
        await self._sessions.end_where(lambda session: session.key.runtime_id == runtime_id, "the runtime was deleted")
        await self._sessions.storages.forget(runtime_id)
        await self._programs.forget(runtime_id)
        self._credentials.forget(runtime_id)
        for key in [key for key in self._versions if key[0] == runtime_id]:
            del self._versions[key]
        self.retired_at = time.time()

    async def retire_endpoint(self, runtime_id: str, endpoint: str) -> None:
        place = (runtime_id, endpoint)
        await self._sessions.end_where(
            lambda session: (session.key.runtime_id, session.key.endpoint) == place, "the endpoint was deleted"
        )
        await self._sessions.storages.forget(runtime_id, endpoint)
        self._versions.pop(place, None)

    async def retire_version(self, runtime_id: str, version: str) -> None:
        place = (runtime_id, version)
        await self._sessions.end_where(
            lambda session: (session.key.runtime_id, session.version.version) == place, "the version was deleted"
        )
        await self._programs.forget(runtime_id, version)
