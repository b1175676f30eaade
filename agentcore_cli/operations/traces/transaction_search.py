"""What traces on AWS need besides the agent: Transaction Search, which is a setting of the whole account in a region.

X-Ray then writes spans to CloudWatch Logs, which has to let it (observability-configure).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import wiring
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.aws.trace_destination import CLOUDWATCH, TraceDestination
from agentcore_cli.aws.trace_search import TraceSearch
from agentcore_cli.contract import Arn, partition
from agentcore_cli.errors import InputError
from agentcore_cli.operations.selection import Selected

POLICY: Final = "TransactionSearchXRayAccess"  # as the developer guide names it
_WRITER: Final = "xray.amazonaws.com"
_ACTION: Final = "logs:PutLogEvents"
_GROUPS: Final = ("aws/spans", "/aws/application-signals/data")


@dataclass(frozen=True, slots=True)
class SearchState:
    """`sends`: X-Ray sends spans to CloudWatch Logs; `is_active`: it does so by now; `may_write`: Logs lets it."""

    sends: bool
    is_active: bool
    may_write: bool

    @property
    def is_on(self) -> bool:
        return self.sends and self.may_write


@dataclass(frozen=True, slots=True)
class EnableResult:
    """What was changed; nothing where all was as it should be."""

    region: str
    account: str
    changed: tuple[str, ...]


def look(selected: Selected) -> SearchState:
    """How it is on the target. Raises InputError (2) for the local target."""
    with closing(wiring.session(_require_aws(selected))) as session:
        return _state(session)


def enable(selected: Selected) -> EnableResult:
    """Switch it on for the account, in the target's region. What is on already is left as it is."""
    arn = Arn.of(wiring.deployed(_require_aws(selected)).arn)
    changed: list[str] = []
    with closing(wiring.session(selected)) as session:
        state = _state(session)
        if not state.may_write:
            TraceSearch(session).put_policy(POLICY, policy(arn.region, arn.account))
            changed.append(f"CloudWatch Logs: resource policy {POLICY}")
        if not state.sends:
            TraceDestination(session).set_to_logs()
            changed.append(f"X-Ray: spans go to {CLOUDWATCH}")
    return EnableResult(arn.region, arn.account, tuple(changed))


def policy(region: str, account: str) -> dict[str, Any]:
    """What lets X-Ray write, for this account's traces alone."""
    where = partition(region)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TransactionSearchXRayAccess",
                "Effect": "Allow",
                "Principal": {"Service": _WRITER},
                "Action": _ACTION,
                "Resource": [f"arn:{where}:logs:{region}:{account}:log-group:{group}:*" for group in _GROUPS],
                "Condition": {
                    "ArnLike": {"aws:SourceArn": f"arn:{where}:xray:{region}:{account}:*"},
                    "StringEquals": {"aws:SourceAccount": account},
                },
            }
        ],
    }


def _state(session: AwsSession) -> SearchState:
    destination, is_active = TraceDestination(session).get()
    policies = TraceSearch(session).policies().values()
    return SearchState(destination == CLOUDWATCH, is_active, any(map(_lets_write, policies)))


def _lets_write(document: str) -> bool:
    try:
        statements = json.loads(document).get("Statement", [])
    except (ValueError, AttributeError):
        return False
    listed = statements if isinstance(statements, list) else [statements]
    return any(isinstance(each, dict) and _is_it(each) for each in listed)


def _is_it(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    service = principal.get("Service", "") if isinstance(principal, dict) else principal
    told = json.dumps([service, statement.get("Action")])
    resources = json.dumps(statement.get("Resource"))
    is_allowed = statement.get("Effect") == "Allow" and (_WRITER in told or principal == "*")
    return (
        is_allowed
        and ("PutLogEvents" in told or "logs:*" in told)
        and (":aws/spans" in resources or '"*"' in resources)
    )


def _require_aws(selected: Selected) -> Selected:
    if selected.is_local:
        raise InputError(
            "Transaction Search is a setting of an AWS account; the local runtime keeps traces by itself",
            hint="give --target with a target on AWS",
        )
    return selected
