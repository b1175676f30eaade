"""Carries out a repository's lifecycle policy, which moto only keeps, as AWS's page says.

(https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, evaluation rules: an image is expired by
one rule or none, never by a rule of lower priority than one whose tagging requirements it matches; a rule counts images
that others expire or keep as well; older images go before newer ones.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Image:
    digest: str
    tags: tuple[str, ...] = ()


def expired(policy: Mapping[str, Any], images: Sequence[Image]) -> list[Image]:
    """Those that the policy expires of `images`, oldest first. Only rules that count images are played."""
    decided: set[str] = set()
    gone = []
    for rule in sorted(policy["rules"], key=lambda rule: int(rule["rulePriority"])):
        selection = rule["selection"]
        assert selection["countType"] == "imageCountMoreThan", "nothing else is played"
        matching = [image for image in images if _matches(selection, image)]
        beyond = matching[: -selection["countNumber"]]
        gone += [image for image in beyond if image.digest not in decided]
        decided |= {image.digest for image in matching}
    return [image for image in images if image in gone]


def _matches(selection: Mapping[str, Any], image: Image) -> bool:
    """Of several patterns each must match one of the image's tags."""
    if selection["tagStatus"] == "any":
        return True
    if selection["tagStatus"] == "untagged":
        return not image.tags
    patterns = selection["tagPatternList"]
    return all(any(fnmatchcase(tag, pattern) for tag in image.tags) for pattern in patterns)


def expire(ecr: Any, repository: str) -> list[Image]:
    """What ECR does within 24 hours, by a client of moto's ECR. Images of one second are taken in moto's own order."""
    policy = json.loads(ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"])
    listed = ecr.describe_images(repositoryName=repository)["imageDetails"]
    oldest_first = sorted(listed, key=lambda item: item["imagePushedAt"])
    gone = expired(policy, [Image(item["imageDigest"], tuple(item.get("imageTags", ()))) for item in oldest_first])
    if gone:
        ids = [{"imageDigest": image.digest} for image in gone]
        ecr.batch_delete_image(repositoryName=repository, imageIds=ids)
    return gone
