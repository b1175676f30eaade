"""Everything that an agent needs on a target in AWS, and everything that deploys may have made there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentcore_cli.aws.runtimes import Runtimes
from agentcore_cli.aws.session import Session
from agentcore_cli.config import Agent
from agentcore_cli.engine import Outputs, Resource
from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener
from agentcore_cli.resources import runtime_facts
from agentcore_cli.resources.ownership import Owner
from agentcore_cli.resources.runtime import Patience, Runtime, Wish

ROLE = "role"
REPOSITORY = "repository"
IMAGE = "image"
RUNTIME = "runtime"
LOG_GROUP = "log_group"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One agent on one target. `root` is the project's folder, `image` an image that is there instead of a build.

    `environment` is the config's, `given` and `given_before` are the variables of `--env` (see `runtime.Wish`).
    """

    root: Path
    agent: Agent
    owner: Owner
    account: str
    region: str
    runtime_name: str
    environment: Mapping[str, str]
    given: Mapping[str, str]
    given_before: frozenset[str] | None
    image: str | None
    believes_tags: bool
    patience: Patience
    listener: Listener = field(repr=False)

    @property
    def finished_image(self) -> str | None:
        """The image that is used as it is, from the command line or the config."""
        return self.image or self.agent.image


def wanted(deployment: Deployment, session: Session) -> list[Resource]:
    """What a deploy makes or checks, dependencies first."""
    return [*_role(deployment, session), *_image(deployment, session), _runtime(deployment, session)]


def everything(deployment: Deployment, session: Session) -> list[Resource]:
    """What a destroy looks for, whatever the config says now: of each kind the one that a deploy makes."""
    return [_runtime(deployment, session)]


def _role(deployment: Deployment, session: Session) -> list[Resource]:
    if deployment.agent.execution_role:
        return []
    raise InputError("a role of its own is not made yet", hint="set execution_role")


def _image(deployment: Deployment, session: Session) -> list[Resource]:
    if deployment.finished_image:
        return []
    raise InputError("an image is not built yet", hint="give --image URI")


def _runtime(deployment: Deployment, session: Session) -> Runtime:
    wish = Wish(
        name=deployment.runtime_name,
        owner=deployment.owner,
        agent=deployment.agent,
        role=_role_of(deployment),
        artifact=_artifact_of(deployment),
        environment=deployment.environment,
        given=deployment.given,
        given_before=deployment.given_before,
        believes_tags=deployment.believes_tags,
    )
    return Runtime(RUNTIME, wish, Runtimes(session), deployment.patience, depends_on=(ROLE, IMAGE))


def _role_of(deployment: Deployment) -> Callable[[Outputs], str]:
    given = deployment.agent.execution_role
    return lambda outputs: given or outputs[ROLE]["arn"]


def _artifact_of(deployment: Deployment) -> Callable[[Outputs], Mapping[str, Any]]:
    finished = deployment.finished_image
    return lambda outputs: runtime_facts.image_artifact(finished or outputs[IMAGE]["uri"])
