"""Agents that follow what is saved: deployed, watched, their logs read, and removed in the end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
        self._guardian: AgentGuardian | None = None
        self._passing: list[Reloads] = []  # what goes in the end
        self._stopping = threading.Event()
        self._working = threading.Lock()
        self._logs: dict[str, threading.Thread] = {}  # by the agent whose they are

    def begin(self) -> list[Reloaded]:
        """Deploy all; from then on saves are followed. Gives those that failed, which a save may mend.

        Raises what the first deploy raised when none came to anything.
        """
        self._passing = [agent for agent in self.agents if not (self._keep or agent.was_deployed)]
        if self._passing:
            self._guardian = AgentGuardian(self.agents[0].selected.loaded.path, [a.agent for a in self._passing])
        failed: list[tuple[Reloads, AgentcoreError, float]] = []
        for agent in self.agents:
            began = time.monotonic()
            try:
                agent.deploy()
            except AgentcoreError as error:
                failed.append((agent, error, time.monotonic() - began))
        if len(failed) == len(self.agents):
            raise failed[0][1]
        watching = threading.Event()
        _started(self._follow_saves, watching)
        watching.wait()
        for agent in self.agents:
            self._read_logs(agent)
        return [agent.refused(error, seconds) for agent, error, seconds in failed]

    def restart(self) -> None:
        """End every session and deploy what is there."""
        with self._working:
            for agent in self.agents:
                ended = len(stop_sessions(agent.selected, None).stopped) if agent.serving else 0
                reloaded = agent.reload()
                self._read_logs(agent)
                self._hear(replace(reloaded, ended=ended))

    def end(self) -> None:
        """Remove what was deployed here, unless it is to be kept; the guardian does when this can't."""
        self._stopping.set()
        for thread in list(self._logs.values()):  # else one might ask a runtime that has just ended, and start it again
            thread.join(_END_SECONDS)
        is_free = self._working.acquire(timeout=_END_SECONDS)
        for agent in self.agents:
            is_passing = agent in self._passing
            if not is_passing and is_free and agent.version is not None:
                agent.leave()
            agent.close()
            if is_passing and is_free:
                destroy(DestroyRequest(consent=lambda changes: True), agent.selected, ignore)
        if self._guardian is not None and is_free:
            self._guardian.dismiss()

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
                    self._read_logs(agent)
                    if reloaded.files or reloaded.changed:
                        self._hear(reloaded)

    def _requirements(self) -> set[str]:
        """The files that say what the agents require, by the configs of now."""
        return {name for agent in self.agents if (name := agent.selected.agent.requirements)}

    def _read_logs(self, agent: Reloads) -> None:
        """From when it serves."""
        if agent.serving and agent.agent not in self._logs:
            self._logs[agent.agent] = _started(self._follow_logs, agent, time.time())

    def _follow_logs(self, agent: Reloads, began: float) -> None:
        """From the time `began`, in seconds since the epoch."""
        while not self._stopping.is_set():
            request = LogsRequest(follow=True, since=time.time() - began, over=self._stopping)
            try:
                for line in read_logs(request, agent.selected, ignore):
                    if self._stopping.is_set():
                        return
                    self._hear(LoggedLine(agent.agent, line))
            except AgentcoreError as error:
                began = time.time()
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
