"""What a session has on this machine besides its processes: folder, socket, log file, control group."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from agentcore_cli.local.sandbox.cgroups import Cgroups, Group
from agentcore_cli.local.sandbox.folders import Folders, copy_tree
from agentcore_cli.local.sandbox.isolation import Isolation
from agentcore_cli.local.sandbox.program import Program, SessionSpec


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Made before the session's processes, removed after them."""

    key: str
    folder: Path
    address: str
    group: Group
    listener: socket.socket
    log: int
    _folders: Folders

    @classmethod
    async def create(
        cls, folders: Folders, cgroups: Cgroups, isolation: Isolation, program: Program, spec: SessionSpec
    ) -> Surroundings:
        """Make all of it, or nothing. Raises OSError."""
        with contextlib.ExitStack() as undo:
            folder = folders.create(spec.key)
            undo.callback(folders.remove, spec.key)
            if not isolation.overlay:
                await asyncio.get_running_loop().run_in_executor(None, copy_tree, program.code, folder / "app")
            undo.callback(lambda: cgroups.group(spec.key).remove())
            group = cgroups.create(spec.key, spec.memory, spec.cpus)
            spec.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            log = os.open(spec.log, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            undo.callback(os.close, log)
            listener, address = folders.listen(spec.key)
            undo.pop_all()
        return cls(spec.key, folder, address, group, listener, log, folders)

    def let_go(self) -> None:
        """Close this process's copies of what the session's processes hold by now."""
        self.listener.close()
        os.close(self.log)

    def remove(self) -> None:
        """Remove all but the log. Blocking: call it in a thread."""
        self._folders.remove(self.key)
        self.group.remove()
