"""What an agent needs in AWS that runs from a zip, beside what every agent needs: a bucket, and an object in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentcore_cli.aws.buckets import Buckets
from agentcore_cli.aws.objects import Objects
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.builders.zip.builder import ZipBuilder
from agentcore_cli.engine import Outputs, Resource
from agentcore_cli.resources import code_bucket
from agentcore_cli.resources.aws_deployment import AwsDeployment
from agentcore_cli.resources.code import Code, UploadedCode
from agentcore_cli.resources.code_bucket import CodeBucket
from agentcore_cli.resources.code_project import code_project


def wanted(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """The zip, with the bucket that it is uploaded to."""
    return [bucket(deployment, session), _code(deployment, session)]


def everything(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """What a destroy looks for: where neither a zip nor a source was uploaded and none is to be, S3 is not asked."""
    if not may_have_bucket(deployment):
        return []
    return [bucket(deployment, session), UploadedCode()]


def may_have_bucket(deployment: AwsDeployment) -> bool:
    """Whether the config wants it, or a deploy has made it, by the records."""
    return deployment.is_code or deployment.uses_codebuild or deployment.has_bucket


def artifact(deployment: AwsDeployment, session: AwsSession) -> Callable[[Outputs], Mapping[str, Any]]:
    """What makes the runtime's `artifact` fact."""
    return _code(deployment, session).artifact


def bucket(deployment: AwsDeployment, session: AwsSession) -> CodeBucket:
    """Of the zips and the sources."""
    spec = code_bucket.CodeBucketSpec(deployment.bucket, deployment.region, deployment.owner, deployment.agent)
    return CodeBucket(spec, Buckets(session, deployment.account))


def _code(deployment: AwsDeployment, session: AwsSession) -> Code:
    project = code_project(deployment.root, deployment.agent, deployment.resolved)
    builder = ZipBuilder(project, deployment.packages, deployment.archives, deployment.vet)
    return Code(builder, deployment.bucket, Objects(session, deployment.account), deployment.listener)
