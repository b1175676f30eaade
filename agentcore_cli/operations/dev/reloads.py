"""One agent, deployed again and again: each deploy makes a version of what was saved, or says why it can't."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agentcore_cli import wiring
from agentcore_cli.errors import AgentcoreError, AgentFailedError, EntrypointError
from agentcore_cli.events import Event, Listener, Note
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.source import read
from agentcore_cli.operations.deploy.deploy import DeployRequest, DeployResult, deploy
from agentcore_cli.operations.dev.watch import Save
from agentcore_cli.operations.selection import Options, Selected, select
from agentcore_cli.resources.deployment import Overrides

if TYPE_CHECKING:
    from agentcore_cli.aws.session import AwsSession

_FIRST_LOOK: Final = 0.004  # seconds; a version of other code alone is live within a few hundredths
_MEND: Final = "mend it and save"
_MEANWHILE: Final = f"{_MEND}: the last good version serves meanwhile"
# Where sessions have the code: behind walls, and without.
_CODE: Final = r"(?:/var/task|.*/sessions/\w+/[\w-]+/app)"
_FRAME: Final = re.compile(rf'^  File "{_CODE}/(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_RAISED: Final = re.compile(r"^[A-Za-z_][\w.]*(?::.*|$)", re.MULTILINE)
_KEPT_VERSIONS: Final = 50  # of those that no session runs any more; AgentCore has at most 1,000 of a runtime


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a save, or of a restart: `version` is what new sessions run, `error` why it is not what was saved.

    `changed`: it is another one than before. `seconds` have passed since the save was seen; `files` are what was saved.
    `ended`: how many sessions a restart has ended; None for a save, which ends none.
    """

    agent: str
    version: str | None
    changed: bool
    seconds: float
    files: tuple[str, ...] = ()
    error: AgentcoreError | None = None
    ended: int | None = None


@dataclass(slots=True)
class Reloads:
    """An agent on the local runtime. `options` choose it; the config is read anew when it was saved.

    With `debug`, a port, its sessions wait there for an editor; so no version is tried out before it counts.
    """

    options: Options
    listener: Listener
    debug: int | None = None
    selected: Selected = field(init=False)
    version: str | None = field(init=False, default=None)
    _before: str | None = field(init=False)
    _session: AwsSession | None = field(init=False, default=None)
    _warned: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.selected = select(self.options)
        self.options = Options(self.selected.loaded.path, self.options.target, self.selected.agent_name)
        there, is_unfinished = self.selected.state.deployed(self.agent), self.selected.state.is_unfinished(self.agent)
        self._before = there.version if there and not is_unfinished else None

    @property
    def agent(self) -> str:
        return self.selected.agent_name

    @property
    def was_deployed(self) -> bool:
        """Whether the records know of it already."""
        return self.selected.state.deployed(self.agent) is not None

    @property
    def serving(self) -> str | None:
        """The version that new sessions run: what was deployed last, here or before; None while there is none."""
        return self.version or self._before

    def deploy(self, before_version: Callable[[], None] = lambda: None) -> DeployResult:
        """Raises what a deploy raises; the version before goes on serving then.

        `before_version` is called when all is ready but the version (see `DeployRequest`).
        """
        overrides, tries = Overrides(refresh=False, debug=self.debug), self.debug is None
        request = DeployRequest(
            overrides, first_look=_FIRST_LOOK, smoke=tries, trial_waits=tries, before_version=before_version
        )
        if self._session is None:
            self._session = wiring.session(self.selected, must_start=request.must_start)
        result = deploy(request, self.selected, self._tell, self._session)
        self.version = result.version
        return result

    def reload(self, save: Save | None = None) -> Reloaded:
        """Deploy what was saved. Raises SavedAgain, with nothing made, when more was saved that is one with it."""
        began, before = time.monotonic(), self.version
        saved, be_whole = (save.names, save.be_whole) if save else (frozenset[str](), lambda: None)
        error: AgentcoreError | None = None
        try:
            self._read_again(saved)
            self._check(saved)
            result = self.deploy(be_whole)
            self._forget_old(result)
        except AgentcoreError as refused:
            error = self._told(refused)
        be_whole()  # a fault is told when no mend is on its way
        changed = self.version != before
        return Reloaded(self.agent, self.version, changed, time.monotonic() - began, tuple(sorted(saved)), error)

    def refused(self, error: AgentcoreError, seconds: float) -> Reloaded:
        """What is told of a first deploy that failed so after `seconds`, where others go on."""
        return Reloaded(self.agent, self.serving, changed=False, seconds=seconds, error=self._told(error))

    def leave(self) -> None:
        """It stays deployed, as any other deploy leaves it. Raises what a deploy raises."""
        if self.debug is not None:
            self.close()
            self.debug = None
            self.deploy()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _tell(self, event: Event) -> None:
        """A warning once, not with every save."""
        if isinstance(event, Note) and event.level == "warning":
            if event.message in self._warned:
                return
            self._warned.add(event.message)
        self.listener(event)

    def _read_again(self, saved: Collection[str]) -> None:
        if self.selected.loaded.path.name in saved:
            self.selected = select(self.options)

    def _check(self, saved: Collection[str]) -> None:
        """Raises EntrypointError for a file that Python refuses, before anything is made of it."""
        root, python = self.selected.loaded.root, self.selected.agent.python
        for name in sorted(saved):
            if name.endswith(".py") and (root / name).is_file():
                found = read(root / name, name, python)
                if isinstance(found, Finding) and found.certain:
                    raise EntrypointError(str(found))

    def _told(self, error: AgentcoreError) -> AgentcoreError:
        """The same as it is said here, where a save mends it."""
        if isinstance(error, AgentFailedError | EntrypointError):
            error.hint = _MEANWHILE if self.serving else _MEND
        return _placed(error) if isinstance(error, AgentFailedError) else error

    def _forget_old(self, result: DeployResult) -> None:
        """Now and then remove versions that no session runs, with what they were made from."""
        newest = int(result.version)
        if newest % _KEPT_VERSIONS or self._session is None:
            return
        control, server = wiring.runtimes(self._session), wiring.local_runtime()
        living = {each.version for each in server.sessions(result.arn).sessions if each.ended_at is None}
        for there in control.versions(result.runtime_id):
            if int(there.version) <= newest - _KEPT_VERSIONS and there.version not in living:
                with contextlib.suppress(AgentcoreError):  # a named endpoint leads to it
                    control.delete_version(result.runtime_id, there.version)
        wiring.store().sweep(server.artifacts())


def _placed(error: AgentFailedError) -> AgentFailedError:
    """The same with the file and line of the project at the front, if its traceback has them."""
    if frames := list(_FRAME.finditer(error.message)):
        raised = _RAISED.search(error.message, frames[-1].end())
        place = f"{frames[-1]['file']}:{frames[-1]['line']}"
        error.message = f"{place}: {raised[0] if raised else 'it failed'}\n{error.message}"
    return error
