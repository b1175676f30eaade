"""What a caller is missing when AWS says no: the IAM action and the resource, as a statement to be added to a policy.

Most services name both in their message. Where one doesn't, they follow from the operation and its parameters; an
account that is not known then is `*`, which a policy's ARN may have in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.contract import partition

# Service authorization reference: prefixes and actions that are not called as boto3 calls service and operation.
_PREFIXES: Final = {"bedrock-agentcore-control": "bedrock-agentcore"}
_ACTIONS: Final = {
    "s3": {
        "HeadBucket": "ListBucket",
        "HeadObject": "GetObject",
        "ListBuckets": "ListAllMyBuckets",
        "ListObjectsV2": "ListBucket",
        "CreateMultipartUpload": "PutObject",
        "UploadPart": "PutObject",
        "UploadPartCopy": "PutObject",
        "CompleteMultipartUpload": "PutObject",
        "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "DeleteBucketLifecycle": "PutLifecycleConfiguration",
        "GetBucketEncryption": "GetEncryptionConfiguration",
        "PutBucketEncryption": "PutEncryptionConfiguration",
        "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
        "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
        "ListObjectVersions": "ListBucketVersions",
        "DeleteObjects": "DeleteObjectVersion",  # of versions, which is how they are called here
    },
}
_ACTION: Final = re.compile(r"not authorized to perform: ?([a-z0-9-]+:[A-Za-z0-9]+)")
_RESOURCE: Final = re.compile(r"on resource: ?(arn:[^\s\"]+|\*)")
_EXPLICIT: Final = re.compile(r"with an explicit deny(?: in (?:an? )?([a-z -]+?))?(?=[:.]|$)")

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Denial:
    """`denied_by` says what kind of policy forbids it expressly ("service control policy"); None: nothing allows it."""

    action: str
    resource: str
    denied_by: str | None = None

    @property
    def statement(self) -> str:
        """What would allow it, as JSON."""
        return json.dumps({"Effect": "Allow", "Action": self.action, "Resource": self.resource})


def denial(message: str, service: str, operation: str, parameters: Parameters, region: str) -> Denial:
    """What is missing. `service` and `operation` are boto3's and the API's name: `iam`, `CreateRole`."""
    action, resource, explicit = (pattern.search(message) for pattern in (_ACTION, _RESOURCE, _EXPLICIT))
    return Denial(
        action[1] if action else action_of(service, operation),
        resource[1].rstrip(".,") if resource else _resource(service, parameters, region),
        (explicit[1] or "policy") if explicit else None,
    )


def action_of(service: str, operation: str) -> str:
    """The IAM action that an API operation needs."""
    return f"{_PREFIXES.get(service, service)}:{_ACTIONS.get(service, {}).get(operation, operation)}"


def _resource(service: str, parameters: Parameters, region: str) -> str:
    for name in ("resourceArn", "agentRuntimeArn", "logGroupIdentifier"):
        if str(parameters.get(name, "")).startswith("arn:"):
            return str(parameters[name])
    named = _RESOURCES.get(service)
    place = f"arn:{partition(region)}:{_PREFIXES.get(service, service)}"
    return (named(place, parameters, region) if named else None) or "*"


def _role(place: str, parameters: Parameters, region: str) -> str | None:
    if profile := parameters.get("InstanceProfileName"):
        return f"{place}::*:instance-profile/{profile}"
    return f"{place}::*:role/{parameters['RoleName']}" if "RoleName" in parameters else None


def _repository(place: str, parameters: Parameters, region: str) -> str | None:
    names = parameters.get("repositoryNames") or [parameters.get("repositoryName")]
    account = parameters.get("registryId", "*")
    return f"{place}:{region}:{account}:repository/{names[0]}" if names[0] else None


def _log_group(place: str, parameters: Parameters, region: str) -> str | None:
    name = parameters.get("logGroupName") or f"{parameters.get('logGroupNamePrefix', '')}*"
    return f"{place}:{region}:*:log-group:{name}"


def _runtime(place: str, parameters: Parameters, region: str) -> str | None:
    """A runtime or a memory."""
    for kind, name in (("runtime", "agentRuntimeId"), ("memory", "memoryId")):
        if name in parameters:
            return f"{place}:{region}:*:{kind}/{parameters[name]}"
    return None


def _bucket(place: str, parameters: Parameters, region: str) -> str | None:
    if "Bucket" not in parameters:
        return None
    key = f"/{parameters['Key']}" if "Key" in parameters else "/*" if "Delete" in parameters else ""
    return f"{place}:::{parameters['Bucket']}{key}"


def _build_project(place: str, parameters: Parameters, region: str) -> str | None:
    """The one that a call names, or whose build, `PROJECT:ID`, it names."""
    listed = [*parameters.get("names", ()), *parameters.get("ids", ())]
    said = parameters.get("projectName") or parameters.get("name") or parameters.get("id") or "".join(listed[:1])
    return f"{place}:{region}:*:project/{str(said).partition(':')[0]}" if said else None


_RESOURCES: Final[dict[str, Callable[[str, Parameters, str], str | None]]] = {
    "bedrock-agentcore": _runtime,
    "bedrock-agentcore-control": _runtime,
    "codebuild": _build_project,
    "ecr": _repository,
    "iam": _role,
    "logs": _log_group,
    "s3": _bucket,
}
