"""For tests of agents: the fixture `agentcore_runtime`, a local runtime of the test's own.

The agent runs as it would be deployed: in a session of its own for each session id, from a copy of what belongs to it,
with its own requirements. Nothing is written into the project, and nothing is left when the test ends.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from agentcore_cli.local.home import Home
    from agentcore_cli.notebook import Runtime

_CONFIG: Final = ".agentcore.yaml"


class Agent:
    """A deployed agent. A session id is any name; equal ones are one session."""

    def __init__(self, runtime: Runtime, root: Path, folder: Path) -> None:
        """`folder` holds a copy of what belongs to the agent in `root`."""
        self._runtime = runtime
        self._root = root
        self._folder = folder

    def reload(self) -> None:
        """Deploy what was saved since: new sessions run it, living ones keep their version and what they remember.

        Raises what a deploy raises; the version before goes on serving then.
        """
        _copy(self._root, self._folder)
        self._runtime.reload()

    def invoke(self, payload: Any, session_id: str | None = None, *, user_id: str | None = None) -> Any:
        """What the agent answers: JSON parsed, a stream as the list of its events' data, other text as it is.

        `payload` is what json.dumps takes, or bytes. Without `session_id` the call has a new session. Raises
        `agentcore_cli.errors.AgentFailedError` when the agent fails.
        """
        from agentcore_cli.names import new_session_id
        from agentcore_cli.notebook.answers import pieces_of

        answered = self._runtime.call(payload, session_id or new_session_id(), user_id=user_id)
        pieces = [_parsed(piece) for piece in pieces_of(answered)]
        return pieces if answered.streams else pieces[0]

    def stop_session(self, session_id: str) -> None:
        """End a session at once; the next call with its id finds a fresh one. Raises NotFoundError."""
        self._runtime.stop_session(session_id)

    def logs(self, session_id: str | None = None) -> list[str]:
        """What the agent wrote, line by line; of one session or of all."""
        return [line.message for line in self._runtime.logs(session_id)]


class LocalRuntime:
    """A local runtime that lives as long as one test."""

    def __init__(self, home: Home, projects: Path) -> None:
        self._home = home
        self._projects = projects

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
        from agentcore_cli.notebook import Runtime

        path = Path(entrypoint).resolve()
        root = _project_of(path)
        folder = self._projects / str(len(list(self._projects.iterdir())))
        _copy(root, folder)
        if (root / _CONFIG).exists():
            shutil.copy(root / _CONFIG, folder / _CONFIG)
        runtime = Runtime(target="local", folder=folder)
        runtime.configure(
            path.relative_to(root).as_posix(), requirements_file=requirements_file, environment=environment or {}
        )
        runtime.launch()
        return Agent(runtime, root, folder)

    def advance_clock(self, duration: str | float) -> None:
        """Let time pass for sessions: seconds, or text like `16m`. Those whose time is over have ended on return."""
        from agentcore_cli.operations.local_runtime import advance_clock
        from agentcore_cli.operations.logs.durations import seconds

        passed = seconds(duration, option="advance_clock") if isinstance(duration, str) else duration
        advance_clock(self._home, passed)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point boto3, the AWS CLI and SDKs at this runtime."""
        from agentcore_cli.operations.local_runtime import environment

        return environment(self._home, None).environment


@pytest.fixture
def agentcore_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRuntime]:
    """A fresh local runtime on a free port; deploys an entrypoint, invokes by session id, advances the clock.

    Packages are those of the user's own local runtime, which a deploy or an earlier test has installed.
    """
    from agentcore_cli.errors import AgentcoreError
    from agentcore_cli.local.home import Home
    from agentcore_cli.operations.local_runtime import stop

    home = Home(Path(tempfile.mkdtemp(prefix="ac-"))).create()  # short: a Unix socket's path may not be long
    with suppress(AgentcoreError):  # a user without a folder: then packages are the test's own
        home.share_environments(Home.default())
    monkeypatch.setenv("AGENTCORE_HOME", str(home.root))
    projects = tmp_path / "agentcore"
    projects.mkdir()
    try:
        yield LocalRuntime(home, projects)
    finally:
        stop(home)
        shutil.rmtree(home.root, ignore_errors=True)


def _project_of(entrypoint: Path) -> Path:
    """The folder of the nearest config that names this entrypoint; else the entrypoint's own."""
    from agentcore_cli.config import load, nearest

    config = nearest(entrypoint.parent)
    if config:
        name = entrypoint.relative_to(config.parent).as_posix()
        if any(agent.entrypoint.partition(":")[0] == name for agent in load(config).config.agents.values()):
            return config.parent
    return entrypoint.parent


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


def _parsed(piece: str | bytes) -> Any:
    try:
        return json.loads(piece)
    except ValueError:
        return piece
