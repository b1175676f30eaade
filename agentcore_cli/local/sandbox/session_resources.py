"""What a session has on this machine besides its processes: folder, socket, control group."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

from agentcore_cli.local.sandbox.cgroups import Cgroups, Group
from agentcore_cli.local.sandbox.folders import Folders, copy_tree
from agentcore_cli.local.sandbox.isolation import Isolation
from agentcore_cli.local.sandbox.program import Limits, Program


@dataclass(frozen=True, slots=True)
class SessionResources:
    """Made before the session's processes, removed after them."""

    room: str
    key: str
    folder: Path
    address: str
    group: Group
    listener: socket.socket
    _folders: Folders

    @classmethod
    async def create(
        cls,
        folders: Folders,
        cgroups: Cgroups,
        isolation: Isolation,
        program: Program,
        room: str,
        key: str,
        limits: Limits,
        owner: int | None,
    ) -> SessionResources:
        """Make all of it, or nothing; its files are `owner`'s. Raises OSError.

        `room` is the key of the program whose parents the session comes from: they see the folder.
        """
        with contextlib.ExitStack() as undo:
            folder = folders.create(room, key, owner)
            undo.callback(folders.remove, room, key)
            if not isolation.overlay:
                await asyncio.get_running_loop().run_in_executor(None, copy_tree, program.code, folder / "app", owner)
            undo.callback(lambda: cgroups.group(key).remove())
            group = cgroups.create(key, limits.memory, limits.cpus)
            listener, address = folders.listen(key)
            undo.pop_all()
        return cls(room, key, folder, address, group, listener, folders)

    def remove(self) -> None:
        """Remove all of it. Blocking: call it in a thread."""
        self._folders.remove(self.room, self.key)
        self.group.remove()
