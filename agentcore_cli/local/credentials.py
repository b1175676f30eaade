"""The deployers' AWS_* variables, in memory only, and what a session gets of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from agentcore_cli.contract import LOCAL_ACCOUNT, endpoint_arn, log_group
from agentcore_cli.local.control import Resolved

_SOURCES: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)


class Credentials:
    """Which access key ids this server accepts, and the environment of each runtime's sessions.

    A session's own calls to the local endpoints are signed with its deployer's key, so that one is accepted too.
    """

    def __init__(self, url: str, access_key: str) -> None:
        self._url = url
        self._access_key = access_key
        self._of_runtimes: dict[str, dict[str, str]] = {}

    def put(self, runtime_arn: str, environment: Mapping[str, str]) -> None:
        """Remember what the sessions of a runtime get; an empty mapping withholds it all.

        The ARN may lack the end that AgentCore gives to an id: a name is one runtime's alone in its region.
        """
        self._of_runtimes[_unended(runtime_arn)] = {
            name: value for name, value in environment.items() if name.startswith("AWS_")
        }

    def forget(self, runtime_id: str) -> None:
        name = _unended(runtime_id)
        for arn in [arn for arn in self._of_runtimes if arn.endswith(f"/{name}")]:
            del self._of_runtimes[arn]

    def accepted(self) -> set[str]:
        """The access key ids that requests may be signed with."""
        deployers = (environment.get("AWS_ACCESS_KEY_ID") for environment in self._of_runtimes.values())
        return {self._access_key, *filter(None, deployers)}

    def session_environment(self, version: Resolved, endpoint: str) -> dict[str, str]:
        """What a session gets beyond its program's environment, which wins where both name a variable.

        Credentials, this server's endpoints, and the resource attributes from which the SDK reads the runtime's ARN.
        """
        made = {
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": self._url,
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": self._url,
            "OTEL_RESOURCE_ATTRIBUTES": _resource_attributes(version, endpoint),
        }
        if version.settings.protocol == "A2A":  # what its card says of itself (runtime-a2a-protocol-contract)
            made["AGENTCORE_RUNTIME_URL"] = f"{self._url}/runtimes/{quote(version.runtime_arn, safe='')}/invocations/"
        given = self._of_runtimes.get(_unended(version.runtime_arn), {})
        if not any(given.get(source) for source in _SOURCES):
            given = given | {"AWS_ACCESS_KEY_ID": self._access_key, "AWS_SECRET_ACCESS_KEY": LOCAL_ACCOUNT}
        program = {"AWS_REGION", "AWS_DEFAULT_REGION", *version.settings.environment}
        return {name: value for name, value in (given | made).items() if name not in program}


def _unended(runtime: str) -> str:
    """A runtime's id or ARN without what follows its name."""
    where, slash, runtime_id = runtime.rpartition("/")
    return f"{where}{slash}{runtime_id.partition('-')[0]}"


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
