"""For tests of agents: the fixture `agentcore_runtime`, a local runtime of the test's own.

The agent runs as it would be deployed: in a session of its own for each session id, from a copy of what belongs to it,
with its own requirements. Nothing is written into the project, and nothing is left when the tests have ended.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from agentcore_cli.notebook import Runtime
    from agentcore_cli.notebook.kept_servers import KeptProject, KeptServer, KeptServers

_CONFIG: Final = ".agentcore.yaml"


class Agent:
    """A deployed agent. A session id is any name; equal ones are one session."""

    def __init__(self, runtime: Runtime, root: Path, project: KeptProject) -> None:
        """`project` has a copy of what belongs to the agent in `root`."""
        self._runtime = runtime
        self._root = root
        self._project = project
        self._began = time.time()

    def reload(self) -> None:
        """Deploy what was saved since: new sessions run it, living ones keep their version and what they remember.

        Raises what a deploy raises; the version before goes on serving then.
        """
        self._project.files = {}
        _copy(self._root, self._project.folder)
        self._runtime.reload()

    def invoke(self, payload: Any, session_id: str | None = None, *, user_id: str | None = None) -> Any:
        """What the agent answers: JSON parsed, a stream as the list of its events' data, other text as it is.

        `payload` is what json.dumps takes, or bytes. Without `session_id` the call has a new session. Raises
        `agentcore_cli.errors.AgentFailedError` when the agent fails.
        """
        from agentcore_cli.documents import value_or_text
        from agentcore_cli.names import new_session_id
        from agentcore_cli.notebook.answers import pieces_of

        answered = self._runtime.call(payload, session_id or new_session_id(), user_id=user_id)
        pieces = [value_or_text(piece) for piece in pieces_of(answered)]
        return pieces if answered.streams else pieces[0]

    def stop_session(self, session_id: str) -> None:
        """End a session at once; the next call with its id finds a fresh one. Raises NotFoundError."""
        self._runtime.stop_session(session_id)

    def logs(self, session_id: str | None = None) -> list[str]:
        """What the agent wrote, line by line; of one session or of all.

        Another process takes the lines down: one that was printed before an answer may come a moment after it.
        """
        since = time.time() - self._began
        return [line.message for line in self._runtime.logs(session_id, since=since)]


class LocalRuntime:
    """A local runtime that is one test's for as long as that runs."""

    def __init__(self, server: KeptServer) -> None:
        self._server = server

    def deploy(
        self,
        entrypoint: str | Path,
        *,
        requirements_file: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Agent:
        """Deploy the agent in `entrypoint`, a path relative to the working directory.

        Its project is the folder of the nearest `.agentcore.yaml` that has an agent of this entrypoint, whose settings
        then hold; else the entrypoint's folder. `requirements_file` is relative to the project; without it the usual
        places are looked at.
        """
        from agentcore_cli.builders.source import source
        from agentcore_cli.notebook import Runtime

        path = Path(entrypoint).resolve()
        root = _project_of(path)
        name = path.relative_to(root).as_posix()
        config = (root / _CONFIG).read_bytes() if (root / _CONFIG).exists() else None
        given = (requirements_file, config, *sorted((environment or {}).items()))
        files = source.read(root).fingerprints
        with self._server.deploying((root, name, *given, *_top(files))) as project:
            if project.runtime is None or project.files != files:
                project.files, project.runtime = files, Runtime(target="local", folder=project.folder)
                _copy(root, project.folder)
                if config is not None:
                    (project.folder / _CONFIG).write_bytes(config)
                project.runtime.configure(name, requirements_file=requirements_file, environment=environment or {})
            project.runtime.launch()
        return Agent(project.runtime, root, project)

    def advance_clock(self, duration: str | float) -> None:
        """Let time pass for sessions: seconds, or text like `16m`. Those whose time is over have ended on return."""
        from agentcore_cli.operations.local_runtime import advance_clock
        from agentcore_cli.operations.logs.durations import seconds

        passed = seconds(duration, option="advance_clock") if isinstance(duration, str) else duration
        self._server.is_as_new = False
        advance_clock(self._server.home, passed)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point boto3, the AWS CLI and SDKs at this runtime."""
        from agentcore_cli.operations.local_runtime import environment

        self._server.is_as_new = False  # with these anything may be done
        return environment(self._server.home, None).environment


@pytest.fixture
def agentcore_runtime(_agentcore_servers: KeptServers, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRuntime]:
    """A local runtime on a free port with nothing in it; deploys an entrypoint, invokes by session id, advances the
    clock.

    Packages are those of the user's own local runtime, which a deploy or an earlier test has installed. A test that
    deployed and invoked and no more hands its server on to the next one, which finds no session, but the processes that
    have the packages loaded: see `KeptServer`.
    """
    server = _agentcore_servers.take()
    monkeypatch.setenv("AGENTCORE_HOME", str(server.home.root))
    try:
        yield LocalRuntime(server)
    finally:
        _agentcore_servers.give_back(server)


@pytest.fixture(scope="session")
def _agentcore_servers() -> Iterator[KeptServers]:
    from agentcore_cli.notebook.kept_servers import KeptServers

    with closing(KeptServers()) as servers:
        yield servers


def _project_of(entrypoint: Path) -> Path:
    """The folder of the nearest config that names this entrypoint; else the entrypoint's own."""
    from agentcore_cli.config import load, nearest

    config = nearest(entrypoint.parent)
    if config:
        name = entrypoint.relative_to(config.parent).as_posix()
        if any(agent.entrypoint.partition(":")[0] == name for agent in load(config).config.agents.values()):
            return config.parent
    return entrypoint.parent


def _top(files: Iterable[str]) -> list[str]:
    """The names at the top of a project, which settings are made from where there is no config."""
    return sorted({name.partition("/")[0] for name in files})


def _copy(root: Path, folder: Path) -> None:
    """What belongs to the agent, as a deploy takes it; what a copy before this one had besides goes."""
    from agentcore_cli.builders.source import source

    entries = source.read(root).entries
    for name, entry in source.read(folder).entries.items() if folder.exists() else ():
        if name not in entries:
            entry.path.unlink() if entry.digest else entry.path.rmdir()
    for name, entry in entries.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir(exist_ok=True) if entry.digest is None else shutil.copy(entry.path, place)
