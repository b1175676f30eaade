"""Agents that follow what is saved: deployed, watched, their logs read, and removed in the end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Listener, Note, ignore
from agentcore_cli.operations.deploy.destroy import DestroyRequest, destroy
from agentcore_cli.operations.dev.guardian import AgentGuardian
from agentcore_cli.operations.dev.reloads import Reloaded, Reloads
from agentcore_cli.operations.dev.watch import Save, SavedAgain, SaveWatch, WatchedFiles
from agentcore_cli.operations.logs.lines import LogLine, LogsRequest
from agentcore_cli.operations.logs.logs import read_logs
from agentcore_cli.operations.secrets import env_files
from agentcore_cli.operations.sessions.sessions import stop_sessions

_END_SECONDS: Final = 60.0  # that a deploy which is under way, or a look at logs, has to end


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """A line of a session's log."""

    agent: str
    line: LogLine


Hear = Callable[[Reloaded | LoggedLine], None]


class Development:
    """`hear` is told, from threads, what came of each save and what sessions write.

    With `keep` the agents stay deployed in the end; those that were deployed before do in any case.
    """

    def __init__(self, agents: Sequence[Reloads], listener: Listener, hear: Hear, *, keep: bool) -> None:
        self.agents = agents
        self._listener = listener
        self._hear = hear
        self._keep = keep
        self._guardians: dict[str, AgentGuardian] = {}
        self._stopping = threading.Event()
        self._working = threading.Lock()
        self._logs: list[threading.Thread] = []

    def begin(self) -> None:
        """Deploy all; from then on saves are followed. Raises what a deploy raises."""
        for agent in self.agents:
            if not (self._keep or agent.was_deployed):
                self._guardians[agent.agent] = AgentGuardian(agent.selected.loaded.path, agent.agent)
            agent.deploy()
        watching = threading.Event()
        _started(self._follow_saves, watching)
        watching.wait()
        self._logs = [_started(self._follow_logs, agent) for agent in self.agents]

    def restart(self) -> None:
        """End every session and deploy what is there."""
        with self._working:
            for agent in self.agents:
                stop_sessions(agent.selected, None)
                self._hear(agent.reload())

    def end(self) -> None:
        """Remove what was deployed here, unless it is to be kept."""
        self._stopping.set()
        for thread in self._logs:  # else one might ask for logs of a runtime that has just ended, and start it again
            thread.join(_END_SECONDS)
        is_free = self._working.acquire(timeout=_END_SECONDS)
        for agent in self.agents:
            guardian = self._guardians.pop(agent.agent, None)
            if guardian is None and is_free and agent.version is not None:
                agent.leave()
            agent.close()
            if guardian is not None and is_free:
                destroy(DestroyRequest(consent=lambda changes: True), agent.selected, ignore)
                guardian.dismiss()

    def _follow_saves(self, watching: threading.Event) -> None:
        first = self.agents[0].selected.loaded
        files = WatchedFiles(first.root, {first.path.name, *env_files.FILES}, self._requirements)
        for save in SaveWatch(files, self._stopping).saves():
            if not save.names and not watching.is_set():
                watching.set()
                continue
            with self._working:
                for agent in self.agents:
                    if self._stopping.is_set():
                        return
                    reloaded = _reloaded(agent, save)
                    if reloaded.files or reloaded.changed:
                        self._hear(reloaded)

    def _requirements(self) -> set[str]:
        """The files that say what the agents require, by the configs of now."""
        return {name for agent in self.agents if (name := agent.selected.agent.requirements)}

    def _follow_logs(self, agent: Reloads) -> None:
        request = LogsRequest(follow=True, since=0.0, over=self._stopping)
        while not self._stopping.is_set():
            try:
                for line in read_logs(request, agent.selected, ignore):
                    if self._stopping.is_set():
                        return
                    self._hear(LoggedLine(agent.agent, line))
            except AgentcoreError as error:
                if self._stopping.wait(1.0):
                    return
                self._listener(Note(f"logs of {agent.agent}: {error.message}", "warning"))


def _started(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _reloaded(agent: Reloads, save: Save) -> Reloaded:
    while True:
        with contextlib.suppress(SavedAgain):
            return agent.reload(save)
