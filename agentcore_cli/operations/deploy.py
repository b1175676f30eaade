"""Make what an agent needs on a target, or change what differs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentcore_cli import contract, names, wiring
from agentcore_cli.engine import Action, Change, Facts, Outcome, Plan, apply
from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener
from agentcore_cli.operations.handed_over import HandedOver, hand_over
from agentcore_cli.operations.plan import Overrides, check, make_plan, work_on
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.patience import Patience
from agentcore_cli.state import RUNTIME

_NEEDS_CONSENT = frozenset({Action.REPLACE, Action.DELETE, Action.ADOPT})

Consent = Callable[[tuple[Change, ...]], bool]


def always(changes: tuple[Change, ...]) -> bool:
    """The consent of a caller who said yes beforehand."""
    return True


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """`consent` is asked about replacements, deletions, adoptions and wider permissions, never on the local target.

    `timeout` is in seconds. `caller` is the environment whose AWS credentials local sessions get.
    """

    overrides: Overrides = field(default_factory=Overrides)
    wait: bool = True
    timeout: float = 900.0
    consent: Consent = always
    caller: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What is there now. `artifact` is the digest (or tag) of what runs, `ecr_uri` the image, locally in shape alone.

    `changes` are all resources in their order, `changed` those that something was done to; `seconds` is what each took.
    """

    agent: str
    target: str
    arn: str
    runtime_id: str
    version: str
    endpoint: str
    artifact: str
    ecr_uri: str
    changed: bool
    changes: tuple[Change, ...]
    seconds: Mapping[str, float]


def deploy(request: DeployRequest, selected: Selected, listener: Listener) -> DeployResult:
    """Plan, ask where that is called for, apply, wait.

    Raises InputError (2) before anything is done for what is wrong with the project, ConflictError for a thing that is
    not ours or a deploy under way, CredentialsError (3), StillInProgressError (7) when it takes longer than wanted.
    """
    check(request.overrides, selected)
    patience = Patience(request.wait, request.timeout)
    with work_on(selected, "deploy", listener) as place, wiring.store().in_use():
        plan = make_plan(place, request.overrides, patience, listener)
        _ask(request, selected, plan)
        outcome = apply(plan, place.journal, listener)
    if selected.is_local:
        _hand_over_credentials(request, selected, outcome)
    return _result(selected, plan, outcome)


def _ask(request: DeployRequest, selected: Selected, plan: Plan) -> None:
    delicate = tuple(change for change in plan.pending if change.widens or change.action in _NEEDS_CONSENT)
    if delicate and not selected.is_local and not request.consent(delicate):
        raise InputError("not deployed: the answer was no")


def _hand_over_credentials(request: DeployRequest, selected: Selected, outcome: Outcome) -> None:
    """Give local sessions the deployer's AWS credentials, on every deploy: the server keeps them in memory only."""
    config = selected.loaded.config
    withheld = config.local.credentials == "none"
    given = (
        HandedOver({}, None) if withheld else hand_over(request.caller, selected.target.profile, config.usual_profile)
    )
    wiring.local_runtime(selected).put_credentials(outcome.outputs[RUNTIME]["arn"], given.environment, given.source)


def _result(selected: Selected, plan: Plan, outcome: Outcome) -> DeployResult:
    runtime = outcome.outputs[RUNTIME]
    artifact, ecr_uri = _artifact(selected, runtime)
    return DeployResult(
        agent=selected.agent_name,
        target=selected.target_name,
        arn=runtime["arn"],
        runtime_id=runtime["id"],
        version=runtime["version"],
        endpoint=runtime["endpoint"],
        artifact=artifact,
        ecr_uri=ecr_uri,
        changed=bool(plan.pending),
        changes=plan.changes,
        seconds=outcome.seconds,
    )


def _artifact(selected: Selected, runtime: Facts) -> tuple[str, str]:
    """What the runtime runs, and the image that it is, or locally would be."""
    artifact: str = runtime["artifact"]
    if "/" in artifact:
        return artifact.rpartition("@" if "@" in artifact else ":")[2], artifact
    repository = names.repository_name(selected.agent_name, selected.loaded.config.project, selected.target_name)
    tag = artifact[:12]
    return artifact, contract.image_uri(contract.LOCAL_ACCOUNT, wiring.region(selected), repository, tag)
