"""Remove what deploy made for an agent on a target, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from agentcore_cli import wiring
from agentcore_cli.builders.images import docker_image
from agentcore_cli.contract import DEFAULT_ENDPOINT, TAG_TARGET
from agentcore_cli.engine import Action, Change, Plan, Resource, apply, plan_destroy
from agentcore_cli.errors import AgentcoreError, DeniedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.keys import BUCKET, BUILD_LOG, CODE, IMAGE, LOG_GROUP, MEMORY, REPOSITORY, RUNTIME
from agentcore_cli.operations.deploy.left_alone import earlier_project, with_what_stays
from agentcore_cli.operations.deploy.plan import Workplace, work_on
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.ownership import Claiming
from agentcore_cli.resources.wait_options import WaitOptions


@dataclass(frozen=True, slots=True)
class DestroyRequest:
    """`consent` is shown the deletions and what is left alone, and answers; with `dry_run` it is not asked.

    `timeout` is in seconds. The agent's memory holds what users said: it goes only with `include_memory`.
    `include_supplied`: a runtime that was imported goes too, with its log groups.
    """

    consent: Callable[[tuple[Change, ...]], bool]
    dry_run: bool = False
    timeout: float = 900.0
    keep_repository: bool = False
    keep_logs: bool = False
    include_memory: bool = False
    include_supplied: bool = False

    @property
    def kept(self) -> frozenset[str]:
        """The keys of what stays."""
        repository = {REPOSITORY, IMAGE, BUCKET, CODE} if self.keep_repository else set()
        memory = set() if self.include_memory else {MEMORY}
        return frozenset(repository | memory | ({LOG_GROUP, BUILD_LOG} if self.keep_logs else set()))


@dataclass(frozen=True, slots=True)
class DestroyResult:
    """`deletions` were made, or with `dry_run` would be; empty when nothing of ours was there.

    `left` is what our records named and somebody else owns, or who gave it: it stays, and its record goes.
    `kept_memory` is the id of the agent's memory where that stays.
    """

    agent: str
    target: str
    deletions: tuple[Change, ...]
    left: tuple[Change, ...] = ()
    dry_run: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    kept_memory: str | None = None


def destroy(request: DestroyRequest, selected: Selected, listener: Listener) -> DestroyResult:
    """Look, ask, delete in order, wait, and read again that it is gone. Safe to run again.

    Raises InputError when the answer is no, ConflictError while a deploy is under way, CredentialsError (3),
    StillInProgressError (7).
    """
    with work_on(selected, "destroy", listener) as place:
        there = [resource for resource in _everything(place, request, listener) if resource.key not in request.kept]
        wanted = plan_destroy(there, place.journal)
        earlier = earlier_project(wanted, place)
        plan = with_what_stays(wanted, place, earlier)
        if plan.changes:
            place.verify_account()
        deletions = tuple(_in_full(change, place) for change in plan.changes if change.action is Action.DELETE)
        left = tuple(change for change in plan.changes if change.action is Action.FORGET)
        result = DestroyResult(selected.agent_name, selected.target_name, deletions, left, request.dry_run)
        if request.dry_run:
            return replace(result, kept_memory=wiring.memory_id(selected))
        if (deletions or left) and not request.consent((*deletions, *left)):
            raise InputError("nothing was destroyed: the answer was no")
        _claim(step.resource for step in plan.steps if step.change.action is Action.DELETE)
        outcome = apply(plan, place.journal, listener)
        if selected.is_local:
            wiring.store().sweep(wiring.local_runtime().artifacts())
            wiring.let_go_of_local_runtime()
        else:
            _forget_builds(place, listener)
    kept = wiring.memory_id(selected)
    if kept:
        removes = f"{selected.command('destroy')} --include-memory removes it"
        why = f"it was made for project {earlier}" if earlier else removes
        listener(Note(f"memory {kept} stays, with what users said: {why}"))
    _tell_of_ways(plan, listener)
    if any(change.key == RUNTIME for change in deletions):
        _tell_of_interfaces(selected, listener)
    return replace(result, seconds=outcome.seconds, kept_memory=kept)


def _everything(place: Workplace, request: DestroyRequest, listener: Listener) -> list[Resource]:
    options = WaitOptions(seconds=request.timeout)
    there = wiring.everything(place, wait_options=options, listener=listener, with_supplied=request.include_supplied)
    others = wiring.unrecorded(place, wait_options=options, listener=listener)
    return [*there, *(resource for resource in others if _is_there(resource))]


def _is_there(resource: Resource) -> bool:
    """Whether it is found; who may not look there has most likely made nothing there."""
    try:
        return resource.read(None) is not None
    except DeniedError:
        return False


def _forget_builds(place: Workplace, listener: Listener) -> None:
    """Take what builds left in the Docker Engine away; the local target's images, labelled as such, stay."""
    labels = wiring.deployment(place.selected, account=place.account_number).image_labels
    try:
        gone = docker_image.remove(labels, without=TAG_TARGET)
    except AgentcoreError:
        return  # no engine: nothing was built here, and nothing in AWS depends on it
    if gone:
        listener(Note(f"gone from the Docker Engine, too: {', '.join(gone)}"))


def _in_full(change: Change, place: Workplace) -> Change:
    """The deletion with what goes along, for the question."""
    if change.key != RUNTIME or not change.name:
        return change
    there = place.client.endpoints(change.name.rpartition("/")[2])
    named = sorted(endpoint.name for endpoint in there if endpoint.name != DEFAULT_ENDPOINT)
    return replace(change, reason=f"{change.reason}, with its endpoints {', '.join(named)}") if named else change


def _tell_of_ways(plan: Plan, listener: Listener) -> None:
    """What is no longer in our records is reached by its owner, who may be this person."""
    for step in plan.steps:
        if step.change.action is Action.FORGET and step.found and step.found.refusal:
            listener(Note(f"{step.change.key} stays: {step.found.refusal.hint}"))


def _claim(resources: Iterable[Resource]) -> None:
    """Mark what is ours by its relation to something that goes first, so that a second run still knows it."""
    for resource in resources:
        if isinstance(resource, Claiming):
            resource.claim()


def _tell_of_interfaces(selected: Selected, listener: Listener) -> None:
    """AWS takes the network interfaces of a runtime in a VPC away by itself, hours later, and lets nobody else."""
    network = selected.agent.network
    if network and not selected.is_local:
        groups, subnets = ", ".join(network.security_groups), ", ".join(network.subnets)
        listener(
            Note(
                f"AWS may keep the agent's network interfaces (type agentic_ai) in {subnets} for up to 8 hours; until "
                f"then {groups} and the subnets can't be deleted, and nobody can detach them by hand"
            )
        )
