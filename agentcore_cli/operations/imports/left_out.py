"""What the earlier toolkit's file holds and this house has no place for: a line each, with what takes its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_JWT: Final = frozenset({"discoveryUrl", "allowedClients", "allowedAudience", "allowedScopes"})
_STORAGE: Final = frozenset({"sessionStorage"})
_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    section: frozenset(names.split())
    for section, names in {
        "": "name language node_version entrypoint deployment_type runtime_type platform container_runtime source_path"
        " aws bedrock_agentcore codebuild memory identity aws_jwt authorizer_configuration"
        " request_header_configuration oauth_configuration api_key_env_var_name api_key_credential_provider_name"
        " is_generated_by_agentcore_create filesystem_configurations",
        "aws": "execution_role execution_role_auto_create account region ecr_repository ecr_auto_create s3_path"
        " s3_auto_create network_configuration protocol_configuration observability lifecycle_configuration",
        "aws.network_configuration": "network_mode network_mode_config",
        "aws.network_configuration.network_mode_config": "subnets security_groups",
        "aws.protocol_configuration": "server_protocol",
        "aws.observability": "enabled",
        "aws.lifecycle_configuration": "idle_runtime_session_timeout max_lifetime",
        "bedrock_agentcore": "agent_id agent_arn agent_session_id",
        "codebuild": "project_name execution_role source_bucket",
        "memory": "mode memory_id memory_arn memory_name event_expiry_days first_invoke_memory_check_done"
        " was_created_by_toolkit",
        "identity": "credential_providers workload",
        "aws_jwt": "enabled audiences signing_algorithm issuer_url duration_seconds",
    }.items()
}


def left_out(agent: Mapping[str, Any]) -> Iterator[str]:
    """One agent's lines; a key that the toolkit's schema (0.3.14) does not know is named too."""
    yield from _kind(agent)
    yield from _build(agent.get("codebuild") or {}, agent.get("aws") or {})
    yield from _memory(agent.get("memory") or {})
    yield from _authorization(agent)
    if session := (agent.get("bedrock_agentcore") or {}).get("agent_session_id"):
        yield f"the last session: agentcore invoke --session-id {session} goes on in it"
    for mount in agent.get("filesystem_configurations") or ():
        yield from (f"filesystem_configurations.{kind}: has no key in the config" for kind in mount.keys() - _STORAGE)
    yield from (f"{key}: the earlier toolkit knows no such key, and neither does this" for key in _unknown(agent, ""))


def _kind(agent: Mapping[str, Any]) -> Iterator[str]:
    if agent.get("language") == "typescript":
        yield "language typescript: agents are Python here; give its image, `image:` in the config"
    if agent.get("node_version"):
        yield f"node_version {agent['node_version']}: agents are Python here"
    if agent.get("deployment_type") == "direct_code_deploy":
        yield "deployment_type direct_code_deploy: the next deploy makes an image"
    if agent.get("platform") not in (None, "linux/arm64"):
        yield f"platform {agent['platform']}: AgentCore runs linux/arm64 alone, and that is built"
    if agent.get("container_runtime") not in (None, "none", "docker"):
        yield f"container_runtime {agent['container_runtime']}: images are built with Docker"
    if agent.get("is_generated_by_agentcore_create"):
        yield "is_generated_by_agentcore_create: what CDK or Terraform made for it stays with them"


def _build(codebuild: Mapping[str, Any], aws: Mapping[str, Any]) -> Iterator[str]:
    if codebuild.get("project_name"):
        yield f"CodeBuild project {codebuild['project_name']}: images are built on this machine; delete it"
    if codebuild.get("execution_role"):
        yield f"CodeBuild's role {codebuild['execution_role']}: delete it with the project"
    if codebuild.get("source_bucket"):
        yield f"CodeBuild's bucket {codebuild['source_bucket']}: delete it when no other agent is built from it"
    if aws.get("s3_path"):
        yield f"S3 {aws['s3_path']}: images need none; delete what is in it when nothing else uses it"


def _memory(memory: Mapping[str, Any]) -> Iterator[str]:
    kind = f"{memory.get('mode')}, events kept {memory.get('event_expiry_days', 30)} days"
    if memory.get("memory_id"):
        maker = "made by the earlier toolkit" if memory.get("was_created_by_toolkit") else "made elsewhere"
        yield (
            f"memory {memory['memory_id']} ({kind}), {maker}: it is used as it is, and never changed or deleted here; "
            "the next deploy tells the agent its id as MEMORY_ID, too"
        )
    elif memory.get("mode") not in (None, "NO_MEMORY"):
        yield f"memory ({kind}): there was none yet; `memory: NAME` in the config has the next deploy make one"


def _authorization(agent: Mapping[str, Any]) -> Iterator[str]:
    jwt = (agent.get("authorizer_configuration") or {}).get("customJWTAuthorizer") or {}
    for member in sorted(jwt.keys() - _JWT):
        yield f"authorizer_configuration.customJWTAuthorizer.{member}: has no key in the config"
    identity = agent.get("identity") or {}
    if identity.get("credential_providers"):
        yield "identity.credential_providers: they stay; `services: [identity]` lets a role that deploy makes use them"
    if identity.get("workload"):
        name = identity["workload"].get("name")
        yield f"identity.workload {name}: it stays; AgentCore gives each runtime one of its own"
    if (agent.get("aws_jwt") or {}).get("enabled"):
        yield "aws_jwt: has no key in the config; add sts:GetWebIdentityToken to `role_policy` if the agent needs it"
    for key in ("oauth_configuration", "api_key_env_var_name", "api_key_credential_provider_name"):
        if agent.get(key):
            yield f"{key}: has no key in the config"


def _unknown(section: Mapping[str, Any], path: str) -> Iterator[str]:
    """The paths of keys with a value that no version of the toolkit writes."""
    for key, value in section.items():
        at = f"{path}.{key}" if path else key
        if key not in _KNOWN[path]:
            if value is not None:
                yield at
        elif isinstance(value, dict) and at in _KNOWN:
            yield from _unknown(value, at)
