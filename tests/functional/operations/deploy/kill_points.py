"""Deploys and destroys that are killed (-9) at every point in turn, each followed by one that is not.

Run as a program, since it forks: `kill_points.py deploy|destroy FOLDER`. For each point it prints one JSON object: the
point, and what is there after the second run. The points are before and after every API call, and after every write
of the state file.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agentcore_cli import events, wiring
from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.builders.packages.vetting import accept
from agentcore_cli.engine import Journal, apply, plan_deploy, plan_destroy
from agentcore_cli.local.home import Home
from agentcore_cli.operations.deploy.plan import Workplace
from agentcore_cli.resources.deployment import Overrides
from agentcore_cli.resources.wait_options import WaitOptions
from agentcore_cli.state import Records
from tests.functional.operations.deploy.workshop import Workshop, inventory, stored


@dataclass
class Death:
    """Comes at the `count`-th occasion of its `kind`."""

    kind: str
    count: int

    def pass_by(self, kind: str) -> None:
        self.count -= kind == self.kind
        if not self.count:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingSession(AwsSession):
    def __init__(self, locate: Callable[[], Access], death: Death) -> None:
        super().__init__(locate)
        self._death = death

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self._death.pass_by("before-call")
        answer = super().call(service, operation, **parameters)
        self._death.pass_by("after-call")
        return answer


class DyingStore:
    """A RecordStore on the real state file."""

    def __init__(self, records: Records, death: Death) -> None:
        self._records = records
        self._death = death

    def get(self, key: str) -> Mapping[str, Any] | None:
        return self._records.get(key)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        self._records.put(key, record)
        self._death.pass_by("after-write")

    def drop(self, key: str) -> None:
        self._records.drop(key)
        self._death.pass_by("after-write")


def run_and_die(workshop: Workshop, verb: str, death: Death) -> None:
    """What the operation does, with a death in it; returns when it did not come."""
    selected = workshop.selected
    session = DyingSession(wiring.locator(selected), death)
    journal = Journal(DyingStore(selected.state.records(selected.agent_name), death))
    place = Workplace(selected, session, journal)
    resources = wiring.resources(
        place, overrides=Overrides(), wait_options=WaitOptions(), listener=events.ignore, vet=accept
    )
    plan = plan_deploy(resources, journal) if verb == "deploy" else plan_destroy(resources, journal)
    apply(plan, journal, events.ignore)


def in_a_fork(work: Callable[[], Any]) -> int:
    """Run `work` in a child; 0, or the negative signal that ended it."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    work()
    sys.stdout.flush()
    os._exit(0)


def second_run(workshop: Workshop, home: Home, verb: str, point: str) -> None:
    """Do it again unharmed, tell what is there then, and clean up."""
    told: dict[str, Any] = {"point": point}
    if verb == "deploy":
        told["version"] = workshop.deploy().version
        told["pending"] = len(workshop.plan().pending)
        told["inventory"] = list(inventory(home).values())
    workshop.destroy()
    told["left"] = [len(inventory(home)), stored(home)[0]]
    print(json.dumps(told))


def died_at(workshop: Workshop, home: Home, verb: str, kind: str, count: int) -> bool:
    """One point: a run that dies there, if it comes that far, and one that does not."""
    if verb == "destroy":
        assert in_a_fork(workshop.deploy) == 0
    died = in_a_fork(partial(run_and_die, workshop, verb, Death(kind, count))) == -signal.SIGKILL
    point = f"{kind} {count}" if died else f"no more {kind}"
    assert in_a_fork(partial(second_run, workshop, home, verb, point)) == 0
    return died


def main(verb: str, folder: Path) -> None:
    home = Home.default()
    workshop = Workshop.open(folder)
    for kind in ("before-call", "after-call", "after-write"):
        for count in itertools.count(1):
            if not died_at(workshop, home, verb, kind, count):
                break


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
