"""A runtime's answer, every member of its model: carried over, named, or without meaning here."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import botocore.session

from agentcore_cli.aws.runtimes import RuntimeDescription
from agentcore_cli.operations.imports import from_runtime
from agentcore_cli.operations.imports.imported import Imported
from tests.unit.operations.imports.trees import without

ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/support-AbCdEf0123"
# Who it is and how it is, which no config says; the endpoint below says the same of the workload identity.
WITHOUT_MEANING = {
    *("agentRuntimeArn", "agentRuntimeName", "agentRuntimeId", "agentRuntimeVersion"),
    *("createdAt", "lastUpdatedAt", "status", "failureReason", "workloadIdentityDetails"),
}
WHOLE: dict[str, Any] = {
    "agentRuntimeArtifact": {"containerConfiguration": {"containerUri": "i"}},
    "roleArn": "arn:aws:iam::123456789012:role/Theirs",
    "description": "made elsewhere",
    "networkConfiguration": {
        "networkMode": "VPC",
        "networkModeConfig": {"subnets": ["s"], "securityGroups": ["g"], "requireServiceS3Endpoint": False},
    },
    "protocolConfiguration": {"serverProtocol": "MCP", "port": 8123, "path": "/v1"},
    "lifecycleConfiguration": {"idleRuntimeSessionTimeout": 120, "maxLifetime": 3600},
    "environmentVariables": {"LOG_LEVEL": "debug"},
    "authorizerConfiguration": {
        "customJWTAuthorizer": {
            "discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
            "allowedClients": ["c"],
            "allowedAudience": ["a"],
            "allowedScopes": ["s"],
            "advertisedScopeMapping": {"a": "b"},
            "customClaims": [{}],
            "privateEndpoint": {"a": "b"},
            "privateEndpointOverrides": [{}],
            "certificateConfigurations": [{}],
            "allowedWorkloadConfiguration": {"a": "b"},
        }
    },
    "requestHeaderConfiguration": {"requestHeaderAllowlist": ["X-Plain"]},
    "metadataConfiguration": {"requireMMDSV2": True},
    "filesystemConfigurations": [{"sessionStorage": {"mountPath": "/mnt/data"}}, {"efsAccessPoint": {}}],
    "capacityProviderConfiguration": {"capacityProviderArn": "a"},
    "hooksConfiguration": {"build": {"a": "b"}},
    "platformVersion": "1",
    "allowedPorts": [{"port": 1}],
    "resourceConfigurations": [{"minimumMemoryInMiB": 1}],
}
NEEDED = {"agentRuntimeArtifact", "roleArn"}  # no runtime is without


def read(settings: dict[str, Any]) -> Imported:
    runtime = RuntimeDescription("support-AbCdEf0123", ARN, "support", "1", "READY", None, settings)
    return from_runtime.read(runtime, {"team": "others"}, (), "agent.py")


def members(tree: dict[str, Any], depth: int = 3, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in tree.items():
        yield (*path, name)
        if isinstance(value, dict) and depth > 1:
            yield from members(value, depth - 1, (*path, name))


def modelled(shape: Any, depth: int = 3, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, member in shape.members.items():
        yield (*path, name)
        if member.type_name == "structure" and depth > 1:
            yield from modelled(member, depth - 1, (*path, name))


def test_the_whole_answer_is_looked_at() -> None:
    """A member that a new botocore knows makes this fail: it has to be carried, or named."""
    session = botocore.session.Session()
    service = session.get_service_model("bedrock-agentcore-control")
    known = set(modelled(service.operation_model("GetAgentRuntime").output_shape))
    carved = {"hooksConfiguration", "agentRuntimeArtifact"}  # whole, or of one of two kinds
    here = {path for path in members(WHOLE) if path[0] not in carved or len(path) == 1}
    opaque = {path for path in here if path[-1] in ("a", "LOG_LEVEL")}
    wanted = {path for path in known if path[0] not in WITHOUT_MEANING and (path[0] not in carved or len(path) == 1)}
    jwt = ("authorizerConfiguration", "customJWTAuthorizer")
    assert here - opaque == {path for path in wanted if path[:2] != jwt or len(path) <= 3}


def test_no_member_is_lost_without_a_word() -> None:
    """Taken away, one after the other: either something else is read, or one line less is told."""
    whole = read(WHOLE)
    paths = [path for path in members(WHOLE) if path[0] not in NEEDED and path[-1] not in ("a", "discoveryUrl")]
    assert len(paths) > 30
    assert [path for path in paths if path[-1] != "networkMode" and read(without(WHOLE, path)) == whole] == []
    for index in range(2):
        smaller = copy.deepcopy(WHOLE)
        del smaller["filesystemConfigurations"][index]
        assert read(smaller) != whole


def test_what_is_resent_is_said_to_be() -> None:
    named = [line.removeprefix("support: ").partition(":")[0] for line in read(WHOLE).left_out]
    assert named == [
        *("allowedPorts", "capacityProviderConfiguration", "hooksConfiguration", "platformVersion"),
        "resourceConfigurations",
        "filesystemConfigurations.efsAccessPoint",
        *("protocolConfiguration.path", "protocolConfiguration.port"),
        *(
            f"authorizerConfiguration.customJWTAuthorizer.{member}"
            for member in (
                *("advertisedScopeMapping", "allowedWorkloadConfiguration", "certificateConfigurations"),
                *("customClaims", "privateEndpoint", "privateEndpointOverrides"),
            )
        ),
        "requireServiceS3Endpoint",
    ]


def test_metadata_of_version_one_is_named_since_a_deploy_ends_it() -> None:
    (line,) = [line for line in read(WHOLE | {"metadataConfiguration": {}}).left_out if "requireMMDSV2" in line]
    assert "the next deploy switches it on" in line


def test_references_of_secrets_are_secrets_again_and_nobody_else_s_variable_is() -> None:
    secrets = {"DB": "secretsmanager:prod/db#password"}
    ours = json.dumps({"region": "us-east-1", "secrets": secrets})
    found = read(WHOLE | {"environmentVariables": {"LOG_LEVEL": "debug", "AGENTCORE_SECRETS": ours}}).settings
    assert (found.secrets, found.environment) == (secrets, {"LOG_LEVEL": "debug"})
    theirs = read(WHOLE | {"environmentVariables": {"AGENTCORE_SECRETS": "theirs"}}).settings
    assert (theirs.secrets, theirs.environment) == ({}, {"AGENTCORE_SECRETS": "theirs"})
