"""The CodeBuild project that builds an agent's images on ARM, from the sources in the agent's bucket.

It is the same for every build: what is built, and under which name it is pushed, StartBuild says. ARM_CONTAINER's
smallest compute type has 2 CPUs and 4 GB (CodeBuild user guide, build-env-ref-compute-types); its image is that of
Amazon Linux 2023 for aarch64 (build-env-ref-available; the CDK's `AMAZON_LINUX_2023_STANDARD_3_0`). Docker needs
privileged mode (`ProjectEnvironment` of botocore's model), and keeps its layers between builds where CodeBuild has the
same machine again (build-caching).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import keys, rendering
from agentcore_cli.aws.code_build import CodeBuild, ProjectDescription
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import EcrRepository, partition
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.resources.ownership import Owner, made, tags_of_people
from agentcore_cli.waiting import Waiter

SOURCES: Final = "source"  # where they are in the bucket
_ENVIRONMENT: Final = {
    "type": "ARM_CONTAINER",
    "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
    "computeType": "BUILD_GENERAL1_SMALL",
    "privilegedMode": True,
}
_CACHE: Final = {"type": "LOCAL", "modes": ["LOCAL_DOCKER_LAYER_CACHE"]}
_TIMEOUT_MINUTES: Final = 60  # CodeBuild's own default, of 5 to 2160
_ASSUMABLE_SECONDS: Final = 60.0  # CodeBuild sees a new role late (hashicorp/terraform-provider-aws #4233)
_NOT_YET: Final = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class BuildProjectSpec:
    """The project of one agent on one target. `bucket` has the sources, `group` is the log group.

    `registries` gives those that a build signs in to.
    """

    name: str
    owner: Owner
    agent: AgentConfig
    bucket: str
    group: str
    registries: Callable[[], Sequence[EcrRepository]]


def arn_of(name: str, account: str, region: str) -> str:
    return f"arn:{partition(region)}:codebuild:{region}:{account}:project/{name}"


def log_group_of(name: str) -> str:
    """Where CodeBuild writes by itself (CodeBuild user guide, build projects: CloudWatch logs)."""
    return f"/aws/codebuild/{name}"


@dataclass(frozen=True, slots=True)
class BuildProject:
    spec: BuildProjectSpec
    client: CodeBuild
    key: str = keys.BUILD_PROJECT
    depends_on: tuple[str, ...] = (keys.BUILD_ROLE, keys.BUILD_LOG, keys.BUCKET)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        spec = self.spec
        facts = {
            "description": f"Builds the images of agent {spec.owner.agent} of project {spec.owner.project}",
            "role": outputs[keys.BUILD_ROLE]["arn"],
            "buildspec": buildspec(spec.registries()),
            "source": f"{spec.bucket}/{SOURCES}/",
            "environment": {**_ENVIRONMENT, "environmentVariables": []},
            "cache": _CACHE,
            "timeout": _TIMEOUT_MINUTES,
            "log": spec.group,
            "tags": {**spec.agent.tags, **spec.owner.tags},
        }
        return Desired(facts, {"name": spec.name})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        there = self.client.project(self.spec.name)
        if there is None:
            return None
        is_recorded = recorded is not None and recorded.outputs.get("name") == there.name
        refusal = self.spec.owner.refusal(f"CodeBuild project {there.name}", there.tags, recorded=is_recorded)
        return Found(_facts(there), {"name": there.name}, there.arn, refusal)

    def apply(self, work: Work) -> Found:
        found = work.found or self._create(work)
        if found.facts != work.desired:
            self._until_assumable(
                work, lambda: self.client.update_project(self.spec.name, _settings(work.desired), work.desired["tags"])
            )
        return Found(work.desired, found.outputs, found.name)

    def destroy(self, found: Found, work: Work) -> None:
        """Stop what still builds: nobody is to push into what is deleted next."""
        for build in self.client.running(self.spec.name):
            work.tell(f"stopping {build.id}")
            with contextlib.suppress(AgentcoreError):  # ended meanwhile
                self.client.stop(build.id)
        self.client.delete_project(self.spec.name)

    def _create(self, work: Work) -> Found:
        def create() -> None:
            self.client.create_project(self.spec.name, _settings(work.desired), work.desired["tags"])

        what = f"CodeBuild project {self.spec.name}"
        return made(what, lambda: self._until_assumable(work, create), lambda: self.read(None))

    def _until_assumable(self, work: Work, call: Callable[[], object]) -> None:
        waiter = Waiter(1.0, 5.0, sleep=work.pause)
        while True:
            try:
                call()
                return
            except InputError as error:
                if _NOT_YET not in error.message or waiter.is_over(_ASSUMABLE_SECONDS):
                    raise
            work.tell("waiting until CodeBuild sees its role")
            waiter.pause()


def buildspec(registries: Sequence[EcrRepository]) -> str:
    """What every build does: sign in, build, push."""
    hosts = {address.uri.partition("/")[0]: address.region for address in registries}
    places = [{"region": region, "host": host} for host, region in sorted(hosts.items())]
    return rendering.render("codebuild/buildspec.yml.j2", registries=places)


def _settings(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": facts["description"],
        "serviceRole": facts["role"],
        "source": {"type": "S3", "location": facts["source"], "buildspec": facts["buildspec"]},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": facts["environment"],
        "cache": facts["cache"],
        "timeoutInMinutes": facts["timeout"],
        "logsConfig": {
            "cloudWatchLogs": {"status": "ENABLED", "groupName": facts["log"]},
            "s3Logs": {"status": "DISABLED"},
        },
    }


def _facts(there: ProjectDescription) -> dict[str, Any]:
    found = there.settings
    environment, cloud_watch = found.get("environment", {}), found.get("logsConfig", {}).get("cloudWatchLogs", {})
    kept = {name: environment.get(name) for name in _ENVIRONMENT}
    cache = found.get("cache", {})
    return {
        "description": found.get("description"),
        "role": found.get("serviceRole"),
        "buildspec": found.get("source", {}).get("buildspec"),
        "source": found.get("source", {}).get("location"),
        "environment": {**kept, "environmentVariables": environment.get("environmentVariables", [])},
        "cache": {name: cache.get(name) for name in _CACHE},
        "timeout": found.get("timeoutInMinutes"),
        "log": cloud_watch.get("groupName") if cloud_watch.get("status") == "ENABLED" else None,
        "tags": tags_of_people(there.tags),
    }
