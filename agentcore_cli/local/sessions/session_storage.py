"""The storage of living sessions: ready before one starts, there when its agent serves, kept at its end."""

from __future__ import annotations

import logging

from agentcore_cli.contract import LOCAL_STORAGE
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.programs.sandboxes import AnyProgram, Sandboxes
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.storage import Storages, Whose

_log = logging.getLogger(__name__)


class SessionStorage:
    """Does nothing for versions that have none."""

    def __init__(self, storages: Storages, sandbox: Sandboxes) -> None:
        self._storages = storages
        self._sandbox = sandbox

    async def open(self, session: Session, program: AnyProgram) -> dict[str, str]:
        """Have ready what the session keeps; gives the variable that leads there where nothing can be mounted.

        Raises SandboxError.
        """
        key, place = session.key, session.version.settings.storage
        if place is None or session.is_trial:
            return {}
        means = self._sandbox.storage_means(program)
        whose = Whose(key.runtime_id, key.endpoint, key.session_id, session.version.version)
        session.storage = await self._storages.open(whose, place, means)
        return {} if means.mounted != "never" else {LOCAL_STORAGE: str(session.storage.storage.source)}

    async def mount(self, session: Session, program: AnyProgram) -> None:
        """The agent has initialized, which it does without (runtime-filesystem-configurations). Raises SandboxError."""
        if session.storage is None or self._sandbox.storage_means(program).mounted != "serving":
            return
        assert session.process is not None, "what serves has started"
        mount = await self._sandbox.attach(session.process, session.storage.storage)
        self._storages.mounted(session.storage, mount)

    def look_at(self, session: Session) -> None:
        """See how much it holds."""
        if session.storage is not None:
            session.storage_bytes = self._storages.size(session.storage)

    async def close(self, session: Session) -> None:
        """Whatever goes wrong with it, the session is over."""
        if session.storage is None:
            return
        try:
            self.look_at(session)
            await self._storages.close(session.storage, session.last_used.now)
        except (OSError, ServiceFault):
            _log.exception("the storage of session %s could not be closed", session.name)
