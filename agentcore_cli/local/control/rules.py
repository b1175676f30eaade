"""Rules between members, which no single shape can show. The page of the developer guide is named beside each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from agentcore_cli.allowlist import may_be_allowed
from agentcore_cli.contract import LIFETIME_MAX, PROTOCOLS
from agentcore_cli.local.control import artifacts
from agentcore_cli.local.control.settings import effective_lifecycle
from agentcore_cli.local.http.wire import FieldFault

RESERVED_PORT: Final = 8443
_MOUNTS_MAX: Final = {"sessionStorage": 1, "s3FilesAccessPoint": 2, "efsAccessPoint": 2}

Members = Mapping[str, Any]


def none(members: Members) -> Iterator[FieldFault]:
    """The rules of an operation that has none."""
    yield from ()


def create_runtime(members: Members) -> Iterator[FieldFault]:
    yield from version_settings(members)
    yield from tags(members)


def version_settings(members: Members) -> Iterator[FieldFault]:
    """What CreateAgentRuntime and UpdateAgentRuntime both ask of a version."""
    yield from artifacts.rules(members)
    yield from _lifecycle(members)
    yield from _network(members)
    yield from _headers(members)
    yield from _ports(members)
    yield from _warmup(members)
    yield from _environment(members)
    yield from _filesystems(members)


def tags(members: Members) -> Iterator[FieldFault]:
    for key in members.get("tags", {}):
        if key.lower().startswith("aws:"):
            yield FieldFault("tags", f"tags: {key}: aws: prefixed tag key names are not allowed for external use")


def resource_policy(members: Members) -> Iterator[FieldFault]:
    """resource-based-policies: an IAM policy whose statements have principals, for this resource and no other."""
    try:
        policy = msgspec.json.decode(members["policy"], type=_Policy)
    except msgspec.MsgspecError as error:
        yield FieldFault("policy", f"policy: not a resource policy: {error}")
        return
    statements = policy.Statement if isinstance(policy.Statement, list) else [policy.Statement]
    for number, statement in enumerate(statements, start=1):
        if statement.get("Effect") not in ("Allow", "Deny") or not statement.keys() & {"Principal", "NotPrincipal"}:
            yield FieldFault("policy", f"policy: statement {number} needs Effect and Principal")
        if statement.get("Resource") not in (members["resourceArn"], [members["resourceArn"]]):
            yield FieldFault("policy", f"policy: the Resource of statement {number} must be {members['resourceArn']}")


class _Policy(msgspec.Struct):
    Version: Literal["2012-10-17", "2008-10-17"]
    Statement: dict[str, Any] | Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]


def _lifecycle(members: Members) -> Iterator[FieldFault]:
    """runtime-lifecycle-settings; only capacity providers live longer than a microVM."""
    asked = members.get("lifecycleConfiguration", {})
    too_long = [name for name, seconds in asked.items() if seconds > LIFETIME_MAX]
    if too_long and "capacityProviderConfiguration" not in members:
        for name in too_long:
            message = f"{name} must be less than or equal to {LIFETIME_MAX} for this compute type"
            yield FieldFault(f"lifecycleConfiguration.{name}", message)
        return
    effective = effective_lifecycle(asked)
    if effective["idleRuntimeSessionTimeout"] > effective["maxLifetime"]:
        yield FieldFault(
            "lifecycleConfiguration.idleRuntimeSessionTimeout",
            "idleRuntimeSessionTimeout must be less than or equal to maxLifetime",
        )


def _network(members: Members) -> Iterator[FieldFault]:
    """requireServiceS3Endpoint is for runtimes older than May 2026 (the model's documentation of VpcConfig)."""
    network = members.get("networkConfiguration", {})
    path = "networkConfiguration.networkModeConfig"
    if network.get("networkMode") == "VPC" and "networkModeConfig" not in network:
        yield FieldFault(path, "networkModeConfig is required when networkMode is VPC")
    if "requireServiceS3Endpoint" in network.get("networkModeConfig", {}):
        yield FieldFault(
            f"{path}.requireServiceS3Endpoint", "requireServiceS3Endpoint can't be set on this agent runtime"
        )


def _headers(members: Members) -> Iterator[FieldFault]:
    """runtime-header-allowlist."""
    path = "requestHeaderConfiguration.requestHeaderAllowlist"
    names = members.get("requestHeaderConfiguration", {}).get("requestHeaderAllowlist", [])
    for name in names:
        if not may_be_allowed(name):
            yield FieldFault(path, f"requestHeaderAllowlist: header {name} is restricted and can't be allowlisted")
    for name, times in Counter(name.lower() for name in names).items():
        if times > 1:
            yield FieldFault(path, f"requestHeaderAllowlist: header {name} is there {times} times (case is ignored)")


def _ports(members: Members) -> Iterator[FieldFault]:
    """The model's documentation of ProtocolConfiguration and AllowedPorts."""
    if members.get("protocolConfiguration", {}).get("port") == RESERVED_PORT:
        yield FieldFault("protocolConfiguration.port", f"protocolConfiguration: port {RESERVED_PORT} is reserved")
    taken: set[int] = set()
    for number, entry in enumerate(members.get("allowedPorts", []), start=1):
        path = f"allowedPorts.{number}.member"
        ports = _allowed(entry)
        if not ports:
            yield FieldFault(path, f"{path}: from must be less than or equal to to")
        if RESERVED_PORT in ports:
            yield FieldFault(path, f"{path}: port {RESERVED_PORT} is reserved")
        if not taken.isdisjoint(ports):
            yield FieldFault(path, f"{path}: overlaps another entry")
        taken.update(ports)


def _allowed(entry: Members) -> range:
    if "port" in entry:
        return range(entry["port"], entry["port"] + 1)
    return range(entry["portRange"]["from"], entry["portRange"]["to"] + 1)


def _warmup(members: Members) -> Iterator[FieldFault]:
    """The hook must not meet a path that AgentCore itself calls (the model, HttpPostLifecycleHookAction)."""
    hook = members.get("hooksConfiguration", {}).get("build", {}).get("warmup", {}).get("action", {}).get("httpPost")
    if hook is None:
        return
    protocol = members.get("protocolConfiguration", {})
    contract = PROTOCOLS[protocol.get("serverProtocol", "HTTP")]
    port = protocol.get("port", contract.port)
    served = (protocol.get("path", contract.path), contract.health)
    path = "hooksConfiguration.build.warmup.action.httpPost"
    if hook.get("port") == RESERVED_PORT:
        yield FieldFault(f"{path}.port", f"httpPost: port {RESERVED_PORT} is reserved")
    if hook.get("port", port) == port and hook["path"] in served:
        yield FieldFault(f"{path}.path", f"httpPost: path {hook['path']} is served for AgentCore Runtime itself")


def _environment(members: Members) -> Iterator[FieldFault]:
    """What no process can have in its environment. Names and values are sensitive: not repeated."""
    variables: Mapping[str, str] = members.get("environmentVariables", {})
    if any("=" in name or "\0" in name for name in variables):
        yield FieldFault("environmentVariables", "environmentVariables: a name holds = or a null character")
    if any("\0" in value for value in variables.values()):
        yield FieldFault("environmentVariables", "environmentVariables: a value holds a null character")


def _filesystems(members: Members) -> Iterator[FieldFault]:
    """runtime-filesystem-configurations."""
    path = "filesystemConfigurations"
    mounts: list[tuple[str, str]] = [
        (kind, mount["mountPath"].rstrip("/")) for entry in members.get(path, []) for kind, mount in entry.items()
    ]
    for kind, times in Counter(kind for kind, _ in mounts).items():
        if times > _MOUNTS_MAX.get(kind, times):
            yield FieldFault(path, f"{path}: at most {_MOUNTS_MAX[kind]} {kind}")
    for _, place in mounts:
        if place in ("/mnt/.", "/mnt/.."):  # the model's pattern lets them pass
            yield FieldFault(path, f"{path}: mountPath {place} is not a folder of /mnt")
    for place, times in Counter(place for _, place in mounts).items():
        if times > 1:
            yield FieldFault(path, f"{path}: mountPath {place} is there twice")
    if "capacityProviderConfiguration" not in members and any(kind == "capacityProviderVolume" for kind, _ in mounts):
        yield FieldFault(path, f"{path}: capacityProviderVolume needs a capacity provider")
