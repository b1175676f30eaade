"""What a session gets of its deployer's AWS credentials. They are kept in memory only.

Keys that stand in the deployer's environment are handed on as variables. All else is served as AWS serves it to its
containers: by an address, in AWS_CONTAINER_CREDENTIALS_FULL_URI, which every SDK knows and asks again before what it
had expires. Without either a session has placeholders, since an SDK without credentials asks nobody at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import msgspec

from agentcore_cli.contract import LOCAL_KEY_PREFIX, Arn, endpoint_arn, log_group
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import PREFIX, TokenGrant
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault
from agentcore_cli.local.programs.brokers import Brokers, NoKeys
from agentcore_cli.local.protocol import CredentialSource

PATH: Final = "credentials"  # behind a session's own URL
OTLP: Final = "otlp"  # behind it, too
SERVED: Final = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_ENDLESS_SECONDS: Final = 1800.0  # SDKs ask again for keys that don't end, as their file may hold others by then
# These open nothing, and say so.
_PLACEHOLDERS: Final = {
    "AWS_ACCESS_KEY_ID": "AGENTCOREPLACEHOLDER",
    "AWS_SECRET_ACCESS_KEY": "placeholder-of-a-local-session-that-was-given-no-aws-credentials",
}


class SessionCredentials:
    """The environment of each runtime's sessions, and what they are served. `url` is this server's."""

    def __init__(self, url: str, brokers: Brokers) -> None:
        self._url = url
        self._brokers = brokers
        self._of_runtimes: dict[str, dict[str, str]] = {}
        self._sources: dict[str, CredentialSource] = {}
        self._secrets: dict[str, dict[str, str]] = {}
        self._unused: set[str] = set()  # ARNs that were given something which no session has had yet
        self._early: set[asyncio.Task[None]] = set()

    def put(
        self,
        runtime_arn: str,
        environment: Mapping[str, str],
        source: CredentialSource | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """Remember what the sessions of a runtime get, and where their credentials are found if not in that.

        `secrets` are variables of the agent's own. An empty mapping and no source withhold it all. A local runtime's
        own key is nobody's AWS credentials. The ARN may lack the end that AgentCore gives to an id: a name is one
        runtime's alone in its region.
        """
        arn = _unended(runtime_arn)
        given = {name: value for name, value in environment.items() if name.startswith("AWS_")}
        if given.get("AWS_ACCESS_KEY_ID", "").startswith(LOCAL_KEY_PREFIX):
            given = {name: value for name, value in given.items() if name not in _KEYS}
        self._of_runtimes[arn] = given
        self._unused.add(arn)
        self._secrets[arn] = {name: value for name, value in (secrets or {}).items() if not name.startswith("AWS_")}
        self._brokers.forget(arn)
        self._sources.pop(arn, None)
        if source is not None:
            region = {"AWS_REGION": Arn.of(arn).region}  # for whoever has named none
            self._sources[arn] = msgspec.structs.replace(source, environment=region | source.environment)

    def forget(self, runtime_id: str) -> None:
        """Drop what a runtime that is gone had, but not what was put for the one that takes its place."""
        name = _unended(runtime_id)
        for arn in [arn for arn in self._of_runtimes if arn.endswith(f"/{name}") and arn not in self._unused]:
            del self._of_runtimes[arn]
            self._secrets.pop(arn, None)
            self._sources.pop(arn, None)
            self._brokers.forget(arn)

    def session_environment(self, version: Resolved, endpoint: str, token: str) -> dict[str, str]:
        """What a session gets beyond its program's environment, which wins where both name a variable.

        Credentials, this server's endpoints as its `token` opens them, the resource attributes from which the SDK reads
        the runtime's ARN, and where exporters of OpenTelemetry send to, unless the agent has its own place for that.
        """
        own = f"{self._url}/{PREFIX}/{token}"
        made = {
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": own,
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": own,
            "OTEL_RESOURCE_ATTRIBUTES": _resource_attributes(version, endpoint),
        }
        if not any(name.startswith("OTEL_EXPORTER_OTLP_") for name in version.settings.environment):
            made |= telemetry_variables(f"{own}/{OTLP}")
        if version.settings.protocol == "A2A":  # what its card says of itself (runtime-a2a-protocol-contract)
            made["AGENTCORE_RUNTIME_URL"] = f"{self._url}/runtimes/{quote(version.runtime_arn, safe='')}/invocations/"
        arn = _unended(version.runtime_arn)
        given = self._of_runtimes.get(arn, {})
        self._unused.discard(arn)
        if version.settings.environment.keys() & {*_KEYS, *SERVED}:  # its own, and no part of another's
            given = {name: value for name, value in given.items() if name not in _KEYS}
        elif arn in self._sources:
            given = given | {SERVED[0]: f"{own}/{PATH}", SERVED[1]: token}
        elif "AWS_ACCESS_KEY_ID" not in given:
            given = given | _PLACEHOLDERS
        program = {"AWS_REGION", "AWS_DEFAULT_REGION", *version.settings.environment}
        secrets = self._secrets.get(arn, {})
        return {name: value for name, value in (secrets | given | made).items() if name not in program}

    def look_ahead(self, runtime_arn: str) -> None:
        """Begin to look for what a session of the runtime will soon ask for."""
        if source := self._sources.get(_unended(runtime_arn)):
            task = asyncio.create_task(self._look(runtime_arn, source))
            self._early.add(task)
            task.add_done_callback(self._early.discard)

    async def serve(self, request: Request, grant: TokenGrant) -> Answer:
        """What an SDK in a session is given (IAM roles for tasks, "Amazon ECS task IAM role").

        Raises ServiceFault: 403 without the session's token in Authorization, 404 where none are to be had; its message
        says what to do, and SDKs show it.
        """
        said = request.headers.get(b"authorization", b"")
        if not hmac.compare_digest(said, (request.session_token or "").encode()):
            raise ServiceFault.access_denied("The session's token is missing: AWS_CONTAINER_AUTHORIZATION_TOKEN.")
        source = self._sources.get(_unended(grant.runtime_arn))
        if source is None:
            raise ServiceFault.not_found("The local runtime has no AWS credentials for this agent: deploy it again.")
        try:
            keys = await self._brokers.keys(_unended(grant.runtime_arn), source)
        except NoKeys as error:
            fault = f"no AWS credentials: {error}"
            grant.tell(fault)
            raise ServiceFault.not_found(fault) from error
        grant.tell("")
        expires = time.time() + _ENDLESS_SECONDS if keys.expires is None else keys.expires
        answer = {
            "AccessKeyId": keys.access_key,
            "SecretAccessKey": keys.secret_key,
            "Token": keys.token,
            "Expiration": datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return 200, [*JSON_HEADERS, ("cache-control", "no-store")], msgspec.json.encode(answer)

    async def close(self) -> None:
        await self._brokers.close()

    async def _look(self, runtime_arn: str, source: CredentialSource) -> None:
        with contextlib.suppress(NoKeys):  # whoever asks for them is told
            await self._brokers.keys(_unended(runtime_arn), source)


def telemetry_variables(url: str) -> dict[str, str]:
    """What OpenTelemetry's SDKs and AWS's distro read. On AWS these are set, too (by printenv in a session there), but
    for the addresses, metrics, which nobody keeps here, and the delays: whoever looks at a trace here waits for it.
    """
    return {
        "AGENT_OBSERVABILITY_ENABLED": "true",
        "OTEL_PYTHON_DISTRO": "aws_distro",
        "OTEL_PYTHON_CONFIGURATOR": "aws_configurator",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{url}/v1/traces",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{url}/v1/logs",
        "OTEL_BSP_SCHEDULE_DELAY": "1000",  # milliseconds
        "OTEL_BLRP_SCHEDULE_DELAY": "1000",
    }


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
