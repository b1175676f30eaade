"""A source archive on its way to an image: uploaded, built and pushed by CodeBuild, while its lines are told here.

A build is known by the name that it pushes, which has the hash of the inputs in it. One that runs already for that name
is joined; what another one has pushed meanwhile is as good. Whoever is interrupted stops the build that it started.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli.aws.code_build import Build, CodeBuild
from agentcore_cli.aws.log_events import LogEvents
from agentcore_cli.aws.objects import Objects
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders.builder import BuildWork, PackedArtifact
from agentcore_cli.builders.packages.redaction import conceal
from agentcore_cli.contract import EcrRepository
from agentcore_cli.errors import AgentcoreError, NotFoundError, ServiceError
from agentcore_cli.resources.build_project import SOURCES
from agentcore_cli.resources.code import CodePublisher
from agentcore_cli.waiting import Waiter

IMAGE: Final = "AGENTCORE_IMAGE"  # the variable with the name that is pushed
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_LAST_LINES_SECONDS: Final = 10.0  # for which lines may come after the end (CloudWatch shows them late)
_OVERLAP_MS: Final = 60_000
_AGENTS: Final = "[Container] "  # what lines of CodeBuild's own begin with
_OVER: Final = "Phase complete: "
_WITH_COMMANDS: Final = frozenset({"INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"})
_SHOWN_LINES: Final = 12
_SHOWN_WIDTH: Final = 200
_QUOTA: Final = (
    "Service Quotas has how many builds of `ARM/Small` may run at once, 0 in some new accounts: ask for more, or "
    "wait until others have ended; or --build docker, oci or zip"
)


@dataclass(frozen=True, slots=True)
class BuildServices:
    """What a build is seen through: `images` are in the repository's region."""

    builds: CodeBuild
    objects: Objects
    events: LogEvents
    images: Repositories


@dataclass(frozen=True)
class CodeBuildPublisher:
    """`project` builds, from `bucket`, for `address`; `registry` is its account where that is not the caller's.

    `concealed` is what no line may have in it.
    """

    services: BuildServices
    project: str
    bucket: str
    address: EcrRepository
    registry: str | None = None
    concealed: Iterable[str] = field(default=(), repr=False)

    def publish(self, artifact: PackedArtifact, name: str, work: BuildWork) -> str:
        """Have `REPOSITORY:TAG` built and pushed; gives the digest of its manifest.

        Raises AgentcoreError for a build that fails, with the phase, what CodeBuild says of it and the last lines.
        """
        tag = name.rpartition(":")[2]
        key = f"{SOURCES}/{tag}.zip"
        version = self._uploaded(artifact, key, work)
        build = self._joined(name, work)
        if build is None and (digest := self._pushed(tag)):  # by one that has just ended
            return digest
        mine = build is None
        if build is None:
            build = self._started(key, version, name, work)
        told = _Lines(self.services.events, work, self.concealed)
        try:
            build = self._followed(build, told, work)
        except BaseException:
            if work.stopping():
                self._let_go(build, work, mine=mine)
            raise
        if digest := self._pushed(tag):
            return digest
        raise self._failure(build, told)

    def _uploaded(self, artifact: PackedArtifact, key: str, work: BuildWork) -> str:
        """The version of the source; uploaded unless it is there."""
        there = [version for version in self.services.objects.versions(self.bucket, key) if version.is_latest]
        if there:
            return there[0].id
        return CodePublisher(self.services.objects, self.bucket).publish(artifact, key, work)

    def _joined(self, name: str, work: BuildWork) -> Build | None:
        for build in self.services.builds.running(self.project):
            if build.variables.get(IMAGE) == name:
                work.show(f"joining {build.id}, which builds the same")
                return build
        return None

    def _started(self, key: str, version: str, name: str, work: BuildWork) -> Build:
        token = str(uuid.uuid4())  # for this one call: within five minutes the same token gives the same build again
        source = f"{self.bucket}/{key}"
        try:
            build = self.services.builds.start(self.project, source, version, {IMAGE: name}, token)
        except ServiceError as error:
            if "Cannot have more than" in error.message:
                error.hint = _QUOTA
            raise
        work.show(f"started {build.id}")
        return build

    def _followed(self, build: Build, told: _Lines, work: BuildWork) -> Build:
        """The build when it has ended."""
        waiter, phase = Waiter(_FIRST_PAUSE, _LONGEST_PAUSE, factor=1.5, sleep=work.pause), ""
        while build.runs:
            waiter.pause()
            build = self.services.builds.build(build.id)
            if build.runs and build.phase != phase:
                phase = build.phase
                work.tell(f"CodeBuild: {phase}")
            told.read(build)
        if build.status != "SUCCEEDED":
            told.read_to_the_end(build)
        return build

    def _let_go(self, build: Build, work: BuildWork, *, mine: bool) -> None:
        if not mine:
            work.show(f"{build.id} goes on, since another deploy started it")
            return
        try:
            self.services.builds.stop(build.id)
            work.show(f"stopped {build.id}")
        except AgentcoreError as error:
            work.show(f"{build.id} can't be stopped: {error.message}")

    def _pushed(self, tag: str) -> str | None:
        found = self.services.images.image(self.address.name, tag=tag, registry=self.registry)
        return found.digest if found else None

    def _failure(self, build: Build, told: _Lines) -> AgentcoreError:
        if build.status == "SUCCEEDED":
            return AgentcoreError(
                f"{self.address.uri}: {build.id} has ended well, and the image is not there",
                hint="see that nothing removes new images from the repository, then deploy again",
            )
        phase, said = build.failure or (build.phase, "")
        what = f"phase {phase} of {build.id} {_ENDS.get(build.status, 'failed')}"
        lines = "\n".join([what + (f": {said}" if said else ""), *told.last])
        hint = _hint(build, said)
        if build.stream:
            hint += f"; all its lines: aws logs tail {build.group} --log-stream-names {build.stream}"
        return AgentcoreError(f"the image can't be built: {told.clean(lines)}", hint=hint)


_ENDS: Final = {"TIMED_OUT": "took too long", "STOPPED": "was stopped"}


def _hint(build: Build, said: str) -> str:
    if build.status == "STOPPED":
        return "somebody stopped it: run this again"
    if build.status == "FAULT":
        return "that is a fault of CodeBuild's, as a rule: run this again"
    if "ACCESS_DENIED" in said.upper().replace(" ", "_") or "not authorized" in said:
        return "what a new role may do is seen late: run this again"
    return "mend that step, then run this again"


class _Lines:
    """The lines of one build, each told once; `last` are those of programs that a failure shows."""

    def __init__(self, events: LogEvents, work: BuildWork, concealed: Iterable[str]) -> None:
        self._events = events
        self._work = work
        self._concealed = list(concealed)
        self._seen: set[str] = set()
        self._newest = 0
        self._agents = ""
        self.last: deque[str] = deque(maxlen=_SHOWN_LINES)

    def read(self, build: Build) -> None:
        """Tell what is new."""
        if not (build.group and build.stream):
            return
        try:
            for event in self._events.read(build.group, max(0, self._newest - _OVERLAP_MS), stream=build.stream):
                if event.id not in self._seen:
                    self._seen.add(event.id)
                    self._newest = max(self._newest, event.at)
                    self._tell(event.message)
        except NotFoundError:  # no line yet
            return

    def read_to_the_end(self, build: Build) -> None:
        """Until the phase that failed has been told to be over: what says why comes before."""
        phase = build.failure[0] if build.failure else ""
        waiter = Waiter(_FIRST_PAUSE, _LONGEST_PAUSE, factor=1.5, sleep=self._work.pause)
        while (
            phase in _WITH_COMMANDS
            and f"{_OVER}{phase} " not in self._agents
            and not waiter.is_over(_LAST_LINES_SECONDS)
        ):
            waiter.pause()
            self.read(build)

    def clean(self, text: str) -> str:
        return conceal(text, self._concealed)

    def _tell(self, message: str) -> None:
        line = self.clean(message.rstrip())
        if line.startswith(_AGENTS):
            self._agents += f"{line}\n"
        elif line:
            self.last.append(line)
        if line:
            self._work.show(line[:_SHOWN_WIDTH])
