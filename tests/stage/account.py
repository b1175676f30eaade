"""An AWS account that stands on this machine: moto for IAM, ECR, S3, logs and STS, AgentCore by our own local runtime.

Both are behind a proxy, which the commands under test are pointed at. What is looked at goes past it, by boto3 alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from botocore.config import Config

from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import AwsProxy, Forward, Harm
from tests.fakes.code_bridge import CodeBridge
from tests.fakes.ecr_bridge import LAYERS, EcrBridge
from tests.fakes.moto_buckets import MotoBuckets
from tests.local_runtime import RunningServer, eventually, signed
from tests.stage.registry import Registry
from tests.stand_ins import ACCOUNT, REGION, Moto, boto3_client

TRUST: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_FOREIGN: Final = {"agentcore:project": "somebody-else", "agentcore:agent": "other", "agentcore:target": "aws"}
_LOOKED_AT: Final = ("iam", "ecr", "logs", "bedrock-agentcore-control", "s3")
_ONCE: Final = Config(retries={"total_max_attempts": 1})

WORKER: Final = os.environ.get("PYTEST_XDIST_WORKER", "main")
"""This test process among those that share the registry: its agents' names end in it."""

Inventory = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Account:
    """`clients` are boto3's, by service; `environment` is what a command needs to work in this account."""

    proxy: AwsProxy
    moto: Moto
    local: RunningServer
    clients: Mapping[str, Any]
    registry: Registry | None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": self.local.info.url,
            "AWS_ACCESS_KEY_ID": self.local.info.access_key,  # the local runtime takes no other, moto takes any
            "AWS_SECRET_ACCESS_KEY": self.local.info.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
            "AGENTCORE_HOME": str(self.local.home.root),
        }

    def inventory(self) -> Inventory:
        """Everything in the account, by kind and name, with what can be changed about it."""
        iam, ecr, logs, control, s3 = (self.clients[name] for name in _LOOKED_AT)
        return {
            "roles": {role["RoleName"]: _role(iam, role) for role in iam.list_roles()["Roles"]},
            "repositories": {
                repository["repositoryName"]: _repository(ecr, repository)
                for repository in ecr.describe_repositories()["repositories"]
            },
            "buckets": {name: _bucket(s3, name) for name in _buckets(s3)},
            "pushed": self._pushed(),
            "runtimes": {
                item["agentRuntimeId"]: _runtime(control, item)
                for item in control.list_agent_runtimes(maxResults=100)["agentRuntimes"]
            },
            "log groups": {
                group["logGroupName"]: group.get("retentionInDays") for group in logs.describe_log_groups()["logGroups"]
            },
        }

    def _pushed(self) -> dict[str, list[str]]:
        """The tags of the repositories that were pushed to, of this worker's agents alone."""
        if self.registry is None:
            return {}
        return {name: self.registry.tags(name) for name in self.registry.repositories() if f"_{WORKER}-" in name}

    def look_alikes(self, agent: str) -> None:
        """Fill the account with what looks like ours and is not: our prefixes, with no tags or somebody else's."""
        iam, ecr, logs, control, _ = (self.clients[name] for name in _LOOKED_AT)
        for suffix, tags in (("00000000", {}), ("11111111", _FOREIGN)):
            role = f"AmazonBedrockAgentCore-{agent}-{suffix}"
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST, Tags=pairs)
            iam.put_role_policy(RoleName=role, PolicyName="theirs", PolicyDocument=json.dumps(_policy()))
            name = f"bedrock-agentcore-{agent.lower()}-{suffix[:6]}"
            ecr.create_repository(repositoryName=name, tags=pairs)
        logs.create_log_group(logGroupName=f"/aws/bedrock-agentcore/runtimes/{agent}-0123456789-DEFAULT")
        for name, tags in ((f"{agent}_2", {}), (f"{agent}x", _FOREIGN)):
            made = control.create_agent_runtime(
                agentRuntimeName=name,
                agentRuntimeArtifact=self.local.put("print('somebody else')"),
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/AmazonBedrockAgentCore-{agent}-00000000",
                networkConfiguration={"networkMode": "PUBLIC"},
                tags=tags,
            )
            eventually(partial(self._is_ready, made["agentRuntimeId"]), f"{name} is there")

    def _is_ready(self, runtime_id: str) -> bool:
        shown = self.clients["bedrock-agentcore-control"].get_agent_runtime(agentRuntimeId=runtime_id)
        return bool(shown["status"] == "READY")


def _signed_anew(local: RunningServer, call: Call, request: Request, forward: Forward) -> Answer:
    """What was signed for the proxy's address, signed once more for that of the local runtime."""
    anew = ("authorization", "content-length", "host", "x-amz-date")
    headers = {name: value for name, value in request.headers.items() if name not in anew}
    url = f"{local.info.url}{request.path}"
    body = request.body or None
    fresh = signed(url, request.method, headers, body, key=local.info.key)
    return forward(replace(request, headers={name.lower(): value for name, value in fresh.items()}))


def _of_local(local: RunningServer, code: Harm, call: Call, request: Request, forward: Forward) -> Answer | None:
    """The local runtime as AgentCore: it takes code from S3, and what is signed for another address."""

    def signed_anew(request: Request) -> Answer:
        return _signed_anew(local, call, request, forward)

    return code(call, request, signed_anew)


def _code_bridge(s3: Any, local: RunningServer) -> CodeBridge:
    """Zips run by this process's Python, without packages of their own."""
    return CodeBridge(s3, local.home.artifacts, {"interpreter": sys.executable, "python": "3.13"})


@contextmanager
def account(
    moto: Moto,
    local: RunningServer,
    *,
    registry: Registry | None = None,
    control: Harm | None = None,
) -> Iterator[Account]:
    """The account, with a proxy of its own. With `registry`, moto's ECR knows what is pushed to it.

    `control` makes moto's control plane AgentCore's, with this handler before it; else it is the local runtime.
    """
    with ExitStack() as parts:
        bridges: dict[str, Harm] = {}
        if registry:
            bridges["ecr"] = bridge = EcrBridge(registry, moto.url)
            parts.callback(bridge.close)
        clients = {name: parts.enter_context(_client(name, local, moto, bool(control))) for name in _LOOKED_AT}
        bridges["s3"] = MotoBuckets(clients["s3"])
        bridges["bedrock-agentcore"] = control or partial(_of_local, local, _code_bridge(clients["s3"], local))
        services = {} if control else {"bedrock-agentcore": local.info.url}
        proxy = parts.enter_context(AwsProxy(services, otherwise=moto.url, bridges=bridges))
        yield Account(proxy, moto, local, clients, registry)


@contextmanager
def _client(service: str, local: RunningServer, moto: Moto, all_of_moto: bool) -> Iterator[Any]:
    """Plain boto3, past the proxy."""
    is_ours = service == "bedrock-agentcore-control" and not all_of_moto
    url = local.info.url if is_ours else moto.url
    client = boto3_client(service, url, *local.info.key, config=_ONCE)
    try:
        yield client
    finally:
        client.close()


def _policy() -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


def _role(iam: Any, role: Mapping[str, Any]) -> dict[str, Any]:
    name = role["RoleName"]
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        "arn": role["Arn"],
        "trust": role["AssumeRolePolicyDocument"],
        "tags": _tags(iam.list_role_tags(RoleName=name)["Tags"]),
        "policies": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies
        },
        "attached": [item["PolicyArn"] for item in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]],
    }


def _repository(ecr: Any, repository: Mapping[str, Any]) -> dict[str, Any]:
    name = repository["repositoryName"]
    try:
        lifecycle = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    except ecr.exceptions.LifecyclePolicyNotFoundException:
        lifecycle = None
    return {
        "mutability": repository["imageTagMutability"],
        "scan": repository["imageScanningConfiguration"],
        "encryption": repository["encryptionConfiguration"],
        "tags": _tags(ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]),
        "lifecycle": lifecycle,
    }


def _buckets(s3: Any) -> list[str]:
    """Those of the account; in one more the registry's stand-in keeps what ECR would."""
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"] != LAYERS]


def _bucket(s3: Any, name: str) -> dict[str, Any]:
    """What is in it, with the number of each object's versions, and what was begun to be uploaded; its tags."""
    objects: Counter[str] = Counter()
    for item in s3.list_object_versions(Bucket=name).get("Versions", ()):
        objects[item["Key"]] += 1
    return {
        "tags": _tags(s3.get_bucket_tagging(Bucket=name)["TagSet"]),
        "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
        "public": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
        "objects": dict(objects),
        "unfinished": [item["Key"] for item in s3.list_multipart_uploads(Bucket=name).get("Uploads", ())],
    }


def _runtime(control: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    identity = {"agentRuntimeId": item["agentRuntimeId"]}
    shown = control.get_agent_runtime(**identity)
    varying = ("ResponseMetadata", "lastUpdatedAt", "createdAt")
    endpoints = control.list_agent_runtime_endpoints(**identity)["runtimeEndpoints"]
    return {
        **{key: value for key, value in shown.items() if key not in varying},
        "tags": control.list_tags_for_resource(resourceArn=item["agentRuntimeArn"])["tags"],
        "versions": len(control.list_agent_runtime_versions(**identity)["agentRuntimes"]),
        "endpoints": {endpoint["name"]: endpoint.get("liveVersion") for endpoint in endpoints},
    }


def _tags(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}
