"""The deployers' AWS_* variables, in memory only, and what a session gets of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from agentcore_cli.contract import endpoint_arn, log_group
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.session_tokens import PREFIX

_SOURCES: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
# Without credentials an SDK asks nobody at all, not even a stand-in. These open nothing, and say so.
_PLACEHOLDERS: Final = {
    "AWS_ACCESS_KEY_ID": "AGENTCOREPLACEHOLDER",
    "AWS_SECRET_ACCESS_KEY": "placeholder-of-a-local-session-that-was-given-no-aws-credentials",
}


class Credentials:
    """The environment of each runtime's sessions. `url` is this server's."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._of_runtimes: dict[str, dict[str, str]] = {}

    def put(self, runtime_arn: str, environment: Mapping[str, str]) -> None:
        """Remember what the sessions of a runtime get; an empty mapping withholds it all."""
        self._of_runtimes[runtime_arn] = {name: value for name, value in environment.items() if name.startswith("AWS_")}

    def forget(self, runtime_id: str) -> None:
        for arn in [arn for arn in self._of_runtimes if arn.endswith(f"/{runtime_id}")]:
            del self._of_runtimes[arn]

    def session_environment(self, version: Resolved, endpoint: str, token: str) -> dict[str, str]:
        """What a session gets beyond its program's environment, which wins where both name a variable.

        Credentials, this server's endpoints as its `token` opens them, and the resource attributes from which the SDK
        reads the runtime's ARN.
        """
        own = f"{self._url}/{PREFIX}/{token}"
        made = {
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": own,
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": own,
            "OTEL_RESOURCE_ATTRIBUTES": _resource_attributes(version, endpoint),
        }
        if version.settings.protocol == "A2A":  # what its card says of itself (runtime-a2a-protocol-contract)
            made["AGENTCORE_RUNTIME_URL"] = f"{self._url}/runtimes/{quote(version.runtime_arn, safe='')}/invocations/"
        given = self._of_runtimes.get(version.runtime_arn, {})
        if not any(given.get(source) for source in _SOURCES):
            given = given | _PLACEHOLDERS
        program = {"AWS_REGION", "AWS_DEFAULT_REGION", *version.settings.environment}
        return {name: value for name, value in (given | made).items() if name not in program}


def _resource_attributes(version: Resolved, endpoint: str) -> str:
    name = version.runtime_id.rpartition("-")[0]
    return ",".join(
        (
            f"service.name={name}.{endpoint}",
            "aws.service.type=gen_ai_agent",
            f"aws.log.group.names={log_group(version.runtime_id, endpoint)}",
            f"cloud.resource_id={endpoint_arn(version.runtime_arn, endpoint)}:{endpoint}",
        )
    )
