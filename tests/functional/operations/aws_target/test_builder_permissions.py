"""What `agentcore permissions` grants is what a life by each builder calls: no less, and no more but what is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agentcore_cli.aws.denials import action_of
from agentcore_cli.errors import DeniedError
from agentcore_cli.events import ignore
from agentcore_cli.operations.deploy.endpoints import (
    EndpointRequest,
    create_endpoint,
    delete_endpoint,
    update_endpoint,
)
from agentcore_cli.operations.deploy.permissions import caller_permissions
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from agentcore_cli.resources.iam.policy_document import missing, statements
from tests.fakes.aws_answers import access_denied
from tests.fakes.aws_calls import Call
from tests.fakes.aws_faults import instead
from tests.functional.operations.aws_target.every_builder import NOTHING, EveryBuilder
from tests.functional.operations.aws_target.test_permissions import FOREIGN_TRUST
from tests.long_cases import always

BUILDERS = ("codebuild", "zip", "oci")
UNSEEN = {
    # asked of whoever creates something with tags
    *("bedrock-agentcore:TagResource", "ecr:TagResource", "iam:TagRole", "logs:TagResource", "s3:TagResource"),
    "s3:PutBucketTagging",  # of buckets that were made without
    # what AWS does with the caller's rights
    *("bedrock-agentcore:CreateWorkloadIdentity", "bedrock-agentcore:DeleteWorkloadIdentity"),
    *("iam:CreateServiceLinkedRole", "iam:PassRole"),
    # whose refusal a deploy takes: somebody else may be the one who calls the agent
    *("bedrock-agentcore:InvokeAgentRuntime", "bedrock-agentcore:InvokeAgentRuntimeCommand"),
    "bedrock-agentcore:StopRuntimeSession",
    # what an upload or a build leaves that is broken off, and a boundary that the config no longer has
    *("codebuild:StopBuild", "s3:AbortMultipartUpload", "iam:DeleteRolePermissionsBoundary"),
}
THEIRS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
_NO_LOG = {f"logs:{name}" for name in ("DeleteLogGroup", "FilterLogEvents", "ListTagsForResource")}  # no session's here
_OF_A_REGISTRY = ("BatchCheckLayerAvailability", "CompleteLayerUpload", "InitiateLayerUpload", "UploadLayerPart")
UNSEEN_OF = {
    "codebuild": set[str](),
    "oci": _NO_LOG  # the registry here is no part of IAM
    | {f"ecr:{name}" for name in (*_OF_A_REGISTRY, "BatchGetImage", "GetDownloadUrlForLayer", "PutImage")}
    | {"ecr:GetAuthorizationToken"},
    "zip": _NO_LOG | {"s3:GetObject", "s3:GetObjectVersion"},  # AgentCore reads the zip with the caller's rights
}
EVERYWHERE = {"CreateAgentRuntime", "ListAgentRuntimes", "GetAuthorizationToken"}  # without a resource


def wanted(call: Call) -> dict[str, str]:
    """The statement that IAM asks for before it lets the call pass."""
    resource = "*" if call.operation in EVERYWHERE else call.resource
    if call.operation == "DeleteObjects":  # each object is judged
        resource += "/*"
    return {"Effect": "Allow", "Action": action_of(call.service, call.operation), "Resource": resource}


def only(yard: EveryBuilder, policy: Any) -> None:
    """From now on what the policy does not allow is refused; STS asks nobody."""
    yard.cloud.proxy.begin_anew()
    yard.cloud.proxy.interfere(
        lambda call: call.service != "sts" and bool(missing({"Statement": wanted(call)}, [policy])),
        instead(access_denied),
    )


def live(yard: EveryBuilder) -> Iterator[Callable[[], Any]]:
    """The verbs of a life, each to be called until it passes; with drift in between."""
    project = yard.project
    yield project.deploy
    yield project.plan
    (project.root / "handler.py").write_text("from http.server import HTTPServer\n# changed\n")
    yield project.deploy
    yield lambda: rollback(RollbackRequest(to="1"), project.selected, project.heard)
    yield lambda: create_endpoint(EndpointRequest("prod", "1"), project.selected, project.heard)
    yield lambda: update_endpoint(EndpointRequest("prod", "2"), project.selected, project.heard)
    yield lambda: delete_endpoint(EndpointRequest("prod"), project.selected, project.heard)
    drift(yard)
    yield project.deploy
    yield project.status
    yield project.destroy


def drift(yard: EveryBuilder) -> None:
    """Somebody changed everything by hand."""
    iam, logs, s3, ecr, codebuild = map(yard.cloud.moto.client, ("iam", "logs", "s3", "ecr", "codebuild"))
    more = {"Key": "new", "Value": "1"}
    theirs = iam.create_policy(PolicyName="theirs", PolicyDocument=json.dumps(THEIRS))["Policy"]["Arn"]
    for role in yard.cloud.roles():
        iam.tag_role(RoleName=role, Tags=[more])
        iam.update_role(RoleName=role, Description="Mine")
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=FOREIGN_TRUST)
        iam.attach_role_policy(RoleName=role, PolicyArn=theirs)
    for group in logs.describe_log_groups()["logGroups"]:
        logs.tag_resource(resourceArn=group["logGroupArn"], tags={"new": "1"})
    for name in codebuild.list_projects()["projects"]:
        found = codebuild.batch_get_projects(names=[name])["projects"][0]
        codebuild.delete_project(name=name)
        kept = ("name", "source", "artifacts", "environment", "serviceRole", "tags", "logsConfig")
        codebuild.create_project(**{key: found[key] for key in kept if key in found}, description="Mine")
    for bucket in s3.list_buckets()["Buckets"]:
        s3.delete_bucket_lifecycle(Bucket=bucket["Name"])
        s3.delete_public_access_block(Bucket=bucket["Name"])
    for repository in ecr.describe_repositories()["repositories"]:
        name = repository["repositoryName"]
        if name.startswith("bedrock-agentcore-"):
            ecr.tag_resource(resourceArn=repository["repositoryArn"], tags=[more])
            ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": False})
            ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
            ecr.delete_lifecycle_policy(repositoryName=name)
    with yard.cloud.agentcore() as client:
        arn = yard.cloud.the_runtime()["agentRuntimeArn"]
        client.tag_resource(resourceArn=arn, tags={"new": "1"})


def refusal_of(verb: Callable[[], Any]) -> DeniedError | None:
    """What it was refused with; None when it passed."""
    try:
        verb()
    except DeniedError as error:
        return error
    return None


@pytest.mark.parametrize("builder", always("oci", of=BUILDERS))
def test_it_is_enough_for_a_life(yard: EveryBuilder, builder: str) -> None:
    yard.take(builder)
    policy = caller_permissions(yard.project.selected, ignore).policy
    only(yard, policy)
    for verb in live(yard):
        verb()
    assert yard.left() == NOTHING
    refused = [
        call
        for call in yard.cloud.proxy.calls
        if call.service != "sts" and missing({"Statement": wanted(call)}, [policy])
    ]
    assert refused == []


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("builder", BUILDERS)
def test_each_of_it_is_named_where_it_is_missing(yard: EveryBuilder, builder: str) -> None:
    """Somebody who may do nothing is told one action after the other, until all of it goes."""
    yard.take(builder)
    granted: list[str] = []
    policy = {"Statement": {"Effect": "Allow", "Action": granted, "Resource": "*"}}
    only(yard, policy)
    for verb in live(yard):
        while True:
            yard.cloud.proxy.calls.clear()
            refused = refusal_of(verb)
            if refused is None:
                break
            asked = [wanted(call)["Action"] for call in yard.cloud.proxy.calls if call.service != "sts"]
            (action,) = {name for name in asked if name not in granted and name in refused.message}
            hint = (refused.hint or "").partition("again: ")[2].partition(";")[0]
            assert json.loads(hint)["Action"] == action
            granted.append(action)
    assert yard.left() == NOTHING
    printed = {
        action
        for statement in statements(caller_permissions(yard.project.selected, ignore).policy)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert set(granted) <= printed
    assert printed - set(granted) == (UNSEEN | UNSEEN_OF[builder]) & printed
