"""What CodeBuild may do in AWS for an agent: the trust and the policy of the role that it works as.

The service role of the CodeBuild user guide (setting-up-service-role) without what needs no doing here: no reports, no
artifacts, and no log groups, since ours is there. A push is that of the ECR user guide (image-push-iam). Only this
project's builds are let in (cross-service-confused-deputy-prevention).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentcore_cli import rendering
from agentcore_cli.contract import EcrRepository, dns_suffix, partition
from agentcore_cli.resources.iam.policy_document import Document

SERVICE: Final = "codebuild.amazonaws.com"


@dataclass(frozen=True, slots=True)
class BuildGrant:
    """`project`, `bucket` and `log` are ARNs, `sources` is where the sources are in the bucket, `key` the KMS key's ARN
    that encrypts them, if it is not S3's own. `bases` are the repositories of base images.
    """

    account: str
    region: str
    project: str
    bucket: str
    sources: str
    key: str | None
    log: str
    repository: EcrRepository
    bases: Sequence[EcrRepository] = ()


def trust(grant: BuildGrant) -> Document:
    return rendering.document("iam/build_trust.json.j2", service=SERVICE, account=grant.account, project=grant.project)


def policy(grant: BuildGrant) -> Document:
    return rendering.document(
        "iam/build_policy.json.j2",
        bucket=grant.bucket,
        sources=grant.sources,
        key=grant.key,
        bucket_via=f"s3.{grant.region}.{dns_suffix(grant.region)}",
        log=grant.log,
        repository=grant.repository.arn,
        bases=sorted({address.arn for address in grant.bases}),
    )


def log_arn(name: str, account: str, region: str) -> str:
    return f"arn:{partition(region)}:logs:{region}:{account}:log-group:{name}"
