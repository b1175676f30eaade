"""The execution role: what AgentCore assumes to run the agent, with the least policy that the agent needs."""

from __future__ import annotations

from dataclasses import replace

from agentcore_cli import keys
from agentcore_cli.aws.roles import Roles
from agentcore_cli.engine import Outputs
from agentcore_cli.resources.iam import execution_policy
from agentcore_cli.resources.iam.execution_policy import Grant
from agentcore_cli.resources.iam.policy_document import Document
from agentcore_cli.resources.own_role import OwnRole, RoleSpec
from agentcore_cli.resources.ownership import Owner


def execution_role(name: str, owner: Owner, grant: Grant, client: Roles) -> OwnRole:
    """The role of this name; its policy names the memory by what that has become."""

    def policy(outputs: Outputs) -> Document:
        memory = outputs[keys.MEMORY]["arn"] if keys.MEMORY in outputs else grant.memory
        return execution_policy.policy(replace(grant, memory=memory))

    spec = RoleSpec(
        name,
        f"arn:{grant.partition}:iam::{grant.account}:role{grant.agent.role_path}{name}",
        owner,
        grant.agent,
        f"What agent {owner.agent} of project {owner.project} runs as",
        execution_policy.trust(grant),
        policy,
    )
    return OwnRole(spec, client, keys.ROLE, depends_on=(keys.MEMORY,))
