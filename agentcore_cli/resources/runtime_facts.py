"""A runtime's settings in two shapes: AgentCore's requests and answers, and the facts that a plan compares and shows.

Every setting that the config knows is here in both directions and nowhere else.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from typing import Any, Final

from agentcore_cli.config import AgentConfig, Authorizer, NetworkConfig
from agentcore_cli.contract import code_runtime

UNMANAGED: Final = (
    "allowedPorts",
    "capacityProviderConfiguration",
    "hooksConfiguration",
    "platformVersion",
    "resourceConfigurations",
)

_SETTINGS: Final = (
    "agentRuntimeArtifact",
    "authorizerConfiguration",
    "description",
    "environmentVariables",
    "filesystemConfigurations",
    "lifecycleConfiguration",
    "networkConfiguration",
    "protocolConfiguration",
    "requestHeaderConfiguration",
    "roleArn",
)
_AUTHORIZER: Final = {
    "discovery_url": "discoveryUrl",
    "clients": "allowedClients",
    "audience": "allowedAudience",
    "scopes": "allowedScopes",
}

Facts = dict[str, Any]


def code_artifact(
    bucket: str, key: str, python: str, entry_point: Collection[str], object_version: str | None = None
) -> Facts:
    """The `artifact` fact of code in S3; `python` is like "3.13", `object_version` S3's own id of what was written."""
    version = {"object_version": object_version} if object_version else {}
    return {"code": f"{bucket}/{key}", **version, "python": code_runtime(python), "start": shlex.join(entry_point)}


def image_artifact(uri: str) -> Facts:
    return {"image": uri}


def image_of(answer: Mapping[str, Any]) -> str | None:
    """The URI of the image that GetAgentRuntime says a version runs; None for one that runs from a zip."""
    return _artifact(answer["agentRuntimeArtifact"]).get("image")


def facts_of_config(agent: AgentConfig) -> Facts:
    """What the config asks for, without artifact, role, environment and tags."""
    lifecycle = agent.lifecycle
    return {
        "protocol": agent.protocol,
        "description": agent.description,
        "lifecycle": {"idle_timeout": lifecycle.idle_timeout, "max_lifetime": lifecycle.max_lifetime},
        "network": _network(agent.network),
        "authorizer": _authorizer(agent.authorizer),
        "header_allowlist": sorted(agent.header_allowlist) or None,
        "session_storage": _mount(agent.session_storage),
        "mmds_v2": True,
    }


def facts_of_answer(answer: Mapping[str, Any]) -> Facts:
    """What GetAgentRuntime says, without environment, tags and status."""
    lifecycle = answer.get("lifecycleConfiguration", {})
    return {
        "artifact": _artifact(answer["agentRuntimeArtifact"]),
        "role": answer["roleArn"],
        "protocol": answer.get("protocolConfiguration", {}).get("serverProtocol", "HTTP"),
        "description": answer.get("description") or None,
        "lifecycle": {
            "idle_timeout": lifecycle.get("idleRuntimeSessionTimeout"),
            "max_lifetime": lifecycle.get("maxLifetime"),
        },
        "network": _answered_network(answer.get("networkConfiguration")),
        "authorizer": _answered_authorizer(answer.get("authorizerConfiguration")),
        "header_allowlist": sorted(answer.get("requestHeaderConfiguration", {}).get("requestHeaderAllowlist", ()))
        or None,
        "session_storage": _answered_storage(answer.get("filesystemConfigurations", ())),
        "mmds_v2": answer.get("metadataConfiguration", {}).get("requireMMDSV2", False),
    }


def body_of(facts: Mapping[str, Any], environment: Mapping[str, str]) -> Facts:
    """The members that CreateAgentRuntime and UpdateAgentRuntime share, from facts."""
    lifecycle = facts["lifecycle"]
    body: Facts = {
        "agentRuntimeArtifact": _artifact_body(facts["artifact"]),
        "roleArn": facts["role"],
        "protocolConfiguration": {"serverProtocol": facts["protocol"]},
        "networkConfiguration": _network_body(facts["network"]),
        "environmentVariables": dict(environment),
        "lifecycleConfiguration": {
            "idleRuntimeSessionTimeout": lifecycle["idle_timeout"],
            "maxLifetime": lifecycle["max_lifetime"],
        },
    }
    if facts["description"]:
        body["description"] = facts["description"]
    if facts["authorizer"]:
        body["authorizerConfiguration"] = {"customJWTAuthorizer": _authorizer_body(facts["authorizer"])}
    if facts["header_allowlist"]:
        body["requestHeaderConfiguration"] = {"requestHeaderAllowlist": facts["header_allowlist"]}
    if facts["session_storage"]:
        body["filesystemConfigurations"] = [{"sessionStorage": {"mountPath": facts["session_storage"]}}]
    return body


def with_unmanaged(body: Facts, answer: Mapping[str, Any]) -> Facts:
    """`body` with the settings of `answer` that the config does not know: an update, a full PUT, must resend them."""
    whole = {name: answer[name] for name in UNMANAGED if answer.get(name)} | body
    mounts = [mount for mount in answer.get("filesystemConfigurations", ()) if "sessionStorage" not in mount]
    if mounts:
        whole["filesystemConfigurations"] = mounts + whole.get("filesystemConfigurations", [])
    whole["protocolConfiguration"] = answer.get("protocolConfiguration", {}) | body["protocolConfiguration"]
    there = (answer.get("authorizerConfiguration") or {}).get("customJWTAuthorizer", {})
    if "authorizerConfiguration" in body:
        others = {name: value for name, value in there.items() if name not in _AUTHORIZER.values()}
        whole["authorizerConfiguration"] = {
            "customJWTAuthorizer": others | body["authorizerConfiguration"]["customJWTAuthorizer"]
        }
    return whole


def body_of_version(answer: Mapping[str, Any]) -> Facts:
    """What UpdateAgentRuntime must be told to make a version like the one of `answer` (GetAgentRuntime) once more."""
    return {name: answer[name] for name in (*_SETTINGS, *UNMANAGED) if answer.get(name)}


def _artifact(artifact: Mapping[str, Any]) -> Facts:
    if container := artifact.get("containerConfiguration"):
        return image_artifact(container["containerUri"])
    code = artifact["codeConfiguration"]
    location = code["code"]["s3"]
    return {
        "code": f"{location['bucket']}/{location['prefix']}",
        **({"object_version": location["versionId"]} if location.get("versionId") else {}),
        "python": code["runtime"],
        "start": shlex.join(code["entryPoint"]),
    }


def _artifact_body(artifact: Mapping[str, str]) -> Facts:
    if "image" in artifact:
        return {"containerConfiguration": {"containerUri": artifact["image"]}}
    bucket, _, key = artifact["code"].partition("/")
    version = {"versionId": artifact["object_version"]} if "object_version" in artifact else {}
    code = {"s3": {"bucket": bucket, "prefix": key, **version}}
    start = shlex.split(artifact["start"])
    return {"codeConfiguration": {"code": code, "runtime": artifact["python"], "entryPoint": start}}


def _network(network: NetworkConfig | None) -> Facts:
    if network is None:
        return {"mode": "PUBLIC"}
    return {
        "mode": "VPC",
        "subnets": sorted(network.subnets),
        "security_groups": sorted(network.security_groups),
    }


def _answered_network(answer: Mapping[str, Any] | None) -> Facts:
    if not answer or answer["networkMode"] == "PUBLIC":
        return {"mode": "PUBLIC"}
    details = answer.get("networkModeConfig", {})
    return {
        "mode": answer["networkMode"],
        "subnets": sorted(details.get("subnets", ())),
        "security_groups": sorted(details.get("securityGroups", ())),
    }


def _network_body(network: Mapping[str, Any]) -> Facts:
    if network["mode"] == "PUBLIC":
        return {"networkMode": "PUBLIC"}
    details = {"subnets": network["subnets"], "securityGroups": network["security_groups"]}
    return {"networkMode": "VPC", "networkModeConfig": details}


def _authorizer(authorizer: Authorizer | None) -> Facts | None:
    if authorizer is None:
        return None
    return {
        "discovery_url": authorizer.discovery_url,
        "clients": sorted(authorizer.clients) or None,
        "audience": sorted(authorizer.audience) or None,
        "scopes": sorted(authorizer.scopes) or None,
    }


def _answered_authorizer(answer: Mapping[str, Any] | None) -> Facts | None:
    if not answer or "customJWTAuthorizer" not in answer:
        return None
    jwt = answer["customJWTAuthorizer"]
    return {
        "discovery_url": jwt["discoveryUrl"],
        "clients": sorted(jwt.get("allowedClients", ())) or None,
        "audience": sorted(jwt.get("allowedAudience", ())) or None,
        "scopes": sorted(jwt.get("allowedScopes", ())) or None,
    }


def _authorizer_body(authorizer: Mapping[str, Any]) -> Facts:
    return {member: authorizer[fact] for fact, member in _AUTHORIZER.items() if authorizer[fact]}


def _mount(path: str | None) -> str | None:
    return path.rstrip("/") if path else None


def _answered_storage(mounts: Collection[Mapping[str, Any]]) -> str | None:
    return next((_mount(mount["sessionStorage"]["mountPath"]) for mount in mounts if "sessionStorage" in mount), None)
