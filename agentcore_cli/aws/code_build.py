"""CodeBuild: projects, and builds that are started, looked at and stopped (`codebuild`).

CreateProject knows no client token: repeated after a lost answer it says that the project exists, a ConflictError here,
and who made it is told by its tags. StartBuild knows one, which is good for five minutes (botocore's model `codebuild`
2016-10-06, where all shapes are from).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.service import AwsService
from agentcore_cli.errors import NotFoundError

_NEWEST: Final = 20  # builds among which those that run are looked for
_FAILED: Final = frozenset({"FAILED", "FAULT", "TIMED_OUT", "STOPPED"})


@dataclass(frozen=True, slots=True)
class ProjectDescription:
    """`settings` are those that CreateProject and UpdateProject take, as BatchGetProjects shows them."""

    name: str
    arn: str
    tags: Mapping[str, str]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Build:
    """`status` is IN_PROGRESS, SUCCEEDED, FAILED, FAULT, TIMED_OUT or STOPPED, `phase` the current one, SUBMITTED to
    COMPLETED; `failure` is the phase that ended the build with what CodeBuild says of it. `group` and `stream` are
    where its lines are, once that is known. `variables` are those of its environment.
    """

    id: str
    status: str
    phase: str
    failure: tuple[str, str] | None
    group: str | None
    stream: str | None
    variables: Mapping[str, str]

    @property
    def runs(self) -> bool:
        return self.status == "IN_PROGRESS"


class CodeBuild(AwsService):
    service = "codebuild"

    def project(self, name: str) -> ProjectDescription | None:
        found = self._call("batch_get_projects", names=[name])["projects"]
        return _project(found[0]) if found else None

    def create_project(self, name: str, settings: Mapping[str, Any], tags: Mapping[str, str]) -> ProjectDescription:
        """Raises ConflictError when there is one of this name, InputError for a role that can't be assumed (yet)."""
        return _project(self._call("create_project", name=name, tags=_tag_list(tags), **settings)["project"])

    def update_project(self, name: str, settings: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """UpdateProject: these settings, these tags and no others. Raises InputError as `create_project`."""
        self._call("update_project", name=name, tags=_tag_list(tags), **settings)

    def delete_project(self, name: str) -> None:
        """DeleteProject; gone already is as good. A build that runs goes on."""
        self._call("delete_project", name=name)

    def start(self, project: str, source: str, version: str, variables: Mapping[str, str], token: str) -> Build:
        """Build one version of an object (`bucket/key`), with these variables; with the same token it is one build."""
        answer = self._call(
            "start_build",
            projectName=project,
            sourceTypeOverride="S3",
            sourceLocationOverride=source,
            sourceVersion=version,
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
            ],
            idempotencyToken=token,
        )
        return _build(answer["build"])

    def running(self, project: str) -> list[Build]:
        """Those of the newest builds that have not ended; none when there is no such project."""
        answer = self._if_there("list_builds_for_project", projectName=project, sortOrder="DESCENDING")
        ids = answer["ids"] if answer else []
        return [build for build in self._builds(ids[:_NEWEST]) if build.runs] if ids else []

    def build(self, id: str) -> Build:
        """Raises NotFoundError for one that is gone."""
        found = self._builds([id])
        if not found:
            raise NotFoundError(f"CodeBuild: there is no build {id} any more", hint="deploy starts another one")
        return found[0]

    def stop(self, id: str) -> None:
        self._call("stop_build", id=id)

    def _builds(self, ids: Sequence[str]) -> list[Build]:
        return [_build(found) for found in self._call("batch_get_builds", ids=list(ids))["builds"]]


def _project(found: Mapping[str, Any]) -> ProjectDescription:
    tags = {tag["key"]: tag["value"] for tag in found.get("tags") or ()}
    return ProjectDescription(found["name"], found["arn"], tags, found)


def _build(found: Mapping[str, Any]) -> Build:
    logs, variables = found.get("logs", {}), found.get("environment", {}).get("environmentVariables", ())
    return Build(
        id=found["id"],
        status=found["buildStatus"],
        phase=found.get("currentPhase", ""),
        failure=_failure(found.get("phases", ())),
        group=logs.get("groupName"),
        stream=logs.get("streamName"),
        variables={variable["name"]: variable["value"] for variable in variables},
    )


def _failure(phases: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The first phase that went wrong; those after it are tried all the same."""
    for phase in phases:
        if phase.get("phaseStatus") in _FAILED:
            contexts = phase.get("contexts", ())
            said = "; ".join(context.get("message") or context.get("statusCode", "") for context in contexts)
            return phase["phaseType"], said
    return None


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
