"""A runtime that exists, as GetAgentRuntime, its tags and its endpoints describe it, read into the config's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from agentcore_cli.aws.runtimes import EndpointDescription, RuntimeDescription
from agentcore_cli.contract import DEFAULT_ENDPOINT, Arn
from agentcore_cli.errors import InputError
from agentcore_cli.launcher.references import VARIABLE
from agentcore_cli.operations.configure.settings import Settings
from agentcore_cli.operations.imports.imported import Imported
from agentcore_cli.resources import runtime_facts
from agentcore_cli.resources.iam import secret_references

_JWT_CARRIED: Final = {"discoveryUrl", "allowedClients", "allowedAudience", "allowedScopes"}


def read(
    runtime: RuntimeDescription,
    tags: Mapping[str, str],
    endpoints: Sequence[EndpointDescription],
    entrypoint: str | None,
) -> Imported:
    """`entrypoint` is the agent's file here. Raises InputError where it can't be told from the runtime."""
    facts = runtime_facts.facts_of_answer(runtime.settings)
    arn = Arn.of(runtime.arn)
    return Imported(
        name=runtime.name,
        entrypoint=entrypoint or _entrypoint(facts["artifact"]),
        settings=_settings(runtime, facts, tags),
        region=arn.region,
        account=arn.account,
        runtime_arn=runtime.arn,
        left_out=tuple(f"{runtime.name}: {line}" for line in _left_out(runtime, facts, endpoints)),
    )


def _settings(runtime: RuntimeDescription, facts: Mapping[str, Any], tags: Mapping[str, str]) -> Settings:
    authorizer, network = facts["authorizer"] or {}, facts["network"]
    environment = dict(runtime.settings.get("environmentVariables", {}))
    secrets = secret_references.fact(environment.get(VARIABLE), Arn.of(runtime.arn).region) or {}
    if VARIABLE in secrets:
        secrets = {}  # not of our making: a variable like others
    elif secrets:
        del environment[VARIABLE]
    return Settings(
        python=_python(facts["artifact"]),
        protocol=facts["protocol"],
        description=facts["description"],
        environment=environment,
        secrets=secrets,
        idle_timeout=facts["lifecycle"]["idle_timeout"],
        max_lifetime=facts["lifecycle"]["max_lifetime"],
        execution_role=facts["role"],
        image=facts["artifact"].get("image"),
        subnets=tuple(network.get("subnets", ())),
        security_groups=tuple(network.get("security_groups", ())),
        jwt_discovery_url=authorizer.get("discovery_url"),
        jwt_clients=tuple(authorizer.get("clients") or ()),
        jwt_audience=tuple(authorizer.get("audience") or ()),
        jwt_scopes=tuple(authorizer.get("scopes") or ()),
        header_allowlist=tuple(facts["header_allowlist"] or ()),
        session_storage=facts["session_storage"],
        tags={key: value for key, value in tags.items() if not key.lower().startswith(("aws:", "agentcore:"))},
    )


def _entrypoint(artifact: Mapping[str, str]) -> str:
    """The Python file that code in S3 starts with; an image does not tell."""
    start = artifact.get("start", "").split()
    if start and PurePosixPath(start[-1]).suffix == ".py":
        return start[-1]
    raise InputError("import: the runtime's image does not say which file is the agent", hint="give --entrypoint FILE")


def _python(artifact: Mapping[str, str]) -> str | None:
    """`PYTHON_3_13` -> `3.13`."""
    runtime = artifact.get("python", "")
    return runtime.removeprefix("PYTHON_").replace("_", ".") if runtime.startswith("PYTHON_") else None


def _left_out(
    runtime: RuntimeDescription, facts: Mapping[str, Any], endpoints: Sequence[EndpointDescription]
) -> Iterator[str]:
    if "code" in facts["artifact"]:
        yield f"code in S3, {facts['artifact']['code']}: the next deploy makes an image of the project here"
    for name in _resent(runtime.settings):
        yield f"{name}: has no key in the config; deploy sends it again as it is"
    if not facts["mmds_v2"]:
        yield "metadataConfiguration.requireMMDSV2: it is off; the next deploy switches it on, as AgentCore asks for it"
    network = (runtime.settings.get("networkConfiguration") or {}).get("networkModeConfig") or {}
    if network.get("requireServiceS3Endpoint") is False:  # its documentation (VpcConfig): unsaid is as good as true
        yield "requireServiceS3Endpoint: has no key in the config; the next update switches it on again"
    for endpoint in endpoints:
        if endpoint.name != DEFAULT_ENDPOINT:
            yield f"endpoint {endpoint.name} stays on version {endpoint.live_version}; `agentcore endpoints` moves it"


def _resent(settings: Mapping[str, Any]) -> Iterator[str]:
    """What the config does not know, and an update leaves as it is."""
    yield from (name for name in runtime_facts.UNMANAGED if settings.get(name))
    for mount in settings.get("filesystemConfigurations", ()):
        yield from (f"filesystemConfigurations.{kind}" for kind in mount if kind != "sessionStorage")
    groups = (
        ("protocolConfiguration", {"serverProtocol"}, settings.get("protocolConfiguration")),
        (
            "authorizerConfiguration.customJWTAuthorizer",
            _JWT_CARRIED,
            (settings.get("authorizerConfiguration") or {}).get("customJWTAuthorizer"),
        ),
    )
    for name, carried, members in groups:
        yield from (f"{name}.{member}" for member in sorted((members or {}).keys() - carried))
