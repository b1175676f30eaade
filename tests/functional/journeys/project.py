"""A project of one agent, configured and deployed to the local runtime by the command line itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command_line import CommandLine
from tests.same_process import SameProcess

REPOSITORY = Path(__file__).parents[3]
AGENTS = REPOSITORY / "tests" / "agents"
EXAMPLES = REPOSITORY / "examples"

# Of the tutorials' requirements those that their agents need; the same for both, so that they are installed once.
TUTORIAL_REQUIREMENTS = ("strands-agents", "strands-agents-tools", "boto3", "bedrock-agentcore", "uvicorn", "fastapi")


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with an agent in it that `agentcore deploy --local` has been run on."""

    command: CommandLine
    arn: str

    def typed(self) -> Project:
        """The same, with each command a process, as in a shell; several may run at once."""
        return Project(CommandLine(self.command.folder, self.command.environment), self.arn)

    def invoke(self, payload: str, session: str) -> Any:
        """What the agent answers to `payload` in `session`, parsed from the command's JSON."""
        return self.command.json("invoke", "--local", payload, "--session-id", session)["response"]

    def logs(self, session: str) -> str:
        """What the agent wrote in `session`."""
        return self.command.run("logs", "--local", "--session-id", session).stdout

    def client_environment(self) -> dict[str, str]:
        """What `agentcore local env` exports, for an AWS client of any make."""
        exported: dict[str, str] = self.command.json("local", "env")["environment"]
        return exported


@contextmanager
def deployed(
    folder: Path, home: Path, configure: Iterable[str], environment: Mapping[str, str] | None = None
) -> Iterator[Project]:
    """Configure and deploy the agent in `folder`; destroy it at the end.

    `configure`: the arguments of `agentcore configure`. `environment`: variables of the deploying shell.
    """
    command = SameProcess(folder, {**(environment or {}), "AGENTCORE_HOME": str(home)})
    command.run("configure", *configure)
    arn = command.json("deploy", "--local")["arn"]
    try:
        yield Project(command, arn)
    finally:
        command.run("destroy", "--local", "--yes")


class Deployments:
    """Agents that stay deployed in `home` until `stack` ends, so that those of one set of requirements share it."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home = home
        self._stack = stack

    def add(self, folder: Path, configure: Iterable[str], environment: Mapping[str, str] | None = None) -> Project:
        """Configure and deploy the agent in `folder` (see `deployed`)."""
        return self._stack.enter_context(deployed(folder, self._home, configure, environment))


def copy_agent(source: Path, folder: Path, requirements: Iterable[str], name: str | None = None) -> str:
    """Put one file of agent code and its requirements.txt into `folder`; gives the file's name there."""
    name = name or source.name
    shutil.copyfile(source, folder / name)
    (folder / "requirements.txt").write_text("".join(f"{requirement}\n" for requirement in requirements))
    return name
