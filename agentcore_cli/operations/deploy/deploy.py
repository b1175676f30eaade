"""Make what an agent needs on a target, or change what differs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from agentcore_cli import contract, names, wiring
from agentcore_cli.builders.choice import Choice
from agentcore_cli.builders.packages.vetting import accept
from agentcore_cli.contract import MustStart
from agentcore_cli.engine import Action, Change, Facts, Outcome, Plan, apply
from agentcore_cli.errors import AgentFailedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.keys import RUNTIME
from agentcore_cli.operations.configure.agent_check import check_imports
from agentcore_cli.operations.deploy.local_handover import CredentialsHandedOver, before_runtime, foresee, local_arn
from agentcore_cli.operations.deploy.local_network import tell_level, tell_of_network
from agentcore_cli.operations.deploy.plan import Workplace, check, choose_builder, make_plan, work_on
from agentcore_cli.operations.deploy.rollback import RollbackRequest, go_back
from agentcore_cli.operations.deploy.smoke import STEP, Smoke, told_what_goes_on
from agentcore_cli.operations.invoke.missing_files import explain_missing_file
from agentcore_cli.operations.invoke.missing_modules import explain_missing_module
from agentcore_cli.operations.invoke.starting import told_while_starting
from agentcore_cli.operations.secrets.secrets import explain_missing, local_values
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.deployment import Overrides
from agentcore_cli.resources.runtime import STARTED
from agentcore_cli.resources.wait_options import FIRST_LOOK, WaitOptions
from agentcore_cli.trust import Trust

if TYPE_CHECKING:
    from agentcore_cli.aws.session import AwsSession

_NEEDS_CONSENT = frozenset({Action.REPLACE, Action.DELETE, Action.ADOPT})

Consent = Callable[[tuple[Change, ...]], bool]


def always(changes: tuple[Change, ...]) -> bool:
    """The consent of a caller who said yes beforehand."""
    return True


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """`consent` is asked about replacements, deletions, adoptions and wider permissions, never on the local target.

    `timeout` is in seconds. `caller` is the environment whose AWS credentials local sessions get. With `smoke` the
    deploy is done only when a session of the new version has started, and with `rolls_back` one on AWS that does not
    is left again for the version before. With `trial_waits` the session that shows it on the local runtime is the first
    one that is called for, if that is soon. `bearer` is the token of a caller whom the agent lets in. After
    `first_look` seconds it is looked for the first time whether a new version is live. `before_version` is called,
    from a thread, when all is ready for a local version but the version itself; what it raises ends the deploy.
    """

    overrides: Overrides = field(default_factory=Overrides)
    wait: bool = True
    timeout: float = 900.0
    consent: Consent = always
    caller: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    smoke: bool = True
    trial_waits: bool = False
    rolls_back: bool = False
    bearer: str | None = field(default=None, repr=False)
    first_look: float = FIRST_LOOK
    before_version: Callable[[], None] = lambda: None

    @property
    def must_start(self) -> MustStart:
        """What is asked of the local runtime."""
        if not (self.smoke and self.wait):
            return ""
        return "waits" if self.trial_waits else "ends"


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What is there now. `artifact` is the digest (or tag) of what runs, `ecr_uri` the image, locally in shape alone,
    and empty where code runs from S3.

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


def deploy(
    request: DeployRequest, selected: Selected, listener: Listener, session: AwsSession | None = None
) -> DeployResult:
    """Plan, ask where that is called for, apply, wait, see it start.

    Whoever deploys again and again gives the `session` for all of them, made with `must_start`.

    Raises InputError (2) before anything is done for what is wrong with the project, ConflictError for a thing that is
    not ours or a deploy under way, CredentialsError (3), AgentFailedError (5) for a version that does not start,
    StillInProgressError (7) when it takes longer than wanted.
    """
    check(request.overrides, selected, listener)
    wait_options = WaitOptions(request.wait, request.timeout, request.first_look)
    smokes = bool(request.must_start)
    working = work_on(selected, "deploy", listener, must_start=request.must_start, session=session)
    with _told_what_is_missing(selected), working as place, wiring.store().in_use():
        choice = choose_builder(request.overrides, selected)
        vet = partial(check_imports, selected) if smokes else accept
        overrides = replace(request.overrides, choice=choice, foresees=partial(foresee, request, selected))
        plan = make_plan(place, overrides, wait_options, listener, vet)
        _tell_builder(request, selected, choice, listener)
        _ask(request, selected, plan)
        _note_first(selected, listener)
        applied = listener
        if selected.is_local:
            secrets = local_values(selected, request.caller, listener)
            hand_over_credentials = CredentialsHandedOver(request, selected, secrets)
            hand_over_credentials()
            applied = before_runtime(hand_over_credentials, listener)
            if _is_new(plan) or selected.loaded.config.local.network == "private":
                health = wiring.local_runtime().health()
                if _is_new(plan):
                    tell_level(health, listener)
                tell_of_network(selected, health, listener)
        with told_what_goes_on(place), _told_while_starting(selected, listener):
            outcome = apply(plan, place.journal, applied)
        seconds = _see_it_start(request, place, outcome, listener) if smokes else {}
    return _result(selected, plan, outcome, {**outcome.seconds, **seconds})


@contextmanager
def _told_what_is_missing(selected: Selected) -> Iterator[None]:
    """A version that does not start for want of a variable, a file or a module of its own says how it gets there."""
    try:
        yield
    except AgentFailedError as error:
        explain_missing(error, selected)
        explain_missing_file(error, selected)
        explain_missing_module(error, selected)
        raise


def _told_while_starting(selected: Selected, listener: Listener) -> AbstractContextManager[None]:
    """The local runtime starts a session of a new version before that is READY."""
    return told_while_starting(local_arn(selected), listener) if selected.is_local else nullcontext()


def _is_new(plan: Plan) -> bool:
    """Whether the runtime is made for the first time."""
    return any(change.action is Action.CREATE and change.key == RUNTIME for change in plan.changes)


def _tell_builder(request: DeployRequest, selected: Selected, choice: Choice | None, listener: Listener) -> None:
    """Say so when nobody asked for a builder and it is not the usual one."""
    is_auto = (request.overrides.build or selected.agent.build) == "auto"
    if choice and is_auto and choice.builder != "docker":
        listener(Note(f"built with {choice.builder}: {choice.reason}"))


def _note_first(selected: Selected, listener: Listener) -> None:
    """Say once, of a project that this user neither configured nor deployed before, what a deploy lets it do."""
    trust, project = Trust(), selected.loaded.config.project
    if trust.has("projects", project):
        return
    trust.add("projects", project)
    listener(Note(f"first deploy of {project} by you: a deploy runs its code, the build scripts of its packages too"))


def _ask(request: DeployRequest, selected: Selected, plan: Plan) -> None:
    delicate = tuple(change for change in plan.pending if change.widens or change.action in _NEEDS_CONSENT)
    if delicate and not selected.is_local and not request.consent(delicate):
        raise InputError("not deployed: the answer was no")


def _see_it_start(
    request: DeployRequest, place: Workplace, outcome: Outcome, listener: Listener
) -> Mapping[str, float]:
    """Gives the seconds of the step, if there was one. A version on AWS that fails is left where that was wanted."""
    runtime = outcome.outputs[RUNTIME]
    smoke = Smoke(place.selected, listener, request.bearer)
    if not smoke.is_due(runtime, runtime.get(STARTED)):
        return {}
    try:
        seconds = smoke.run(runtime)
    except AgentFailedError as error:
        _leave(request, place, runtime, error, listener)
        raise
    if seconds is None:
        return {}
    if recorded := place.journal.recorded(RUNTIME):
        place.journal.done(RUNTIME, {**recorded.outputs, STARTED: runtime["version"]}, recorded.facts)
    return {STEP: seconds}


def _leave(
    request: DeployRequest, place: Workplace, runtime: Facts, error: AgentFailedError, listener: Listener
) -> None:
    """Say what DEFAULT answers with now, after going back where that was wanted."""
    selected = place.selected
    mend = f"mend the code, then {selected.command('deploy')}"
    if not request.rolls_back:
        error.message += f"\nDEFAULT answers with version {runtime['version']}"
        error.hint = f"{selected.command('rollback')} goes back; or {mend}"
        return
    try:
        went = go_back(RollbackRequest(timeout=request.timeout), place, listener)
    except InputError as none:
        error.message += f"\nnot rolled back: {none.message}"
    else:
        error.message += f"\nrolled back: DEFAULT answers with what version {went.rolled_back_to} was"
    error.hint = mend


def _result(selected: Selected, plan: Plan, outcome: Outcome, seconds: Mapping[str, float]) -> DeployResult:
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
        seconds=seconds,
    )


def _artifact(selected: Selected, runtime: Facts) -> tuple[str, str]:
    """What the runtime runs, and the image that it is, or locally would be."""
    artifact: str = runtime["artifact"]
    if "/" in artifact:
        return artifact.rpartition("@" if "@" in artifact else ":")[2], artifact
    if not selected.is_local:
        return artifact, ""
    name = names.repository_name(selected.agent_name, selected.loaded.config.project, selected.target_name)
    repository = contract.EcrRepository(contract.LOCAL_ACCOUNT, wiring.region(selected), name)
    return artifact, f"{repository.uri}:{artifact[:12]}"
