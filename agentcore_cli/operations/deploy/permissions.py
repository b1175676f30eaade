"""What somebody must be allowed in AWS: whoever deploys an agent, and the agent itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import wiring
from agentcore_cli.errors import CredentialsError, InputError, ServiceError, UntrustedError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.deploy.account import find_account
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources import caller_policy
from agentcore_cli.resources.iam import execution_policy

ANY_ACCOUNT: Final = "*"


@dataclass(frozen=True, slots=True)
class CallerPermissions:
    """`policy` is an IAM policy document. `account` is `*` where none is known."""

    agent: str
    target: str
    account: str
    region: str
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RolePermissions:
    """The documents of an execution role: who may assume it, and what it may do."""

    agent: str
    target: str
    account: str
    region: str
    trust: Mapping[str, Any]
    policy: Mapping[str, Any]


def caller_permissions(selected: Selected, listener: Listener) -> CallerPermissions:
    """What deploying, looking after and destroying the agent needs. Asks AWS for nothing but the account's number.

    Raises InputError for the local runtime, and for a target without a region.
    """
    _check(selected)
    account = _account(selected, listener)
    if selected.target.assume_role:
        listener(Note(f"{selected.target.assume_role} needs this, and whoever takes it on sts:AssumeRole on it"))
    policy = caller_policy.policy(wiring.deployment(selected, account=account))
    return CallerPermissions(selected.agent_name, selected.target_name, account, wiring.region(selected), policy)


def role_permissions(selected: Selected, listener: Listener) -> RolePermissions:
    """What a role for the agent needs, made by deploy or by somebody else. Raises InputError like the caller's."""
    _check(selected)
    account = _account(selected, listener)
    grant = wiring.deployment(selected, account=account).grant
    return RolePermissions(
        selected.agent_name,
        selected.target_name,
        account,
        grant.region,
        execution_policy.trust(grant),
        execution_policy.policy(grant),
    )


def _check(selected: Selected) -> None:
    if selected.is_local:
        raise InputError("the local runtime asks IAM for nothing", hint="give --target NAME of a target in AWS")


def _account(selected: Selected, listener: Listener) -> str:
    """The target's, by the config or the records; else that of the credentials; else any."""
    known = selected.target.account or selected.state.account(selected.agent_name)
    if known:
        return known
    try:
        with closing(wiring.session(selected)) as session:
            return find_account(selected, session).number
    except (CredentialsError, ServiceError, UntrustedError) as error:
        setting = f"targets.{selected.target_name}.account"
        listener(Note(f"no account is known, and * stands for it; {setting} names one ({error.message})", "warning"))
        return ANY_ACCOUNT
