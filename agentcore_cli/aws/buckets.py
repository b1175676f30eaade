"""S3 buckets: what they are set to, their tags, and their end (`s3`).

Every call but CreateBucket names the account that the bucket must be of: a name is unique in all of AWS, and somebody
else's bucket of that name is neither read nor written. CreateBucket knows no client token: repeated after a lost answer
it says that the bucket exists, a ConflictError here (in us-east-1 it answers as if it had made it), and who made it is
told by its tags.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.service import AwsService, tag_list
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.errors import NotFoundError

_US_EAST_1: Final = "us-east-1"  # the one region that CreateBucket must not be told
_BATCH: Final = 1000  # objects that one DeleteObjects takes
_PUBLIC_ACCESS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket is set to. `encryption` is AES256, aws:kms or aws:kms:dsse, `key` the KMS key's ARN.

    `policy` is a policy document, `lifecycle` are rules as S3 has them.
    """

    tags: Mapping[str, str]
    private: bool
    versioned: bool
    ownership: str | None
    encryption: str | None
    key: str | None
    policy: Mapping[str, Any] | None
    lifecycle: Sequence[Mapping[str, Any]]


class BucketService(AwsService):
    """S3, for buckets that must be of `account`."""

    service = "s3"

    def __init__(self, session: AwsSession, account: str) -> None:
        super().__init__(session)
        self.account = account

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return super()._call(operation, ExpectedBucketOwner=self.account, **parameters)


class Buckets(BucketService):
    def get(self, name: str) -> Bucket | None:
        """What it is set to, asked for all at once; what is not set is None or empty."""
        operations = (
            "get_bucket_versioning",  # answers for every bucket that is there
            "get_bucket_tagging",
            "get_public_access_block",
            "get_bucket_ownership_controls",
            "get_bucket_encryption",
            "get_bucket_policy",
            "get_bucket_lifecycle_configuration",
        )
        with ThreadPoolExecutor(len(operations)) as threads:
            versioning, tags, block, ownership, encryption, policy, lifecycle = threads.map(
                lambda operation: self._if_there(operation, Bucket=name), operations
            )
        if versioning is None:
            return None
        blocked = (block or {}).get("PublicAccessBlockConfiguration", {})
        owned = (ownership or {}).get("OwnershipControls", {}).get("Rules", [{}])
        rules = (encryption or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", [{}])
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
        return Bucket(
            tags={tag["Key"]: tag["Value"] for tag in (tags or {}).get("TagSet", ())},
            private=all(blocked.get(member) for member in _PUBLIC_ACCESS),
            versioned=versioning.get("Status") == "Enabled",
            ownership=owned[0].get("ObjectOwnership"),
            encryption=default.get("SSEAlgorithm"),
            key=default.get("KMSMasterKeyID"),
            policy=json.loads(policy["Policy"]) if policy else None,
            lifecycle=(lifecycle or {}).get("Rules", []),
        )

    def create(self, name: str, region: str, tags: Mapping[str, str]) -> None:
        """With its tags from the start. Raises ConflictError when there is one of this name, anybody's."""
        where = {} if region == _US_EAST_1 else {"LocationConstraint": region}
        configuration = {**where, "Tags": tag_list(tags)}
        self._session.call(self.service, "create_bucket", Bucket=name, CreateBucketConfiguration=configuration)

    def make_private(self, name: str) -> None:
        blocked = dict.fromkeys(_PUBLIC_ACCESS, True)
        self._call("put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=blocked)

    def make_versioned(self, name: str) -> None:
        self._call("put_bucket_versioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def set_ownership(self, name: str, ownership: str) -> None:
        controls = {"Rules": [{"ObjectOwnership": ownership}]}
        self._call("put_bucket_ownership_controls", Bucket=name, OwnershipControls=controls)

    def set_encryption(self, name: str, encryption: str, key: str | None) -> None:
        """`key` is a KMS key's ARN. Objects that are there keep what they were encrypted with."""
        default = {"SSEAlgorithm": encryption} | ({"KMSMasterKeyID": key} if key else {})
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": key is not None}
        self._call("put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def set_policy(self, name: str, document: Mapping[str, Any]) -> None:
        self._call("put_bucket_policy", Bucket=name, Policy=json.dumps(document))

    def set_lifecycle(self, name: str, rules: Sequence[Mapping[str, Any]]) -> None:
        self._call("put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration={"Rules": list(rules)})

    def set_tags(self, name: str, tags: Mapping[str, str]) -> None:
        """PutBucketTagging: these and no others."""
        self._call("put_bucket_tagging", Bucket=name, Tagging={"TagSet": tag_list(tags)})

    def empty(self, name: str) -> int:
        """Delete every version of every object; how many there were. A bucket that is gone is empty."""
        count = 0
        try:
            while batch := self._some_versions(name):
                self._call("delete_objects", Bucket=name, Delete={"Objects": batch, "Quiet": True})
                count += len(batch)
        except NotFoundError:
            pass
        return count

    def delete(self, name: str) -> None:
        """DeleteBucket, which must be empty; gone already is as good."""
        self._if_there("delete_bucket", Bucket=name)

    def _some_versions(self, name: str) -> list[dict[str, str]]:
        page = self._call("list_object_versions", Bucket=name, MaxKeys=_BATCH)
        there = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        return [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in there]
