"""A role that the config names: looked at, told about, used as it is. Never changed, never deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentcore_cli import keys
from agentcore_cli.aws.roles import Role, Roles
from agentcore_cli.contract import SERVICE_PRINCIPAL, Arn, runtime_arn
from agentcore_cli.engine import Found, JournalRecord
from agentcore_cli.errors import DeniedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.resources.iam import execution_policy, policy_document
from agentcore_cli.resources.iam.execution_policy import Grant
from agentcore_cli.resources.iam.policy_document import AssumingService, Document
from agentcore_cli.resources.supplied import Supplied

_SHOWN: Final = 8  # of what a role lacks; the rest is counted
_HINT: Final = "`agentcore permissions --role` prints the trust and the policy that the agent needs"


@dataclass(frozen=True, slots=True)
class SuppliedRole(Supplied):
    """`grant` is what a role of ours would have.

    `runtime_id` is that of the runtime that runs as it already, to which its trust may be kept: nothing is told again.
    """

    arn: str
    grant: Grant
    agent: str
    client: Roles
    listener: Listener
    runtime_id: str | None = None
    key: str = keys.ROLE
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def read(self, recorded: JournalRecord | None) -> Found:
        """Raises InputError for a role that is not there, is another account's, or does not trust AgentCore."""
        self._check_account()
        try:
            role = self.client.get(self._name)
        except DeniedError as error:
            self._tell(f"it can't be looked at: {error.message}")
        else:
            if role is None or role.arn != self.arn:
                raise self._fault(f"{self.arn}: no such role", "make it, or leave the key out: then deploy makes one")
            self._check_trust(role)
            if self.runtime_id is None:
                self._tell_what_it_lacks(role)
        return Found({}, {"arn": self.arn, "name": self._name}, self.arn, supplied=True)

    @property
    def _name(self) -> str:
        return self.arn.rpartition("/")[2]

    def _check_account(self) -> None:
        """IAM lets nobody pass a role of another account to a service."""
        account = Arn.of(self.arn).account
        if account != self.grant.account:
            raise self._fault(
                f"{self.arn}: a role of account {account}, and the agent goes to {self.grant.account}",
                f"name a role of {self.grant.account}",
            )

    def _check_trust(self, role: Role) -> None:
        grant = self.grant
        # the id of a runtime ends in ten characters (CreateAgentRuntime's answer)
        runtime = runtime_arn(grant.region, grant.account, self.runtime_id or f"{grant.runtime}-0123456789")
        if fault := policy_document.trust_fault(role.trust, AssumingService(SERVICE_PRINCIPAL, grant.account, runtime)):
            raise self._fault(f"{role.name}: {fault}", _HINT)
        if self.runtime_id is None and not policy_document.names_source(role.trust):
            self._tell("its trust policy has no aws:SourceAccount: AgentCore may assume it for other accounts, too")

    def _tell_what_it_lacks(self, role: Role) -> None:
        try:
            held = list(self._policies(role))
        except DeniedError as error:
            self._tell(f"what it allows can't be looked at: {error.message}")
            return
        lacks = policy_document.missing(execution_policy.policy(self.grant), held)
        if lacks:
            more = f" and {len(lacks) - _SHOWN} more" if len(lacks) > _SHOWN else ""
            self._tell(f"as far as can be seen it lacks {', '.join(lacks[:_SHOWN])}{more} ({_HINT})")

    def _policies(self, role: Role) -> Iterator[Document]:
        for name in self.client.policies(role.name):
            if document := self.client.policy(role.name, name):
                yield document
        for arn in self.client.attached(role.name):
            yield self.client.managed_policy(arn)

    def _tell(self, what: str) -> None:
        self.listener(Note(f"execution_role {self._name}: {what}", "warning"))

    def _fault(self, what: str, hint: str) -> InputError:
        return InputError(f"agents.{self.agent}.execution_role: {what}", hint=hint)
