"""The least policy of whoever deploys: valid, scoped, and in agreement with what the clients can call."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session
from msgspec.structs import replace

import agentcore_cli.aws
from agentcore_cli import events
from agentcore_cli.aws.denials import action_of, denial
from agentcore_cli.aws.service import AwsService
from agentcore_cli.aws.user_pools import UserPools
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.config import AgentConfig, Authorizer, MemoryConfig, NetworkConfig
from agentcore_cli.resources.aws_deployment import AwsDeployment
from agentcore_cli.resources.caller_policy import policy
from agentcore_cli.resources.deployment import Overrides
from agentcore_cli.resources.iam.policy_document import missing
from agentcore_cli.resources.ownership import Owner
from agentcore_cli.resources.wait_options import WaitOptions

ACCOUNT, REGION = "123456789012", "us-west-2"
PLAIN = AgentConfig(entrypoint="main.py")
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Theirs"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
NETWORK = NetworkConfig(subnets=("subnet-11111111",), security_groups=("sg-11111111",))
AUTHORIZER = Authorizer("https://idp.example/.well-known/openid-configuration")
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "retention": {"log_retention": 30},
    "resource-policy": {"resource_policy": "callers.json"},
    "boundary": {"permissions_boundary": BOUNDARY},
    "path": {"role_path": "/agents/"},
    "supplied-role": {"execution_role": ROLE},
    "given-repository": {"ecr_repository": "210987654321.dkr.ecr.us-west-2.amazonaws.com/team/bots"},
    "finished-image": {"image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/bot:v1"},
    "key": {"encryption_key": KEY},
    "zip": {"build": "zip"},
    "zip-with-key": {"build": "zip", "encryption_key": KEY},
    "vpc": {"network": NETWORK},
    "jwt": {"authorizer": AUTHORIZER},
    "a2a": {"protocol": "A2A"},
    "memory": {"memory": "notes"},
    "whole-memory": {"memory": MemoryConfig("notes", encryption_key=KEY, execution_role=ROLE)},
    "codebuild": {"build": "codebuild", "encryption_key": KEY, "log_retention": 30},
    "given-memory": {"memory": "notes-AbCdEf0123"},
    "traces": {"otel": True},
}


def deployment(agent: AgentConfig = PLAIN, region: str = REGION, account: str = ACCOUNT) -> AwsDeployment:
    return AwsDeployment(
        root=Path("/project"),
        agent=agent,
        owner=Owner("shop-1a2b3c", "bot", "aws"),
        account=account,
        region=region,
        runtime_name="bot",
        environment={},
        overrides=Overrides(),
        given_before=None,
        runtime_id=None,
        artifact=None,
        has_repository=False,
        has_bucket=False,
        has_build_project=False,
        has_policy=False,
        memory_name="notes",
        memory_id=None,
        resolved="",
        packages=Path("/cache"),
        archives=Path("/archives"),
        blobs=Blobs(Path("/layers")),
        wait_options=WaitOptions(),
        listener=events.ignore,
    )


def document(**settings: Any) -> Any:
    return policy(deployment(replace(PLAIN, **settings)))


def actions(document: Any) -> set[str]:
    return {action for statement in document["Statement"] for action in as_list(statement["Action"])}


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def by_sid(document: Any) -> Any:
    return {statement["Sid"]: statement for statement in document["Statement"]}


@pytest.mark.parametrize("settings", CONFIGS.values(), ids=CONFIGS)
def test_it_is_a_policy_that_iam_takes_as_a_managed_one(settings: dict[str, Any]) -> None:
    made = document(**settings)
    assert made["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in made["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in made["Statement"]:
        assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch("[a-z0-9-]+:[A-Za-z]+", action) for action in as_list(statement["Action"]))
        assert all(resource == "*" or resource.startswith("arn:aws:") for resource in as_list(statement["Resource"]))
    assert len("".join(json.dumps(made).split())) <= 6144, "IAM's limit for a managed policy"


@pytest.mark.parametrize("settings", CONFIGS.values(), ids=CONFIGS)
def test_only_what_aws_can_not_scope_stands_on_everything(settings: dict[str, Any]) -> None:
    found = by_sid(document(**settings))
    assert {sid for sid, statement in found.items() if statement["Resource"] == "*"} <= {
        "MakeMemory",
        "MakeRuntime",
        "ReadAndSwitchOnTraces",
        "SignInToRegistry",
    }
    assert found["MakeRuntime"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": REGION}}


def test_a_role_is_passed_to_agentcore_alone() -> None:
    made = deployment()
    statement = by_sid(document())["PassRole"]
    assert statement["Resource"] == made.role_arn(made.own_role)
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "bedrock-agentcore.amazonaws.com"}}
    assert by_sid(document(execution_role=ROLE))["PassRole"]["Resource"] == ROLE


def test_a_supplied_role_is_looked_at_and_no_role_is_made() -> None:
    wanted = actions(document(execution_role=ROLE))
    writes = {
        action for action in wanted if action.startswith("iam:") and not action.startswith(("iam:Get", "iam:List"))
    }
    assert writes == {"iam:PassRole", "iam:CreateServiceLinkedRole"}


def test_with_a_boundary_no_role_can_be_made_without_it() -> None:
    found = by_sid(document(permissions_boundary=BOUNDARY))
    assert found["ManageRoleWithinBoundary"]["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    free = {action for sid, s in found.items() if sid != "ManageRoleWithinBoundary" for action in as_list(s["Action"])}
    assert not free & {"iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"}


def test_an_image_is_pushed_only_where_one_is_built() -> None:
    assert by_sid(document())["PushImage"]["Resource"] == deployment().own_repository.arn
    given = by_sid(document(**CONFIGS["given-repository"]))
    assert given["PushImage"]["Resource"] == "arn:aws:ecr:us-west-2:210987654321:repository/team/bots"
    assert "ManageRepository" not in given
    finished = by_sid(document(**CONFIGS["finished-image"]))
    assert "PushImage" not in finished
    assert finished["LookAtImage"] == {
        "Sid": "LookAtImage",
        "Effect": "Allow",
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Resource": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/bot",
    }


def test_the_identity_that_comes_and_goes_with_a_runtime_is_the_caller_s_to_make() -> None:
    """Without these CreateAgentRuntime and DeleteAgentRuntime are refused, as reported by others."""
    identities = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:workload-identity-directory/default"
    statement = by_sid(document())["LetAgentCoreMakeItsIdentity"]
    assert statement["Resource"] == [identities, f"{identities}/workload-identity/bot-*"]
    assert {action.partition(":")[2] for action in statement["Action"]} == {
        "CreateWorkloadIdentity",
        "DeleteWorkloadIdentity",
    }


def test_a_memory_is_managed_where_deploys_make_it_and_only_looked_at_where_it_is_given() -> None:
    arn = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory"
    own = by_sid(document(memory="notes"))
    assert own["ManageMemory"]["Resource"] == own["ReadAndMoveMemory"]["Resource"] == f"{arn}/notes-*"
    given = by_sid(document(memory="notes-AbCdEf0123"))
    assert given["LookAtMemory"]["Resource"] == given["ReadAndMoveMemory"]["Resource"] == f"{arn}/notes-AbCdEf0123"
    changing = {"CreateMemory", "UpdateMemory", "DeleteMemory"}
    assert not {f"bedrock-agentcore:{name}" for name in changing} & actions(document(memory="notes-AbCdEf0123"))
    whole = by_sid(document(**CONFIGS["whole-memory"]))
    assert (whole["PassMemoryRole"]["Resource"], whole["EncryptMemory"]["Resource"]) == (ROLE, KEY)
    assert not any("Memory" in sid for sid in by_sid(document()))


def test_callers_with_a_token_need_no_right_to_invoke() -> None:
    assert "bedrock-agentcore:InvokeAgentRuntime" in actions(document())
    assert "bedrock-agentcore:InvokeAgentRuntime" not in actions(document(authorizer=AUTHORIZER))


def test_a_vpc_and_a_key_bring_what_they_need() -> None:
    linked = by_sid(document(network=NETWORK))["LetAgentCoreMakeItsRoles"]["Condition"]
    assert "network.bedrock-agentcore.amazonaws.com" in linked["StringEquals"]["iam:AWSServiceName"]
    assert by_sid(document(encryption_key=KEY))["EncryptRepository"]["Resource"] == KEY


@pytest.mark.parametrize(
    ("region", "partition"), [("us-west-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_every_arn_is_of_the_partition(region: str, partition: str) -> None:
    agent = replace(PLAIN, log_retention=30, network=NETWORK)
    assert set(re.findall(r"arn:([a-z-]+):", json.dumps(policy(deployment(agent, region))))) == {partition}


def test_an_unknown_account_is_any() -> None:
    made = policy(deployment(account="*"))
    assert ACCOUNT not in json.dumps(made)
    assert by_sid(made)["ManageRole"]["Resource"].startswith("arn:aws:iam::*:role/AmazonBedrockAgentCore-bot-")


# What the clients call, read from their code.

SERVICES = Session()
# Operations that only a rare turn of things leads to, and what that is. Its denial names what is missing.
RARE = {
    "iam:RemoveRoleFromInstanceProfile": "somebody put the role into an instance profile, which is theirs",
    "sts:GetCallerIdentity": "nobody needs a permission for it",
}
# Actions that no client's call is named like.
BEYOND_THE_DOORS = {
    "iam:PassRole",
    "iam:CreateServiceLinkedRole",
    *(f"bedrock-agentcore:{verb}WorkloadIdentity" for verb in ("Create", "Delete")),  # a runtime's own, by AgentCore
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:RetireGrant",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    *(
        f"ecr:{name}"  # a push, by the engine
        for name in (
            "BatchCheckLayerAvailability",
            "BatchGetImage",
            "CompleteLayerUpload",
            "GetDownloadUrlForLayer",
            "InitiateLayerUpload",
            "PutImage",
            "UploadLayerPart",
        )
    ),
    *(
        f"bedrock-agentcore:{name}"  # the data plane, which is no client of boto3's
        for name in ("GetAgentCard", "InvokeAgentRuntime", "InvokeAgentRuntimeCommand", "StopRuntimeSession")
    ),
    "logs:FilterLogEvents",
    "s3:GetObject",  # AgentCore reads the zip with the caller's rights
    "s3:GetObjectVersion",
    "s3:TagResource",  # CreateBucket with tags
}


def clients(kind: type[AwsService] = AwsService) -> Iterator[type[AwsService]]:
    """All in `aws/`, but for the one of user pools, which no deploy needs."""
    for module in iter_modules(agentcore_cli.aws.__path__, "agentcore_cli.aws."):
        import_module(module.name)
    for client in kind.__subclasses__():
        yield from (client, *clients(client)) if client is not UserPools else ()


def door_operations() -> Iterator[tuple[str, str]]:
    """Every service and operation, by the API's name, that a client names."""
    for client in clients():
        texts = {node.value for node in ast.walk(ast.parse(inspect.getsource(client))) if _is_text(node)}
        names = SERVICES.get_service_model(client.service).operation_names
        yield from ((client.service, name) for name in names if xform_name(name) in texts)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


ALL = {name: document(**settings) for name, settings in CONFIGS.items()}
OPERATIONS = sorted(set(door_operations()))


def test_the_doors_are_seen() -> None:
    assert ("iam", "CreateRole") in OPERATIONS
    assert ("ecr", "GetAuthorizationToken") in OPERATIONS
    assert ("bedrock-agentcore-control", "UpdateAgentRuntimeEndpoint") in OPERATIONS
    assert ("logs", "PutRetentionPolicy") in OPERATIONS


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_whatever_a_door_can_call_is_in_the_policy_of_a_config_that_needs_it(service: str, operation: str) -> None:
    action = action_of(service, operation)
    assert (action in RARE) != any(action in actions(made) for made in ALL.values())


def test_no_policy_has_an_action_that_nothing_calls() -> None:
    called = {action_of(*operation) for operation in OPERATIONS} | BEYOND_THE_DOORS
    assert set().union(*(actions(made) for made in ALL.values())) - called == set()


RUNTIME_ARN = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/bot-AbCdEf0123"
GROUP = "/aws/bedrock-agentcore/runtimes/bot-AbCdEf0123-DEFAULT"
PARAMETERS: dict[str, dict[str, Any]] = {
    "iam": {"RoleName": deployment().own_role},
    "ecr": {"repositoryName": deployment().own_repository.name},
    "logs": {"logGroupName": GROUP},
    "s3": {"Bucket": deployment().bucket},
    "codebuild": {"projectName": deployment().build_project},
    "bedrock-agentcore": {"memoryId": "notes-AbCdEf0123"},
    "bedrock-agentcore-control": {"agentRuntimeId": "bot-AbCdEf0123"},
}
TAGGED = {
    "ecr": deployment().own_repository.arn,
    "logs": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}",
    "bedrock-agentcore-control": RUNTIME_ARN,
}


@pytest.mark.parametrize(("service", "operation"), [o for o in OPERATIONS if action_of(*o) not in RARE])
def test_and_its_scope_covers_what_the_call_is_about(service: str, operation: str) -> None:
    """By the resource that a refusal would name; what looks at policies is about those of a supplied role."""
    parameters = dict(PARAMETERS.get(service, {}))
    if operation.endswith(("Object", "Upload", "Part", "PartCopy")):
        parameters["Key"] = "0123.zip"
    if operation == "DeleteObjects":
        parameters["Delete"] = {}
    if operation.endswith("Memory"):
        parameters = PARAMETERS["bedrock-agentcore"]
    if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        parameters = {"resourceArn": TAGGED[service]}
    if operation in (
        "CreateAgentRuntime",
        "CreateMemory",
        "ListAgentRuntimes",
        "ListMemories",
        "GetAuthorizationToken",
        "GetPolicy",
        "GetPolicyVersion",
    ):
        parameters = {}
    needed = denial("", service, operation, parameters, REGION)
    resource = needed.resource.replace(":*:", f":{ACCOUNT}:")
    if operation in ("GetPolicy", "GetPolicyVersion"):
        resource = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    if operation == "DescribeLogGroups":
        resource = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"
    wanted = {"Statement": {"Effect": "Allow", "Action": needed.action, "Resource": resource}}
    assert any(missing(wanted, [made]) == [] for made in ALL.values())


def test_images_of_earlier_versions_stay_readable_when_a_given_one_takes_over() -> None:
    given = replace(PLAIN, image=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/bot:v1")
    for has_repository in (True, False):
        there = dataclasses.replace(deployment(given), has_repository=has_repository)
        assert there.grant.earlier_repository == (there.own_repository if has_repository else None)
    assert dataclasses.replace(deployment(PLAIN), has_repository=True).grant.earlier_repository is None


def test_codebuild_gains_what_it_needs_and_the_caller_pushes_nothing() -> None:
    made = document(build="codebuild")
    found, docker = by_sid(made), by_sid(document(build="docker"))
    gained = {"BuildImage", "FindImage", "ManageBucket", "ManageBuildLog", "PassBuildRole", "UploadCode"}
    assert found.keys() - docker.keys() == gained
    assert docker.keys() - found.keys() == {"PushImage", "SignInToRegistry"}
    there = deployment()
    roles = [there.role_arn(there.own_role), there.role_arn(there.build_role)]
    assert found["ManageRole"]["Resource"] == roles
    assert found["PassBuildRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}
    assert found["PassBuildRole"]["Resource"] == roles[1]
    assert [action for action in actions(document(build="docker")) if action.startswith("codebuild:")] == []


def test_with_a_role_of_somebody_elses_only_codebuilds_is_managed() -> None:
    there = deployment()
    found = by_sid(document(build="codebuild", execution_role=ROLE))
    assert found["ManageRole"]["Resource"] == there.role_arn(there.build_role)
    assert found["LookAtSuppliedRole"]["Resource"] == ROLE
