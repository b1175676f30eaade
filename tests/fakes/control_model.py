"""Botocore's models of what is served, walked: a valid value of every input shape, and every way to break one.

A `Breach` is a request that breaks exactly one thing: `kind` says what, `member` where, `rule` the words of the
service for it. Unions take each of their alternatives in turn, so every nested member is reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape

from tests.fakes.control import CODE, policy_of

OPERATIONS: Final = (
    "CreateAgentRuntime",
    "GetAgentRuntime",
    "UpdateAgentRuntime",
    "DeleteAgentRuntime",
    "ListAgentRuntimes",
    "ListAgentRuntimeVersions",
    "CreateAgentRuntimeEndpoint",
    "GetAgentRuntimeEndpoint",
    "UpdateAgentRuntimeEndpoint",
    "DeleteAgentRuntimeEndpoint",
    "ListAgentRuntimeEndpoints",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "PutResourcePolicy",
    "GetResourcePolicy",
    "DeleteResourcePolicy",
)

RUNTIME_ARN: Final = "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/agent-0123456789"
# A value for each shape with a pattern, and for those that rules between members ask something of.
SAMPLES: Final[dict[str, Any]] = {
    "AgentRuntimeName": "another",
    "AgentRuntimeId": "agent-0123456789",
    "AgentRuntimeVersion": "1",
    "EndpointName": "prod",
    "ClientToken": "0123456789abcdef0123456789abcdef0",
    "NextToken": "token",
    "TaggableResourcesArn": RUNTIME_ARN,
    "BedrockAgentcoreResourceArn": RUNTIME_ARN,
    "ResourcePolicyBody": policy_of(RUNTIME_ARN),
    "TagKey": "team",
    "TagValue": "blue",
    "RuntimeContainerUri": "123456789012.dkr.ecr.us-west-2.amazonaws.com/agents:1",
    "CodeConfiguration": CODE["codeConfiguration"],
    "S3LocationBucketString": "agentcore-local",
    "RoleArn": "arn:aws:iam::000000000000:role/Agent",
    "SecurityGroupId": "sg-01234567",
    "SecurityGroupIdentifier": "sg-01234567",
    "SubnetId": "subnet-01234567",
    "VpcIdentifier": "vpc-01234567",
    "DiscoveryUrl": "https://id.example.com/.well-known/openid-configuration",
    "AllowedScopeType": "read",
    "InboundTokenClaimNameType": "team",
    "MatchValueString": "blue",
    "ResourceConfigurationIdentifier": "rcfg-0123456789abcdefg",
    "CertificateS3Uri": "s3://certificates/ca.pem",
    "CertificateBucketOwnerAccountId": "123456789012",
    "CertificateSecretArn": "arn:aws:secretsmanager:us-west-2:123456789012:secret:ca",
    "WorkloadIdentityNameType": "workload",
    "HeaderName": "X-Team",
    "ServerPath": "/invocations",
    "LifecycleHookPath": "/warm",
    "MountPath": "/mnt/data",
    "S3FilesAccessPointArn": "arn:aws:s3files:us-west-2:123456789012:file-system/fs-0123456789abcdef0"
    "/access-point/fsap-0123456789abcdef0",
    "EfsAccessPointArn": "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-01234567",
    "CapacityProviderVolumeName": "volume",
    "CapacityProviderArn": "arn:aws:bedrock-agentcore:us-west-2:123456789012:capacity-provider/pool-0123456789",
    "PlatformVersion": "1",
    # of memories
    "MemoryId": "memory-0123456789",
    "Name": "notes",
    "Arn": "arn:aws:kinesis:us-west-2:123456789012:stream/records",
    "Namespace": "/facts/",
    "NamespaceVariableKey": "team",
    "NamespaceVariableName": "team",
    "NamespaceVariableValue": "blue",
    "NamespaceAllowedValue": "blue",
    "MetadataKey": "topic",
    "AllowedStringValue": "tea",
    "AllowedStringListValue": "tea",
    "InvocationConfigurationInputPayloadDeliveryBucketNameString": "payloads",
    "ModifyInvocationConfigurationInputPayloadDeliveryBucketNameString": "payloads",
    "ActorId": "user/1:a",
    "SessionId": "session-1",
    "EventId": "0000000000000000001#00000001",
    "BranchName": "branch",
    "MetadataValueStringValueString": "tea",
    "StringValue": "tea",
    "StringListMemberValue": "tea",
    "RequestIdentifier": "one",
    "MemoryStrategyId": "facts-0123456789",
    "MemoryRecordId": "mem-01234567-89ab-cdef-0123-456789abcdef",
}
ALTERNATIVES: Final = {"AgentRuntimeArtifact": "codeConfiguration"}  # the only one that runs here
# Valid ones need what a test can't make up, or another that is set does not go with them.
LEFT_OUT: Final = ("requireServiceS3Endpoint", "nextToken", "namespaceTemplates", "namespacePath", "sourceNamespaces")


@dataclass(frozen=True, slots=True)
class Breach:
    kind: str
    member: str
    rule: str
    value: Any
    sensitive: bool = False


def service(name: str = "bedrock-agentcore-control") -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def inputs(operation: OperationModel) -> StructureShape:
    shape = operation.input_shape
    assert isinstance(shape, StructureShape)
    return shape


def valid(shape: Shape) -> Any:
    """A value of maximal shape: every optional member is there, of a union one alternative."""
    if shape.name in SAMPLES:
        return SAMPLES[shape.name]
    if is_document(shape):
        return {"any": ["thing", None]}
    if isinstance(shape, StructureShape):
        if shape.is_tagged_union:
            name = ALTERNATIVES.get(shape.name, next(iter(shape.members)))
            return {name: valid(shape.members[name])}
        return {name: valid(member) for name, member in shape.members.items() if name not in LEFT_OUT}
    if isinstance(shape, ListShape):
        return [valid(shape.member)]
    if isinstance(shape, MapShape):
        return {valid(shape.key): valid(shape.value)}
    return _scalar(shape)


def is_document(shape: Shape) -> bool:
    """Whether it is any JSON."""
    return isinstance(shape, StructureShape) and shape.is_document_type


def breaches(shape: StructureShape) -> Iterator[Breach]:
    """Every way to break one input of an operation."""
    return _of_structure(shape, "")


def _scalar(shape: Shape) -> Any:
    if isinstance(shape, StringShape):
        return shape.enum[0] if shape.enum else "v" * max(8, shape.metadata.get("min", 0))
    return {"integer": shape.metadata.get("min", 1), "boolean": True, "double": 1.5, "timestamp": 1_800_000_000.25}[
        shape.type_name
    ]


def _of(shape: Shape, member: str) -> Iterator[Breach]:
    sensitive = bool(shape.metadata.get("sensitive"))
    for breach in _inside(shape, member):
        yield replace(breach, sensitive=breach.sensitive or sensitive)


def _inside(shape: Shape, member: str) -> Iterator[Breach]:
    if is_document(shape):
        return
    if isinstance(shape, StructureShape):
        yield Breach("type", member, "Member must be a structure", "text")
        yield from _of_union(shape, member) if shape.is_tagged_union else _of_structure(shape, member)
    elif isinstance(shape, ListShape):
        yield Breach("type", member, "Member must be a list", "text")
        yield from _of_list(shape, member)
    elif isinstance(shape, MapShape):
        yield Breach("type", member, "Member must be a map", ["text"])
        yield from _of_map(shape, member)
    elif isinstance(shape, StringShape):
        yield Breach("type", member, "Member must be a string", 5)
        yield from _of_string(shape, member)
    elif shape.type_name == "integer":
        yield from _of_integer(shape, member)
    elif shape.type_name in ("double", "timestamp"):
        rule = "Member must be a number" if shape.type_name == "double" else "Member must be a timestamp"
        yield Breach("type", member, rule, "2026")
    else:
        yield Breach("type", member, "Member must be a boolean", "yes")


def _of_structure(shape: StructureShape, path: str) -> Iterator[Breach]:
    whole = valid(shape)
    for name, inner in shape.members.items():
        rest = {other: value for other, value in whole.items() if other != name}
        if name in shape.required_members:
            yield Breach("required", name, "Member must not be null", rest)
            yield Breach("null", name, "Member must not be null", rest | {name: None})
        for breach in _of(inner, name):
            yield replace(breach, value=rest | {name: breach.value})


def _of_union(shape: StructureShape, member: str) -> Iterator[Breach]:
    rule = f"Member must have exactly one member set of: [{', '.join(shape.members)}]"
    yield Breach("union-none", member, rule, {})
    if len(shape.members) > 1:
        yield Breach("union-two", member, rule, {name: valid(inner) for name, inner in shape.members.items()})
    for name, inner in shape.members.items():
        for breach in _of(inner, name):
            yield replace(breach, value={name: breach.value})


def _of_list(shape: ListShape, member: str) -> Iterator[Breach]:
    yield from _of_size(shape, member, lambda size: [valid(shape.member)] * size)
    yield Breach("null", member, "Member must not be null", [None])
    for breach in _of(shape.member, member):
        yield replace(breach, value=[breach.value])


def _of_map(shape: MapShape, member: str) -> Iterator[Breach]:
    yield from _of_size(shape, member, lambda size: {f"key{number}": valid(shape.value) for number in range(size)})
    for breach in _of_string(shape.key, member):
        yield replace(breach, kind=f"key-{breach.kind}", value={breach.value: valid(shape.value)})
    yield Breach("value-null", member, "Member must not be null", {valid(shape.key): None})
    if isinstance(shape.value, StringShape):
        yield Breach("value-type", member, "Member must be a string", {valid(shape.key): 5})
        for breach in _of_string(shape.value, member):
            yield replace(breach, kind=f"value-{breach.kind}", value={valid(shape.key): breach.value})
    else:
        yield Breach("value-type", member, "Member must be a structure", {valid(shape.key): 5})
        for breach in _of(shape.value, member):
            if breach.kind != "type" or breach.rule != "Member must be a structure":
                yield replace(breach, value={valid(shape.key): breach.value})


def _of_string(shape: StringShape, member: str) -> Iterator[Breach]:
    yield from _of_size(shape, member, lambda size: (valid(shape) * size)[:size])
    if pattern := shape.metadata.get("pattern"):
        unfit = (text for text in ("!" * 40, "a b" * 7, "~") if not re.fullmatch(pattern, text))
        yield Breach("pattern", member, f"Member must satisfy regular expression pattern: {pattern}", next(unfit))
    if shape.enum:
        yield Breach("enum", member, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", "NO_SUCH")


def _of_integer(shape: Shape, member: str) -> Iterator[Breach]:
    yield Breach("type", member, "Member must be an integer", "many")
    yield Breach("type-float", member, "Member must be an integer", 8080.5)
    if "min" in shape.metadata:
        low = shape.metadata["min"]
        yield Breach("min", member, f"Member must have value greater than or equal to {low}", low - 1)
    if "max" in shape.metadata:
        high = shape.metadata["max"]
        yield Breach("max", member, f"Member must have value less than or equal to {high}", high + 1)


def _of_size(shape: Shape, member: str, of_size: Any) -> Iterator[Breach]:
    if low := shape.metadata.get("min"):
        yield Breach("min", member, f"Member must have length greater than or equal to {low}", of_size(low - 1))
    if (high := shape.metadata.get("max")) is not None:
        yield Breach("max", member, f"Member must have length less than or equal to {high}", of_size(high + 1))
