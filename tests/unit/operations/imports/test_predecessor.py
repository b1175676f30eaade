"""The earlier toolkit's file, every field of its schema: carried over, left out by name, or without meaning here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentcore_cli.errors import ConfigError
from agentcore_cli.operations.imports import predecessor
from agentcore_cli.operations.imports.imported import Imported
from tests.unit.operations.imports.trees import without

ROLE = "arn:aws:iam::123456789012:role/AmazonBedrockAgentCoreSDKRuntime-us-east-1-0123456789"
ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/support-AbCdEf0123"
FULL = f"""
default_agent: support
agents:
  support:
    name: support
    language: python
    node_version: null
    entrypoint: /home/somebody/project/src/support.py
    deployment_type: direct_code_deploy
    runtime_type: PYTHON_3_12
    platform: linux/arm64
    container_runtime: docker
    source_path: /home/somebody/project
    aws:
      execution_role: {ROLE}
      execution_role_auto_create: false
      account: '123456789012'
      region: us-east-1
      ecr_repository: 123456789012.dkr.ecr.us-east-1.amazonaws.com/bedrock-agentcore-support
      ecr_auto_create: false
      s3_path: s3://bedrock-agentcore-codebuild-sources-123456789012-us-east-1
      s3_auto_create: false
      network_configuration:
        network_mode: VPC
        network_mode_config: {{subnets: [subnet-0123456789abcdef0], security_groups: [sg-0123456789abcdef0]}}
      protocol_configuration: {{server_protocol: MCP}}
      observability: {{enabled: true}}
      lifecycle_configuration: {{idle_runtime_session_timeout: 300, max_lifetime: 3600}}
    bedrock_agentcore: {{agent_id: support-AbCdEf0123, agent_arn: {ARN}, agent_session_id: 0f}}
    codebuild: {{project_name: bedrock-agentcore-support-builder, execution_role: null, source_bucket: b}}
    memory:
      mode: STM_ONLY
      memory_id: support_mem-AbCdEf0123
      memory_arn: arn:aws:bedrock-agentcore:us-east-1:123456789012:memory/support_mem-AbCdEf0123
      memory_name: support_mem
      event_expiry_days: 30
      first_invoke_memory_check_done: true
      was_created_by_toolkit: true
    identity: {{credential_providers: [{{name: google, arn: a, type: oauth2, callback_url: c}}], workload: null}}
    aws_jwt: {{enabled: true, audiences: [a], signing_algorithm: ES384, issuer_url: i, duration_seconds: 300}}
    authorizer_configuration:
      customJWTAuthorizer:
        discoveryUrl: https://issuer.example/.well-known/openid-configuration
        allowedClients: [client]
        allowedAudience: [audience]
        allowedScopes: [support/invoke]
        customClaims: []
    request_header_configuration: {{requestHeaderAllowlist: [X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant]}}
    oauth_configuration: {{workload_name: w}}
    api_key_env_var_name: OPENAI_API_KEY
    api_key_credential_provider_name: openai
    is_generated_by_agentcore_create: false
"""


def project(folder: Path, text: str, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")
    path = folder / predecessor.FILE_NAME
    path.write_text(text)
    return path


def test_every_field_is_carried_over_or_named(tmp_path: Path) -> None:
    [agent], default = predecessor.read(project(tmp_path, FULL, "src/support.py"))

    said = agent.settings
    assert (agent.name, default, agent.entrypoint) == ("support", "support", "src/support.py")
    assert (agent.region, agent.account, agent.runtime_arn) == ("us-east-1", "123456789012", ARN)
    assert (said.python, said.protocol, said.otel, said.execution_role) == ("3.12", "MCP", True, ROLE)
    assert said.ecr_repository == "123456789012.dkr.ecr.us-east-1.amazonaws.com/bedrock-agentcore-support"
    assert (said.subnets, said.security_groups) == (("subnet-0123456789abcdef0",), ("sg-0123456789abcdef0",))
    assert (said.idle_timeout, said.max_lifetime) == (300, 3600)
    assert said.memory == "support_mem-AbCdEf0123"
    assert said.environment == {"BEDROCK_AGENTCORE_MEMORY_NAME": "support_mem"}
    assert (said.jwt_clients, said.jwt_audience, said.jwt_scopes) == (("client",), ("audience",), ("support/invoke",))
    assert said.header_allowlist == ("X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant",)
    assert [line.split(": ")[1].split()[0] for line in agent.left_out] == [
        "deployment_type",
        "CodeBuild",
        "CodeBuild's",
        "S3",
        "memory",
        "authorizer_configuration.customJWTAuthorizer.customClaims",
        "identity.credential_providers",
        "aws_jwt",
        "oauth_configuration",
        "api_key_env_var_name",
        "api_key_credential_provider_name",
        "the",
    ]


# Each of these follows from another field, or is of no use to anybody but the toolkit.
WITHOUT_MEANING = {
    "name",  # it is the key
    *(f"aws.{what}_auto_create" for what in ("execution_role", "ecr", "s3")),  # false as soon as it was done
    "aws.network_configuration.network_mode",  # there are subnets, or there are none
    "bedrock_agentcore.agent_id",  # the end of the ARN
    *("identity.workload.arn", "memory.memory_arn", "memory.first_invoke_memory_check_done"),
    *(f"aws_jwt.{what}" for what in ("audiences", "signing_algorithm", "issuer_url", "duration_seconds")),  # `enabled`
}
# Values of the fields whose usual ones mean what is done here anyway.
UNUSUAL = {
    "language": "typescript",
    "node_version": "20",
    "platform": "linux/amd64",
    "container_runtime": "podman",
    "is_generated_by_agentcore_create": True,
}


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where values are; a list is one."""
    for key, value in tree.items():
        yield from leaves(value, (*path, key)) if isinstance(value, dict) and value else [(*path, key)]


def test_no_field_is_lost_without_a_word(tmp_path: Path) -> None:
    """Taken away, one after the other: either something else is read, or one line less is told."""
    agent = yaml.safe_load(FULL)["agents"]["support"] | UNUSUAL
    agent["codebuild"]["execution_role"] = "arn:aws:iam::123456789012:role/Builder"
    agent["identity"]["workload"] = {"name": "w", "arn": "a"}
    agent["memory"]["event_expiry_days"] = 45

    def read(agent: Any) -> Imported:
        text = yaml.safe_dump({"agents": {"support": agent}})
        return predecessor.read(project(tmp_path, text, "src/support.py"))[0][0]

    whole = read(agent)
    paths = [path for path in leaves(agent) if path not in (("entrypoint",), ("source_path",))]
    assert len(paths) > 45
    unnoticed = {".".join(path) for path in paths if read(without(agent, path)) == whole}
    assert unnoticed == WITHOUT_MEANING


def test_keys_that_nobody_knows_are_named(tmp_path: Path) -> None:
    text = (
        "agents: {one: {entrypoint: agent.py, entrypont: x, aws: {regoin: us-east-1, observability: {enable: true}}}}"
    )

    [agent], _ = predecessor.read(project(tmp_path, text, "agent.py"))

    named = [line.split(": ")[1] for line in agent.left_out]
    assert named == ["entrypont", "aws.regoin", "aws.observability.enable"]


def test_a_session_s_storage_is_kept(tmp_path: Path) -> None:
    mounts = "[{sessionStorage: {mountPath: /mnt/data}}, {efsAccessPoint: {accessPointArn: a, mountPath: /mnt/efs}}]"
    text = f"agents: {{one: {{entrypoint: agent.py, filesystem_configurations: {mounts}}}}}"

    [agent], _ = predecessor.read(project(tmp_path, text, "agent.py"))

    assert agent.settings.session_storage == "/mnt/data"
    assert agent.left_out == ("one: filesystem_configurations.efsAccessPoint: has no key in the config",)


def test_the_format_of_before_there_were_several_agents(tmp_path: Path) -> None:
    [agent], default = predecessor.read(project(tmp_path, "name: one\nentrypoint: agent.py\n", "agent.py"))

    assert (agent.name, agent.entrypoint, default, agent.left_out) == ("one", "agent.py", None, ())


def test_nulls_are_nothing_said(tmp_path: Path) -> None:
    text = "agents: {one: {entrypoint: agent.py, aws: null, memory: null, codebuild: null, bedrock_agentcore: null}}"

    [agent], _ = predecessor.read(project(tmp_path, text, "agent.py"))

    assert agent.settings == type(agent.settings)()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("agents: [", "can't be read"),
        ("- a", "not a mapping"),
        ("agents: {}", "agents: there is none"),
        ("agents: {one: 5}", r"agents\.one: not a mapping"),
        ("agents: {one: {}}", r"agents\.one\.entrypoint: there is none"),
        ("agents: {one: {entrypoint: gone.py}}", r"gone\.py: no such file"),
    ],
    ids=["broken", "list", "empty", "scalar", "no entrypoint", "moved away"],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        predecessor.read(project(tmp_path, text))
