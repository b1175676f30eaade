"""How many calls a deploy makes to AWS, and which: counted by a proxy in front of the services."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.bench.effort import Effort
from tests.bench.figure import Figure
from tests.bench.stage import Stage
from tests.command_line import CommandLine
from tests.e2e.agents import PLAIN_AGENT, write_agent
from tests.local_runtime import RunningServer
from tests.stage import engine
from tests.stage.account import Account, account
from tests.stage.machine import machine
from tests.stand_ins import Moto

_OF_THE_IMAGE = frozenset(
    {"ecr:GetAuthorizationToken", "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"}
)
_POLLS = frozenset({"bedrock-agentcore:GetAgentRuntime", "bedrock-agentcore:GetAgentRuntimeEndpoint"})


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """A first deploy, one with nothing changed, and one that does not look, each as a process of its own."""
    if missing := engine.missing():
        print(f"aws_calls is left out: {missing}")
        return
    with _account() as aws, tempfile.TemporaryDirectory() as folder:
        command = CommandLine(Path(folder), aws.environment)
        write_agent(command.folder, PLAIN_AGENT)
        command.run("configure", "--entrypoint", "agent.py", "--name", "bench_bot")
        first = [name for name in _calls(aws, command, "deploy") if name not in _OF_THE_IMAGE]
        yield _figure("first deploy, image apart", _without_polls(first), 17)
        yield _figure("deploy with nothing changed", _calls(aws, command, "deploy"), 9)
        yield _figure("the same with --no-refresh", _calls(aws, command, "deploy", "--no-refresh"), 2)
        command.run("destroy", "--yes")


def _figure(name: str, calls: Sequence[str], mark: int) -> Figure:
    """The calls themselves are told beside the table: they don't fit into it."""
    print(f"  {name}:")
    for call, count in sorted(Counter(calls).items()):
        print(f"    {call}" + (f" x{count}" if count > 1 else ""))
    ours = f"{len(calls)} calls of {len(set(calls))} kinds"
    return Figure(name, ours, "the predecessor 14 to 18", len(calls), "calls", "at most", mark)


def _calls(aws: Account, command: CommandLine, *arguments: str) -> list[str]:
    aws.proxy.begin_anew()
    command.run(*arguments)
    return aws.proxy.names


def _without_polls(calls: Sequence[str]) -> list[str]:
    """Without the calls that wait, but for the first of each."""
    return [call for number, call in enumerate(calls) if call not in _POLLS or call not in calls[:number]]


@contextmanager
def _account() -> Iterator[Account]:
    with ExitStack() as parts:
        shared = parts.enter_context(machine())
        root = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="ac-")))
        moto = Moto(root / "moto.log")
        parts.callback(moto.close)
        home = Home(root / "home").create()
        parts.callback(daemon.stop, home)
        server = RunningServer(home)
        parts.callback(server.close)
        yield parts.enter_context(account(moto, server, registry=shared.ecr))
