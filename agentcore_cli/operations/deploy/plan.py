"""What a deploy would do; and the work that plan, deploy and status share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from agentcore_cli import files, wiring
from agentcore_cli.builders.choice import Choice
from agentcore_cli.builders.images import image
from agentcore_cli.builders.packages.vetting import Vet, accept
from agentcore_cli.builders.source import source
from agentcore_cli.builders.zip.inputs import check_python
from agentcore_cli.config import Start
from agentcore_cli.config.schema import IMAGE_NAME, IMAGE_RULE, LocalMount
from agentcore_cli.contract import ENVIRONMENT_KEY_MAX, ENVIRONMENT_VALUE_MAX, MustStart
from agentcore_cli.engine import Change, Journal, Plan, plan_deploy
from agentcore_cli.errors import EntrypointError, InputError, StillInProgressError
from agentcore_cli.events import Listener, Note
from agentcore_cli.keys import RUNTIME
from agentcore_cli.operations.configure.agent_check import check_readable, python_warnings
from agentcore_cli.operations.deploy import local_network
from agentcore_cli.operations.deploy.account import Account, find_account, verify_account
from agentcore_cli.operations.deploy.upgrade import resolved_anew
from agentcore_cli.operations.secrets.secrets import check_for_aws
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.deployment import Overrides
from agentcore_cli.resources.wait_options import WaitOptions

if TYPE_CHECKING:  # a build stops before AWS: it does not wait for boto3
    from agentcore_cli.aws.runtimes import RuntimeControl
    from agentcore_cli.aws.session import AwsSession


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file that belongs to the agent, by its path in the project; `size` is in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class PlanResult:
    """`changes` are all resources in their order, `pending` those that would change; `largest` as many as asked for.

    `network` is that of local sessions of code, None elsewhere; `mounts` what of this machine's files they see besides.
    `builder` is who makes the artifact for AWS, and why, None where nothing is made.
    """

    agent: str
    target: str
    changes: tuple[Change, ...]
    pending: tuple[Change, ...]
    largest: tuple[LargeFile, ...] = ()
    network: local_network.NetworkOfSessions | None = None
    mounts: tuple[LocalMount, ...] = ()
    builder: Choice | None = None


@dataclass(frozen=True)
class Workplace:
    """One agent's deployment while somebody looks at it or works on it."""

    selected: Selected
    session: AwsSession
    journal: Journal

    @cached_property
    def account(self) -> Account:
        """The target's; asks STS when nothing is recorded. Raises CredentialsError (3)."""
        return find_account(self.selected, self.session)

    @property
    def client(self) -> RuntimeControl:
        return wiring.runtimes(self.session)

    @property
    def account_number(self) -> str:
        return self.account.number

    def verify_account(self) -> None:
        """Raises CredentialsError (3) when the credentials are of another account than the target."""
        verify_account(self.account, self.selected, self.session)


def plan(overrides: Overrides, selected: Selected, listener: Listener, *, largest: int = 0) -> PlanResult:
    """Compare and change nothing. Raises what a deploy would refuse before it starts.

    `largest`: so many of the files that go along are told, by their size.
    """
    check(overrides, selected, listener)
    choice = choose_builder(overrides, selected)
    with visit(selected) as place:
        made = make_plan(place, replace(overrides, choice=choice), WaitOptions(), listener)
    told = _largest(overrides, selected, largest) if largest else ()
    result = PlanResult(selected.agent_name, selected.target_name, made.changes, made.pending, told, builder=choice)
    if not selected.is_local or _is_image(overrides, selected):
        return result  # containers have what the engine gives
    variables = {**wiring.local_environment(selected), **overrides.environment}
    network = local_network.session_network(selected, variables)
    return replace(result, network=network, mounts=selected.loaded.config.local.mounts)


def choose_builder(overrides: Overrides, selected: Selected) -> Choice | None:
    """Who makes the artifact; None on the local runtime, and where an image is there already."""
    if selected.is_local or overrides.image or selected.agent.image:
        return None
    return overrides.choice_for(selected.agent)


def _is_image(overrides: Overrides, selected: Selected) -> bool:
    there = selected.state.deployed(selected.agent_name)
    has_image = overrides.build is None and there is not None and "/" in (there.artifact or "")
    return bool(overrides.image) or overrides.build == "docker" or has_image


def _largest(overrides: Overrides, selected: Selected, count: int) -> tuple[LargeFile, ...]:
    build = overrides.build or ("zip" if selected.is_local else selected.agent.build)
    is_bundle = build == "zip" and not (overrides.image or (selected.agent.image and not selected.is_local))
    root = selected.loaded.root
    taken = source.read(root) if is_bundle else image.read_files(root, selected.agent_name)
    return tuple(LargeFile(name, size) for name, size in taken.largest(count))


@contextmanager
def visit(selected: Selected, *, must_start: MustStart = "", session: AwsSession | None = None) -> Iterator[Workplace]:
    """The target, for looking only. Work that takes longer than was waited for is told with where to look.

    A `session` that is given stays open.
    """
    own = session or wiring.session(selected, must_start=must_start)
    try:
        yield Workplace(selected, own, wiring.journal(selected))
    except StillInProgressError as error:
        error.hint = error.hint or selected.command("status")
        raise
    finally:
        if session is None:
            own.close()


@contextmanager
def work_on(
    selected: Selected,
    purpose: str,
    listener: Listener,
    *,
    must_start: MustStart = "",
    session: AwsSession | None = None,
) -> Iterator[Workplace]:
    """The target, for changing it. Raises ConflictError when somebody else does.

    `must_start`: the local runtime leads DEFAULT to no version that does not start.
    """
    with files.lock(selected.state.lock_path, purpose=f"{purpose} on {selected.target_name}"):
        selected.state.mend(listener)
        with visit(selected, must_start=must_start, session=session) as place:
            yield place


def make_plan(
    place: Workplace, overrides: Overrides, wait_options: WaitOptions, listener: Listener, vet: Vet = accept
) -> Plan:
    """The plan of a deploy; when there is anything to do, the account is that of the credentials.

    `vet` looks at the packages that carrying it out installs.
    Raises InputError for requirements that can't be resolved anew.
    """
    if overrides.upgrade:
        resolved = resolved_anew(place.selected, listener, build=overrides.build)
        overrides = replace(overrides, resolved=resolved)
    resources = wiring.resources(place, overrides=overrides, wait_options=wait_options, listener=listener, vet=vet)
    believed = () if overrides.refresh else [resource.key for resource in resources if resource.key != RUNTIME]
    made = plan_deploy(resources, place.journal, believed=believed)
    if made.pending:
        place.verify_account()
    return made


def check(overrides: Overrides, selected: Selected, listener: Listener) -> None:
    """Refuse what can be known to be wrong before anything starts, and tell what is doubtful. Raises InputError."""
    _check_environment(overrides.environment)
    _check_image(overrides.image)
    _check_build(overrides, selected)
    _check_issuer(selected)
    check_for_aws(selected, overrides.environment)
    if selected.is_local or not (overrides.image or selected.agent.image):
        _check_entrypoint(selected)
        _tell_of_python(selected, listener)


def check_artifact(overrides: Overrides, selected: Selected, listener: Listener) -> None:
    """Refuse what can be known to be wrong with the artifact for AWS alone. Raises InputError."""
    _check_builder(overrides, selected)
    _check_entrypoint(selected)
    _tell_of_python(selected, listener)


def _check_environment(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if not 1 <= len(name) <= ENVIRONMENT_KEY_MAX or any(c.isspace() or c in "=\0" for c in name):
            raise InputError(f"--env {name!r}: a name has 1 to {ENVIRONMENT_KEY_MAX} characters, no = and no blank")
        if len(value) > ENVIRONMENT_VALUE_MAX:
            raise InputError(f"--env {name}: {len(value)} characters is above {ENVIRONMENT_VALUE_MAX}")


def _check_image(name: str | None) -> None:
    if name and not re.fullmatch(IMAGE_NAME, name):
        raise InputError(f"--image {name}: not an image's name", hint=IMAGE_RULE)


def _check_build(overrides: Overrides, selected: Selected) -> None:
    if overrides.sbom and (selected.is_local or overrides.image or selected.agent.image):
        raise InputError("--sbom: only an image that oci builds for AWS has one", hint="leave --sbom out")
    if selected.is_local:
        if overrides.build not in (None, "zip", "docker"):
            hint = "--build zip runs the code itself, --build docker an image that is built here"
            raise InputError(f"--build {overrides.build}: not for the local runtime", hint=hint)
        return
    if not (overrides.image or selected.agent.image):
        _check_builder(overrides, selected)


def _check_builder(overrides: Overrides, selected: Selected) -> None:
    build = overrides.build or selected.agent.build
    said = f"--build {build}" if overrides.build else f"agents.{selected.agent_name}.build: {build}"
    if build == "zip":
        _check_code(said, selected)
    if overrides.wants_sbom(selected.agent) and build not in ("auto", "oci"):
        key = "--sbom" if overrides.sbom else f"agents.{selected.agent_name}.sbom: true"
        raise InputError(
            f"{said}: {key}: only an image that oci builds has one",
            hint="--build oci, or leave sbom out" if overrides.build else "build: oci, or leave sbom out",
        )


def _check_code(said: str, selected: Selected) -> None:
    """What holds for the code of a zip, and is known before anything is looked at."""
    try:
        check_python(selected.agent.python)
    except InputError as error:
        error.message = f"{said}: {error.message}"
        raise
    if selected.agent.install == "image":
        key = f"agents.{selected.agent_name}.install"
        raise InputError(
            f"{said}: {key}: image is for an image, and a zip has none to install in",
            hint=f"take {key} out: packages are then installed here, as arm64 wheels; or --build docker",
        )


def _check_issuer(selected: Selected) -> None:
    """An issuer on this machine is for the local runtime: AgentCore reaches none by http, and none here."""
    authorizer = selected.agent.authorizer
    if authorizer and not selected.is_local and authorizer.discovery_url.startswith("http:"):
        key = f"agents.{selected.agent_name}.authorizer.discovery_url"
        raise InputError(
            f"{key}: {authorizer.discovery_url} is not an https URL, and AgentCore takes nothing else",
            hint="--local, or an issuer that AWS can reach",
        )


def _check_entrypoint(selected: Selected) -> None:
    start = Start.of(selected.agent.entrypoint, selected.agent.protocol, selected.loaded.root)
    path = selected.loaded.root / start.file
    if not path.is_file():
        raise EntrypointError(
            f"agents.{selected.agent_name}.entrypoint: {start.file}: no such file",
            hint=f"agentcore configure --name {selected.agent_name} --entrypoint FILE",
        )
    check_readable(selected.loaded.root, selected.agent_name, selected.agent)


def _tell_of_python(selected: Selected, listener: Listener) -> None:
    for warning in python_warnings(selected.loaded.root, selected.agent):
        listener(Note(warning, "warning"))
