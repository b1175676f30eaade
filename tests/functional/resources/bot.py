"""One agent's runtime in an account, for its contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.config import AgentConfig, Authorizer, LifecycleConfig, NetworkConfig
from agentcore_cli.contract import LOCAL_BUCKET, LOCAL_ROLE
from agentcore_cli.resources.runtime import Runtime
from agentcore_cli.resources.runtime_facts import code_artifact
from agentcore_cli.resources.runtime_spec import RuntimeSpec
from agentcore_cli.resources.wait_options import WaitOptions
from tests.fakes.control import DIGEST, REGION
from tests.fakes.things import MemoryStore
from tests.functional.resources.deployment import OWNER, ControlAccount, Deployment
from tests.functional.resources.subject import Subject
from tests.local_runtime import eventually

ISSUER = "https://idp.example/.well-known/openid-configuration"
PLAIN = AgentConfig(entrypoint="main.py")
FULL = AgentConfig(
    entrypoint="main.py",
    description="A bot",
    protocol="MCP",
    lifecycle=LifecycleConfig(idle_timeout=60, max_lifetime=120),
    network=NetworkConfig(subnets=("subnet-22222222", "subnet-11111111"), security_groups=("sg-11111111",)),
    authorizer=Authorizer(ISSUER, clients=("b", "a"), scopes=("s",)),
    header_allowlist=("X-Tenant", "Authorization"),
    tags={"team": "one"},
)


class Bot(Subject):
    """One agent's runtime in an account."""

    def __init__(self, account: ControlAccount) -> None:
        super().__init__(Deployment(account))
        self.client = account.client()

    def resource(self, lives: int | None = None, agent: AgentConfig = FULL, **wishes: Any) -> Runtime:
        given_before = (self.store.get("runtime") or {}).get("facts", {}).get("given_environment")
        wait_options = wishes.pop("wait_options", WaitOptions())
        spec = RuntimeSpec(
            name="bot",
            owner=OWNER,
            agent=agent,
            role=lambda outputs: LOCAL_ROLE,
            artifact=lambda outputs: code_artifact(LOCAL_BUCKET, f"{DIGEST}.zip", "3.13", ("main.py",)),
            region=REGION,
            given_before=None if given_before is None else frozenset(given_before),
        )
        control = RuntimeControl(self.deployment.session(lives))
        return Runtime("runtime", replace(spec, **{"environment": {"MODE": "quiet"}, **wishes}), control, wait_options)

    def there(self) -> list[Any]:
        """Without when it was changed: a tag does that."""
        answers = [self.client.get_agent_runtime(agentRuntimeId=id) for id in self.ids()]
        return [
            {name: answer[name] for name in answer if name not in ("ResponseMetadata", "lastUpdatedAt")}
            for answer in answers
        ]

    def remove(self) -> None:
        for id in self.ids():
            self.client.delete_agent_runtime(agentRuntimeId=id)
        eventually(lambda: not self.ids(), "the runtimes are gone")

    def look_alike(self, tags: Mapping[str, str]) -> None:
        self.deploy()
        arn = self.answer()["agentRuntimeArn"]
        self.client.untag_resource(resourceArn=arn, tagKeys=[*OWNER.tags, "team"])
        self.client.tag_resource(resourceArn=arn, tags=dict(tags)) if tags else None
        self.lose_state()

    def anew(self) -> None:
        self.remove()
        self.lose_state()

    @property
    def store(self) -> MemoryStore:
        return self.deployment.store

    @property
    def id(self) -> str:
        (id,) = self.ids()
        return id

    def ids(self) -> list[str]:
        return [str(each["agentRuntimeId"]) for each in self.client.list_agent_runtimes()["agentRuntimes"]]

    def answer(self) -> dict[str, Any]:
        (answer,) = self.there()
        return dict(answer)

    def update(self, **settings: Any) -> None:
        """Change settings as somebody else would, by a full PUT of boto3, and wait until that is done."""
        there = self.client.get_agent_runtime(agentRuntimeId=self.id)
        members = self.client.meta.service_model.operation_model("UpdateAgentRuntime").input_shape.members
        self.client.update_agent_runtime(**({name: there[name] for name in members if name in there} | settings))
        eventually(lambda: self.answer()["status"] == "READY", "the change is done")
