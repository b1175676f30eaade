"""The account that a target is in, and that the credentials are of it before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentcore_cli import wiring
from agentcore_cli.contract import LOCAL_ACCOUNT
from agentcore_cli.errors import CredentialsError, InputError
from agentcore_cli.operations.selection import Selected

if TYPE_CHECKING:
    from agentcore_cli.aws.session import AwsSession


@dataclass(frozen=True, slots=True)
class Account:
    """`number` has 12 digits. `verified`: STS has said that the credentials are of it."""

    number: str
    verified: bool


def find_account(selected: Selected, session: AwsSession) -> Account:
    """The account of what is deployed, by the records; without any, that of the credentials, by STS.

    Raises CredentialsError (3) for credentials of another account than the config wants, and InputError for records of
    another one.
    """
    if selected.is_local:
        return Account(LOCAL_ACCOUNT, verified=True)
    wanted, recorded = selected.target.account, selected.state.account(selected.agent_name)
    if recorded is None:
        return Account(_of_the_credentials(selected, session, wanted), verified=True)
    if wanted not in (None, recorded):
        raise InputError(
            f"targets.{selected.target_name}.account: {wanted}, but {selected.agent_name} was deployed to {recorded}",
            hint="give that account a target of its own: the name of the target is part of what it deployed",
        )
    return Account(recorded, verified=False)


def verify_account(account: Account, selected: Selected, session: AwsSession) -> None:
    """Ask STS unless it was asked. Raises CredentialsError (3) when the credentials are of another account."""
    if not account.verified:
        _of_the_credentials(selected, session, account.number)


def _of_the_credentials(selected: Selected, session: AwsSession, wanted: str | None) -> str:
    caller = wiring.identity(session).caller()
    if wanted not in (None, caller.account):
        raise CredentialsError(
            f"the credentials are of account {caller.account} ({caller.arn}), "
            f"and target {selected.target_name} is in {wanted}",
            hint="give --profile with one of that account, or another --target",
        )
    return caller.account
