"""Resources of one agent in an account of stand-ins, deployed and destroyed by the engine with its records."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.engine import Action, Change, Outcome, Plan, Resource, apply, plan_deploy, plan_destroy
from agentcore_cli.resources.ownership import Owner
from tests.fakes.control_server import ControlServer
from tests.fakes.things import Heard, Killed, MemoryStore
from tests.stand_ins import REGION

OWNER = Owner("shop-1a2b3c", "bot", "aws")


class Account(Protocol):
    """An AWS account: moto's, or AgentCore's control plane."""

    def session(self, region: str = REGION) -> AwsSession: ...

    def client(self, service: str, region: str = REGION) -> Any: ...

    def reset(self) -> None:
        """An empty account again."""


class ControlAccount:
    """What AgentCore's control plane keeps, and nothing else."""

    def __init__(self, control: ControlServer) -> None:
        self._session = AwsSession(lambda: Access(REGION, control.url, access_key="test", secret_key="test"))
        self._client = control.client()

    def session(self, region: str = REGION) -> AwsSession:
        return self._session

    def client(self, service: str = "bedrock-agentcore-control", region: str = REGION) -> Any:
        return self._client

    def reset(self) -> None:
        raise NotImplementedError("a control plane is never empty at once: what is in it is removed one by one")

    def close(self) -> None:
        self._session.close()
        self._client.close()


class MortalSession(AwsSession):
    """One that dies right after its `lives`-th call, as a killed process would; None: it lives on."""

    def __init__(self, session: AwsSession, lives: int | None = None) -> None:
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
    """`store` is the state file: clear its records to lose it. `calls` are the answered ones of the latest session."""

    account: Account
    region: str = REGION
    store: MemoryStore = field(default_factory=MemoryStore)
    heard: Heard = field(default_factory=Heard)
    calls: list[str] = field(default_factory=list)

    def session(self, lives: int | None = None) -> MortalSession:
        session = MortalSession(self.account.session(self.region), lives)
        self.calls = session.calls
        return session

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
