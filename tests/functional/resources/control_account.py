"""One agent's part of an account whose control plane speaks the service's wire, with the records of its deploys."""

from __future__ import annotations

from typing import Any

from agentcore_cli import events
from agentcore_cli.aws.session import Access, Session
from agentcore_cli.engine import Outcome, Plan, Resource, apply, plan_deploy, plan_destroy
from tests.fakes.control import REGION
from tests.fakes.control_server import ControlServer
from tests.fakes.things import MemoryStore


class ControlAccount:
    """`client` is boto3's, for what others do and see there."""

    def __init__(self, control: ControlServer) -> None:
        self.session = Session(lambda: Access(REGION, control.url, access_key="test", secret_key="test"))
        self.store = MemoryStore()
        self.client: Any = control.client()

    def plan(self, resource: Resource) -> Plan:
        return plan_deploy([resource], self.store.journal())

    def apply(self, resource: Resource) -> Outcome:
        return apply(self.plan(resource), self.store.journal(), events.ignore)

    def destroy(self, resource: Resource) -> None:
        journal = self.store.journal()
        apply(plan_destroy([resource], journal), journal, events.ignore)

    def close(self) -> None:
        self.session.close()
        self.client.close()
