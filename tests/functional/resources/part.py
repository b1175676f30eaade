"""What one agent has of one kind in a control plane, with the records of its deploys."""

from __future__ import annotations

from agentcore_cli import events
from agentcore_cli.engine import Outcome, Plan, Resource, apply, plan_deploy, plan_destroy
from tests.fakes.control_server import ControlServer
from tests.fakes.things import MemoryStore
from tests.functional.resources.deployment import ControlAccount


class Part:
    """`client` is boto3's, for what others do and see there."""

    def __init__(self, control: ControlServer) -> None:
        self._account = ControlAccount(control)
        self.session = self._account.session()
        self.client = self._account.client()
        self.store = MemoryStore()

    def plan(self, resource: Resource) -> Plan:
        return plan_deploy([resource], self.store.journal())

    def apply(self, resource: Resource) -> Outcome:
        return apply(self.plan(resource), self.store.journal(), events.ignore)

    def destroy(self, resource: Resource) -> None:
        journal = self.store.journal()
        apply(plan_destroy([resource], journal), journal, events.ignore)

    def close(self) -> None:
        self._account.close()
