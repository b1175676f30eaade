"""What `Runtime`'s methods give back, under the names that notebooks read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.operations.configure.configure import ConfigureResult as Configured
from agentcore_cli.operations.deploy.deploy import DeployResult
from agentcore_cli.operations.deploy.destroy import DestroyResult as Destroyed
from agentcore_cli.operations.deploy.status import StatusResult as Status
from agentcore_cli.operations.selection import Selected
from agentcore_cli.rendering import dockerfile_of


@dataclass(frozen=True, slots=True)
class ConfigureResult:
    """`dockerfile_path` is the agent's own or the generated one. `warnings` are what the check of the code doubts."""

    agent_name: str
    config_path: Path
    dockerfile_path: Path
    dockerignore_path: Path
    region: str | None
    execution_role: str | None
    ecr_repository: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """`image_uri` is `account.dkr.ecr.region.amazonaws.com/repository:tag`, and has that shape on every target.

    `ecr_uri` is the repository of it, as notebooks know it: what follows the / is the repository's name.
    `details` is what `agentcore deploy` shows: what changed, and the seconds of each step.
    """

    agent_id: str
    agent_arn: str
    image_uri: str
    version: str
    endpoint: str
    details: DeployResult

    @property
    def ecr_uri(self) -> str:
        return self.image_uri.partition("@")[0].rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`agent` and `endpoint` hold the members of GetAgentRuntime and GetAgentRuntimeEndpoint that describe a state.

    `details` is what `agentcore status` shows: endpoints, versions, drift.
    """

    agent: Mapping[str, Any]
    endpoint: Mapping[str, Any]
    details: Status


@dataclass(frozen=True, slots=True)
class DestroyResult:
    """`resources_removed` are keys and names, like `runtime arn:aws:…`; with `dry_run` what would be removed."""

    agent_name: str
    resources_removed: tuple[str, ...]
    dry_run: bool


def configured(made: Configured, selected: Selected) -> ConfigureResult:
    root = selected.loaded.root
    return ConfigureResult(
        agent_name=made.agent,
        config_path=made.config,
        dockerfile_path=dockerfile_of(root, made.agent),
        dockerignore_path=root / IGNORE_FILE,
        region=made.region,
        execution_role=selected.agent.execution_role,
        ecr_repository=selected.agent.ecr_repository,
        warnings=made.warnings,
    )


def launched(made: DeployResult) -> LaunchResult:
    return LaunchResult(made.runtime_id, made.arn, made.ecr_uri, made.version, made.endpoint, made)


def looked_at(seen: Status) -> StatusResult:
    agent = {
        "agentRuntimeId": seen.runtime_id,
        "agentRuntimeArn": seen.arn,
        "agentRuntimeVersion": seen.version,
        "status": seen.status,
        "failureReason": seen.failure,
    }
    default = next((endpoint for endpoint in seen.endpoints if endpoint.name == DEFAULT_ENDPOINT), None)
    endpoint = {
        "name": DEFAULT_ENDPOINT,
        "status": default.status if default else seen.status,
        "agentRuntimeEndpointArn": default.arn if default else None,
        "liveVersion": default.live_version if default else None,
        "targetVersion": default.target_version if default else None,
        "failureReason": default.failure if default else None,
    }
    return StatusResult(_without_none(agent), _without_none(endpoint), seen)


def destroyed(gone: Destroyed) -> DestroyResult:
    removed = tuple(f"{change.key} {change.name}".strip() for change in gone.deletions)
    return DestroyResult(gone.agent, removed, gone.dry_run)


def _without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
