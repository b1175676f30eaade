"""A role of ours that a service of AWS assumes, with one inline policy: the least that it needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.roles import Role, Roles
from agentcore_cli.config import AgentConfig
from agentcore_cli.engine import Desired, FieldChange, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError, InputError, NotFoundError, StillInProgressError
from agentcore_cli.resources.iam import policy_document
from agentcore_cli.resources.iam.policy_document import Document
from agentcore_cli.resources.ownership import Owner, change_tags, tags_of_people
from agentcore_cli.waiting import Waiter

POLICY: Final = "AgentCore"
_POLICY_MAX: Final = 10_240  # characters of a role's inline policies, white space not counted (IAM quotas)
_SEEN_SECONDS: Final = 30.0  # IAM's readers lag behind its writers
_GONE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role of one agent on one target; `name` is the same every time, `arn` has its path in it.

    `policy` is given what the resources that the role depends on have become. Path, boundary and people's tags are the
    agent's.
    """

    name: str
    arn: str
    owner: Owner
    agent: AgentConfig
    description: str
    trust: Document
    policy: Callable[[Outputs], Document]


@dataclass(frozen=True, slots=True)
class OwnRole:
    spec: RoleSpec
    client: Roles
    key: str
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        spec, agent = self.spec, self.spec.agent
        policy = spec.policy(outputs)
        _check_size(policy)
        facts = {
            "path": agent.role_path,
            "description": spec.description,
            "trust": policy_document.facts(spec.trust),
            "policy": policy_document.facts(policy),
            "permissions_boundary": agent.permissions_boundary,
            "tags": {**agent.tags, **spec.owner.tags},
        }
        return Desired(facts, {"arn": spec.arn, "name": spec.name})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        role = self.client.get(self.spec.name)
        if role is None:
            return None
        is_recorded = recorded is not None and recorded.outputs.get("id") == role.id
        refusal = self.spec.owner.refusal(f"role {role.name}", role.tags, recorded=is_recorded)
        policy = None if refusal else self.client.policy(role.name, POLICY)
        return Found(_facts(role, policy), _outputs(role), role.arn, refusal)

    def replaces(self, change: FieldChange) -> bool:
        return change.name == "path"

    def widens(self, change: FieldChange) -> bool:
        if change.name == "permissions_boundary":
            return change.old is not None  # what another boundary lets through can't be told from here
        return change.name in ("trust", "policy") and policy_document.widens(change)

    def apply(self, work: Work) -> Found:
        if work.found is None:
            return self._create(work)
        return self._bring_in_line(work, work.found)

    def destroy(self, found: Found, work: Work) -> None:
        """Take off what is attached to it, by us or by others, delete it, and wait until it is gone."""
        name = self.spec.name
        for policy in self.client.policies(name):
            self.client.delete_policy(name, policy)
        for arn in self.client.attached(name):
            work.tell(f"detaching {arn}")
            self.client.detach(name, arn)
        for profile in self.client.instance_profiles(name):
            work.tell(f"taking it out of the instance profile {profile}")
            self.client.leave_instance_profile(name, profile)
        self._delete(work)
        if not _until(work, _GONE_SECONDS, lambda: self.client.get(name) is None):
            raise StillInProgressError(f"role {name}: deleted, but still shown", hint="run the same command again")

    def _delete(self, work: Work) -> None:
        """IAM may for some seconds still see what was just taken off: a conflict until then."""

        def is_deleted() -> bool:
            try:
                self.client.delete(self.spec.name)
            except ConflictError:
                return False
            return True

        if not _until(work, _SEEN_SECONDS, is_deleted):
            self.client.delete(self.spec.name)

    def _create(self, work: Work) -> Found:
        facts = work.desired
        try:
            role = self.client.create(
                self.spec.name,
                facts["path"],
                self.spec.trust,
                description=facts["description"],
                boundary=facts["permissions_boundary"],
                tags=facts["tags"],
            )
        except ConflictError as error:
            return self._bring_in_line(work, self._there_already(work, error))
        work.save(_outputs(role))
        self._put_policy(work)
        return Found(facts, _outputs(role), role.arn)

    def _there_already(self, work: Work, error: ConflictError) -> Found:
        """The role that was made meanwhile: by a call of ours whose answer was lost, or by somebody else."""
        _until(work, _SEEN_SECONDS, lambda: self.client.get(self.spec.name) is not None)
        found = self.read(None)
        if found is None or found.refusal:
            raise (found.refusal if found and found.refusal else error) from error
        return found

    def _bring_in_line(self, work: Work, found: Found) -> Found:
        name, facts = self.spec.name, work.desired
        changed = {key for key, value in facts.items() if found.facts[key] != value}
        if "trust" in changed:
            self.client.set_trust(name, self.spec.trust)
        if "description" in changed:
            self.client.describe(name, facts["description"])
        if "permissions_boundary" in changed:
            self.client.set_boundary(name, facts["permissions_boundary"])
        change_tags(self.client, name, found.facts["tags"], facts["tags"])
        if "policy" in changed:
            self._put_policy(work)
        return Found(facts, found.outputs, found.name)

    def _put_policy(self, work: Work) -> None:
        """Also right after CreateRole, when IAM may not yet know the role everywhere."""
        policy = policy_document.document(work.desired["policy"])

        def put() -> bool:
            try:
                self.client.put_policy(self.spec.name, POLICY, policy)
            except NotFoundError:
                return False
            return True

        if not _until(work, _SEEN_SECONDS, put):
            raise NotFoundError(f"role {self.spec.name}: deleted by somebody else meanwhile", hint="deploy again")


def _facts(role: Role, policy: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "path": role.path,
        "description": role.description,
        "trust": policy_document.facts(role.trust),
        "policy": policy_document.facts(policy),
        "permissions_boundary": role.boundary,
        "tags": tags_of_people(role.tags),
    }


def _outputs(role: Role) -> dict[str, str]:
    return {"arn": role.arn, "name": role.name, "id": role.id}


def _check_size(policy: Mapping[str, Any]) -> None:
    size = len("".join(json.dumps(policy, separators=(",", ":")).split()))
    if size > _POLICY_MAX:
        raise InputError(
            f"role_policy: the role's policy has {size} characters, and IAM takes {_POLICY_MAX}",
            hint="name fewer models and resources, or use a role of your own: execution_role",
        )


def _until(work: Work, seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether it became so in time; IAM is asked often at first."""
    return Waiter(0.1, 2.0, sleep=work.pause).until(is_so, seconds)
