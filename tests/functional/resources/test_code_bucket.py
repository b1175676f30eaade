"""The S3 bucket of an agent's zips in an account that others change by boto3."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from agentcore_cli import names
from agentcore_cli.aws.buckets import Buckets
from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import TAG_AGENT, TAG_PROJECT, TAG_TARGET
from agentcore_cli.engine import apply
from agentcore_cli.errors import ConflictError, DeniedError
from agentcore_cli.resources.code_bucket import CodeBucket, CodeBucketSpec
from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.moto_buckets import MotoBuckets
from tests.fakes.things import Killed
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, Deployment
from tests.functional.resources.subject import Subject
from tests.stand_ins import ACCOUNT, REGION, Moto

NAME = names.bucket_name("bot", OWNER.project, OWNER.target, ACCOUNT, REGION)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
AGENT = AgentConfig(entrypoint="main.py", tags={"team": "one"})
STRANGER = "210987654321"


class BucketAccount:
    """moto's account, its S3 behind what that leaves out."""

    def __init__(self, moto: Moto, buckets: MotoBuckets, url: str) -> None:
        self._moto, self._buckets, self._url = moto, buckets, url
        self._sessions: dict[str, AwsSession] = {}

    def session(self, region: str = REGION) -> AwsSession:
        access = Access(region, url=self._url, access_key="test", secret_key="test")
        return self._sessions.setdefault(region, AwsSession(lambda: access))

    def client(self, service: str, region: str = REGION) -> Any:
        return self._moto.client(service, region, endpoint_url=self._url)

    def reset(self) -> None:
        self._moto.reset()
        self._buckets.policies.clear()

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()


@pytest.fixture
def account(moto: Moto) -> Iterator[BucketAccount]:
    buckets = MotoBuckets(moto.client("s3"))
    with AwsProxy({}, otherwise=moto.url, bridges={"s3": buckets}) as proxy:
        opened = BucketAccount(moto, buckets, proxy.url)
        yield opened
        opened.close()


@pytest.fixture
def deployment(account: BucketAccount) -> Deployment:
    return Deployment(account)


@pytest.fixture
def s3(account: BucketAccount) -> Any:
    return account.client("s3")


def bucket(
    deployment: Deployment, agent: AgentConfig = AGENT, lives: int | None = None, account: str = ACCOUNT
) -> CodeBucket:
    return CodeBucket(
        CodeBucketSpec(NAME, deployment.region, OWNER, agent), Buckets(deployment.session(lives), account)
    )


class BucketSubject(Subject):
    def resource(self, lives: int | None = None, **wishes: Any) -> CodeBucket:
        return bucket(self.deployment, lives=lives, **wishes)

    def there(self) -> list[Any]:
        return [(name, self.others.get_bucket_versioning(Bucket=name).get("Status")) for name in names_of(self.others)]

    def remove(self) -> None:
        self.others.delete_bucket(Bucket=NAME)

    def look_alike(self, tags: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        where = {"LocationConstraint": REGION, "Tags": listed}
        self.others.create_bucket(Bucket=NAME, CreateBucketConfiguration=where)


@pytest.fixture
def subject(deployment: Deployment, s3: Any) -> BucketSubject:
    return BucketSubject(deployment, s3)


def names_of(s3: Any) -> list[str]:
    return [there["Name"] for there in s3.list_buckets()["Buckets"]]


@pytest.mark.parametrize("key", [None, KEY], ids=["aes256", "kms"])
def test_a_bucket_is_made_as_wanted_and_then_kept(deployment: Deployment, s3: Any, key: str | None) -> None:
    agent = replace(AGENT, encryption_key=key)
    outputs = deployment.deploy(bucket(deployment, agent)).outputs["bucket"]
    assert outputs == {"name": NAME, "arn": f"arn:aws:s3:::{NAME}"}
    assert set(s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    assert s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    (rule,) = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID") == key
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert set(statement["Resource"]) == {f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"}
    assert s3.get_bucket_location(Bucket=NAME)["LocationConstraint"] == REGION
    assert deployment.is_settled([bucket(deployment, agent)])


def test_nothing_in_it_expires(deployment: Deployment, s3: Any) -> None:
    deployment.deploy(bucket(deployment))
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert not [key for key in rule if "Expiration" in key or "Transition" in key]


def test_the_region_that_takes_no_constraint(deployment: Deployment) -> None:
    deployment.region = "us-east-1"
    deployment.deploy(bucket(deployment))
    assert deployment.is_settled([bucket(deployment)])


def rules(*more: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [{"ID": f"r{number}", "Status": "Enabled", **rule} for number, rule in enumerate(more)]}


EXPIRE = rules({"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
PUBLIC = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": True}
_ABORTS = "lifecycle.agentcore-unfinished-uploads.AbortIncompleteMultipartUpload.DaysAfterInitiation"
_POLICY = "policy.Deny:AgentCoreOnlyTls"
CHANGES: list[Any] = [
    pytest.param(lambda s3: s3.delete_public_access_block(Bucket=NAME), {"private"}, id="public"),
    pytest.param(
        lambda s3: s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration=PUBLIC),
        {"private"},
        id="half-public",
    ),
    pytest.param(
        lambda s3: s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}),
        {"versioned"},
        id="no-versions",
    ),
    pytest.param(
        lambda s3: s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration=EXPIRE),
        {_ABORTS, "lifecycle.r0.NoncurrentVersionExpiration.NoncurrentDays"},
        id="expiry",
    ),
    pytest.param(lambda s3: s3.delete_bucket_lifecycle(Bucket=NAME), {_ABORTS}, id="no-rule"),
    pytest.param(
        lambda s3: s3.put_bucket_policy(Bucket=NAME, Policy='{"Version": "2012-10-17", "Statement": []}'),
        {f"{_POLICY}.{part}" for part in ("Action", "Principal", "Resource", "Condition.Bool.aws:SecureTransport")},
        id="no-tls",
    ),
    pytest.param(lambda s3: s3.delete_bucket_encryption(Bucket=NAME), {"encryption.type"}, id="no-encryption"),
    pytest.param(
        lambda s3: s3.put_bucket_ownership_controls(
            Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        {"ownership"},
        id="writers-own",
    ),
    pytest.param(lambda s3: put_tags(s3, {"team": "two", **OWNER.tags}), {"tags.team"}, id="tag"),
    pytest.param(lambda s3: put_tags(s3, {"team": "one", "new": "1", **OWNER.tags}), {"tags.new"}, id="new-tag"),
    pytest.param(lambda s3: put_tags(s3, OWNER.tags), {"tags.team"}, id="tag-gone"),
    pytest.param(
        lambda s3: put_tags(s3, {"team": "one", TAG_AGENT: OWNER.agent, TAG_TARGET: OWNER.target}),
        {f"tags.{TAG_PROJECT}"},
        id="owner-tag-gone",
    ),
]


class TestContract(ResourceContract):
    CHANGES = CHANGES
    CALLS = (9, 7, 9)


def put_tags(s3: Any, tags: dict[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": pairs})


def test_another_encryption_is_set_for_what_comes(deployment: Deployment) -> None:
    deployment.deploy(bucket(deployment))
    changed = replace(AGENT, encryption_key=KEY)
    assert deployment.fields(bucket(deployment, changed)) == {"encryption.type", "encryption.key"}
    deployment.deploy(bucket(deployment, changed))
    assert deployment.is_settled([bucket(deployment, changed)])


@pytest.mark.long
def test_destroy_removes_it_with_every_version_after_any_kill(deployment: Deployment, s3: Any) -> None:
    for lives in itertools.count(1):
        deployment.account.reset()
        deployment.deploy(bucket(deployment))
        for content in (b"one", b"two"):
            s3.put_object(Bucket=NAME, Key="a.zip", Body=content)
        s3.delete_object(Bucket=NAME, Key="a.zip")  # a marker, with two versions below it
        try:
            deployment.destroy(bucket(deployment, lives=lives))
        except Killed:
            deployment.destroy(bucket(deployment))
        else:
            assert lives > 9
            break
        assert names_of(s3) == []
        assert deployment.store.records == {}


def test_one_made_between_plan_and_apply_is_taken_only_if_it_is_ours(deployment: Deployment, s3: Any) -> None:
    planned = deployment.plan(bucket(deployment))
    with pytest.raises(Killed):
        deployment.deploy(bucket(deployment, lives=1))
    assert names_of(s3) == [NAME]
    apply(planned, deployment.store.journal(), deployment.heard)
    assert deployment.is_settled([bucket(deployment)])
    deployment.account.reset()
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(ConflictError, match="not ours"):
        apply(planned, deployment.store.journal(), deployment.heard)


def test_a_bucket_of_another_account_is_neither_read_nor_written(deployment: Deployment, s3: Any) -> None:
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    put_tags(s3, {"team": "one", **OWNER.tags})
    with pytest.raises(DeniedError, match=f"or the bucket of this name is not of account {STRANGER}"):
        deployment.deploy(bucket(deployment, account=STRANGER))
    assert "Status" not in s3.get_bucket_versioning(Bucket=NAME)


@pytest.mark.parametrize("agent", ["b", "A_Very__Long_" + "x" * 35, "bot_"])
def test_its_name_is_one_that_s3_takes(agent: str) -> None:
    import re

    name = names.bucket_name(agent, "shop-1a2b3c", "aws", ACCOUNT, REGION)
    assert re.fullmatch("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)
    assert "--" not in name
    assert name != names.bucket_name(agent, "shop-1a2b3c", "aws", STRANGER, REGION)
