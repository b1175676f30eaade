"""Resources of one agent in moto's account, deployed and destroyed by the engine with the records of before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agentcore_cli.aws.session import Session
from agentcore_cli.engine import Action, Change, Outcome, Plan, Resource, apply, plan_deploy, plan_destroy
from agentcore_cli.resources.ownership import Owner
from tests.fakes.things import Heard, Killed, MemoryStore
from tests.stand_ins import REGION, Moto

OWNER = Owner("shop-1a2b3c", "bot", "aws")


class MortalSession(Session):
    """One that dies right after its `lives`-th call, as a killed process would; None: it lives on."""

    def __init__(self, session: Session, lives: int | None = None) -> None:
        self.calls: list[str] = []
        self._session = session
        self._lives = lives
        self._counting = threading.Lock()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer = self._session.call(service, operation, **parameters)
        with self._counting:
            self.calls.append(f"{service} {operation}")
            number = len(self.calls)
        if number == self._lives:
            raise Killed
        return answer


@dataclass
class Deployment:
    """`store` is the state file: clear its records to lose it."""

    moto: Moto
    region: str = REGION
    store: MemoryStore = field(default_factory=MemoryStore)
    heard: Heard = field(default_factory=Heard)

    def session(self, lives: int | None = None) -> MortalSession:
        return MortalSession(self.moto.session(self.region), lives)

    def plan(self, *resources: Resource) -> Plan:
        return plan_deploy(resources, self.store.journal())

    def change(self, resource: Resource) -> Change:
        (change,) = self.plan(resource).changes
        return change

    def fields(self, resource: Resource) -> set[str]:
        """What the plan says would change of it."""
        return {field.field for field in self.change(resource).fields}

    def deploy(self, *resources: Resource) -> Outcome:
        return apply(self.plan(*resources), self.store.journal(), self.heard)

    def destroy(self, *resources: Resource) -> Outcome:
        return apply(plan_destroy(resources, self.store.journal()), self.store.journal(), self.heard)

    def is_settled(self, resources: Sequence[Resource]) -> bool:
        return all(change.action is Action.KEEP for change in self.plan(*resources).changes)
