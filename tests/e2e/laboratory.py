"""One small agent in an account full of look-alikes, deployed and destroyed again and again, and what is there then."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.command_line import Completed
from tests.e2e.agents import PLAIN_AGENT, set_keys, write_agent
from tests.fakes.aws_calls import Call
from tests.forked_commands import ForkedCommandLine, ForkedCommands
from tests.stage.account import WORKER, Account, Inventory

AGENT: Final = f"bot_{WORKER}"
_POLLS: Final = ("GetAgentRuntime", "GetAgentRuntimeEndpoint", "ListAgentRuntimeEndpoints")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOTO_ID = r"a[0-9a-f]{9}-[0-9a-f]{10}|agent/[0-9a-f-]{36}"
_RUNTIME_ID = re.compile(rf"\b(?:{AGENT}-[a-zA-Z0-9]{{10}}|{_MOTO_ID})\b")


@dataclass(frozen=True, slots=True)
class Laboratory:
    """`before` is the account without our agent, `whole` what a deploy adds to it when nothing goes wrong.

    `deploying` is the command of all deploys.
    """

    account: Account
    command: ForkedCommandLine
    before: Inventory
    whole: Inventory
    deploying: tuple[str, ...]

    def deploy(self) -> Completed:
        return self.command.run(*self.deploying)

    def destroy(self) -> None:
        self.command.run("destroy", "--yes")

    def try_to(self, *arguments: str) -> Completed:
        """A command that may end in any way."""
        return self.command.end(*arguments)

    def calls_of(self, *arguments: str) -> list[Call]:
        """The calls of a command, but for those that only wait."""
        self.account.proxy.begin_anew()
        self.command.run(*arguments)
        return without_polls(self.account.proxy.calls)

    def faults_of_deployed(self) -> list[str]:
        """What is not as after an undisturbed deploy: of a second one of anything, or of a part that is missing."""
        found = differences(self.whole, self.added())
        if pending := self.command.json("plan")["pending"]:
            found.append(f"pending: {[(change['key'], change['action'], change['reason']) for change in pending]}")
        return found

    def faults_of_destroyed(self) -> list[str]:
        """What differs from the account as it was before anything was deployed."""
        return differences(self.before, self.account.inventory())

    def added(self) -> Inventory:
        """What is in the account besides what was there before; random ids and digests are blanked."""
        return added(self.before, self.account.inventory())

    def forget(self) -> None:
        """Lose the state, as a fresh clone of the project has none."""
        shutil.rmtree(self.command.folder / ".agentcore", ignore_errors=True)


@contextmanager
def laboratory(
    account: Account, folder: Path, *, build: str = "docker", options: Sequence[str] = ()
) -> Iterator[Laboratory]:
    """The project, configured; the agent deployed, as always with these `options`, and destroyed once."""
    artifact = {"buckets": 1} if build == "zip" else {"repositories": 1, "pushed": 1}
    account.look_alikes(AGENT)
    write_agent(folder, PLAIN_AGENT)
    with ForkedCommands() as commands:
        trusted = {"AWS_CA_BUNDLE": str(account.registry.authority)} if build == "oci" and account.registry else {}
        command = ForkedCommandLine(commands, folder, {**account.environment, **trusted})
        command.run("configure", "--entrypoint", "agent.py", "--name", AGENT, "--build", build)
        set_keys(folder, log_retention="30")
        before = account.inventory()
        deploying = ("deploy", "--yes", *options)
        command.run(*deploying)
        whole = added(before, account.inventory())
        assert {kind: len(things) for kind, things in whole.items() if things} == {
            "roles": 1,
            "runtimes": 1,
            "log groups": 1,
            **artifact,
        }
        command.run("destroy", "--yes")
        made = Laboratory(account, command, before, whole, deploying)
        assert made.faults_of_destroyed() == []
        account.proxy.begin_anew()
        yield made


def added(before: Inventory, now: Inventory) -> Inventory:
    fresh = {
        kind: {name: value for name, value in things.items() if before[kind].get(name) != value}
        for kind, things in now.items()
    }
    text = _DIGEST.sub("sha256:DIGEST", json.dumps(fresh, default=str))  # an image that is built again is another one
    blanked: Inventory = json.loads(_RUNTIME_ID.sub(f"{AGENT}-ID", text))
    return blanked


def differences(expected: Inventory, found: Inventory) -> list[str]:
    """In words, by kind and name; empty when all is the same."""
    lines = []
    for kind, things in expected.items():
        for name in sorted(things.keys() | found[kind].keys()):
            wanted, there = things.get(name, "nothing"), found[kind].get(name, "nothing")
            if wanted != there:
                lines.append(f"{kind} {name}: {there} instead of {wanted}")
    return lines


def without_polls(calls: Sequence[Call]) -> list[Call]:
    """Of the calls that wait, only the first of each."""
    return [call for call in calls if call.operation not in _POLLS or call.occurrence == 1]


def said(done: Completed) -> dict[str, Any]:
    """The error of a command that was run with --json."""
    error: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["error"]
    return error
