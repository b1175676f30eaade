"""Local runtimes for tests, one at a time: a test gets one with nothing in it, which may have been another's before."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentcore_cli import wiring
from agentcore_cli.config import FILE_NAME, load
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.daemon import running
from agentcore_cli.local.home import Home
from agentcore_cli.notebook.runtime import Runtime
from agentcore_cli.operations.local_runtime import stop
from agentcore_cli.operations.selection import Options, Selected, select
from agentcore_cli.operations.sessions.sessions import stop_sessions
from agentcore_cli.waiting import Waiter

_CLOCK_SECONDS: Final = 1.0  # that the clock of a server which nobody has moved may be off
_LOOK_SECONDS: Final = 0.02
_END_SECONDS: Final = 30.0  # that sessions have to end, that of a deploy's trial among them

Wanted = tuple[object, ...]  # the project and what is said of its agent


@dataclass(slots=True, eq=False)
class KeptProject:
    """A folder for a copy of a project.

    `runtime` was configured there for these `files` (fingerprints by names); none when others were copied since.
    """

    folder: Path
    wanted: Wanted
    runtime: Runtime | None = None
    files: Mapping[str, str] = field(default_factory=dict)


class KeptServer:
    """A server with a home of its own, and the projects that were deployed to it.

    `is_as_new` until a test did what can't be taken back: moved the clock, took the addresses of its services, deployed
    an agent with a memory or a session storage. Of one that is as new all sessions are ended between two tests. What
    stays is the process, an agent's runtime with its versions, the parents of its sessions (which have installed
    packages loaded and none of the agent's code), logs of sessions that have ended, and traces.
    """

    def __init__(self) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="ac-"))).create()  # short: a Unix socket's path may not be long
        with suppress(AgentcoreError):  # a user without a folder: then packages are the server's own
            self.home.share_environments(Home.default())
        self.is_as_new = True
        self._projects = self.home.root / "projects"
        self._deployed: list[KeptProject] = []
        self._used: list[KeptProject] = []

    @contextmanager
    def deploying(self, wanted: Wanted) -> Iterator[KeptProject]:
        """That of the same agent in an earlier test, which this one has not used; else a new one."""
        there = (project for project in self._deployed if project.wanted == wanted and project not in self._used)
        project = next(there, None)
        if project is None:
            project = KeptProject(self._projects / str(len(self._deployed)), wanted)
            self._deployed.append(project)
        self._used.append(project)
        kept, self.is_as_new = self.is_as_new, False
        yield project
        agents = load(project.folder / FILE_NAME).config.agents.values()
        self.is_as_new = kept and not any(agent.memory or agent.session_storage for agent in agents)

    def clear(self) -> bool:
        """End all sessions. False where something else is left."""
        server = running(self.home)
        if not self.is_as_new or server is None:
            return False
        try:
            for project in self._used:
                stop_sessions(_selected(project), None)
            admin = AdminClient(server)
            is_empty = Waiter(_LOOK_SECONDS, _LOOK_SECONDS).until(lambda: not admin.health().sessions, _END_SECONDS)
            began, health = time.time(), admin.health()
            known = {wiring.deployed(_selected(project)).arn for project in self._deployed}
        except AgentcoreError:
            return False
        self._used.clear()
        is_on_time = began - _CLOCK_SECONDS < health.time < time.time() + _CLOCK_SECONDS
        return is_empty and is_on_time and health.runtimes == len(known) and not any(health.faults.values())

    def remove(self) -> None:
        stop(self.home)
        shutil.rmtree(self.home.root, ignore_errors=True)


def _selected(project: KeptProject) -> Selected:
    return select(Options(project.folder / FILE_NAME, target="local"))


class KeptServers:
    """Keeps one that is as new; others end while tests go on."""

    def __init__(self) -> None:
        self._kept: KeptServer | None = None
        self._endings: list[threading.Thread] = []

    def take(self) -> KeptServer:
        """A server that is the caller's until it is given back."""
        kept, self._kept = self._kept, None
        return kept or KeptServer()

    def give_back(self, server: KeptServer) -> None:
        """To be called while AGENTCORE_HOME is the server's."""
        if server.clear():
            self._kept = server
            return
        ending = threading.Thread(target=server.remove)
        ending.start()
        self._endings.append(ending)

    def close(self) -> None:
        """Returns when none is left."""
        if self._kept is not None:
            self._kept.remove()
        for ending in self._endings:
            ending.join()
