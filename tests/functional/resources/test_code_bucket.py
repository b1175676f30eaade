"""The S3 bucket of an agent's zips in an account that others change by boto3."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from agentcore_cli import names
from agentcore_cli.aws.buckets import Buckets
from agentcore_cli.aws.session import Access, Session
from agentcore_cli.config import Agent
from agentcore_cli.contract import TAG_PROJECT
from agentcore_cli.engine import Action, apply
from agentcore_cli.errors import ConflictError, DeniedError
from agentcore_cli.resources.code_bucket import CodeBucket, Wish
from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.moto_buckets import MotoBuckets
from tests.fakes.things import Killed
from tests.functional.resources.deployment import OWNER, Deployment, MortalSession
from tests.stand_ins import ACCOUNT, REGION, Moto

NAME = names.bucket_name("bot", OWNER.project, OWNER.target, ACCOUNT, REGION)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
AGENT = Agent(entrypoint="main.py", tags={"team": "one"})
STRANGER = "210987654321"


@dataclass
class BucketDeployment(Deployment):
    """moto's S3 behind what it leaves out."""

    url: str = ""
    sessions: dict[str, Session] = field(default_factory=dict)

    def session(self, lives: int | None = None) -> MortalSession:
        if self.region not in self.sessions:
            access = Access(self.region, url=self.url, access_key="test", secret_key="test")
            self.sessions[self.region] = Session(lambda: access)
        return MortalSession(self.sessions[self.region], lives)


@pytest.fixture
def buckets(moto: Moto) -> MotoBuckets:
    return MotoBuckets(moto.client("s3"))


@pytest.fixture
def deployment(moto: Moto, buckets: MotoBuckets) -> Iterator[BucketDeployment]:
    with AwsProxy({}, otherwise=moto.url, bridges={"s3": buckets}) as proxy:
        made = BucketDeployment(moto, url=proxy.url)
        yield made
        for session in made.sessions.values():
            session.close()


@pytest.fixture
def s3(deployment: BucketDeployment, moto: Moto) -> Iterator[Any]:
    """Plain boto3, by the same way."""
    import boto3

    client = boto3.Session("test", "test").client("s3", region_name=REGION, endpoint_url=deployment.url)
    yield client
    client.close()


def bucket(
    deployment: BucketDeployment, agent: Agent = AGENT, lives: int | None = None, account: str = ACCOUNT
) -> CodeBucket:
    return CodeBucket(Wish(NAME, deployment.region, OWNER, agent), Buckets(deployment.session(lives), account))


def names_of(s3: Any) -> list[str]:
    return [there["Name"] for there in s3.list_buckets()["Buckets"]]


@pytest.mark.parametrize("key", [None, KEY], ids=["aes256", "kms"])
def test_a_bucket_is_made_as_wanted_and_then_kept(deployment: BucketDeployment, s3: Any, key: str | None) -> None:
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


def test_nothing_in_it_expires(deployment: BucketDeployment, s3: Any) -> None:
    deployment.deploy(bucket(deployment))
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert not [key for key in rule if "Expiration" in key or "Transition" in key]


def test_the_region_that_takes_no_constraint(deployment: BucketDeployment) -> None:
    deployment.region = "us-east-1"
    deployment.deploy(bucket(deployment))
    assert deployment.is_settled([bucket(deployment)])


def test_keeping_only_reads(deployment: BucketDeployment) -> None:
    deployment.deploy(bucket(deployment))
    session = deployment.session()
    deployment.deploy(CodeBucket(Wish(NAME, REGION, OWNER, AGENT), Buckets(session, ACCOUNT)))
    assert len(session.calls) == 7
    assert all(call.startswith("s3 get_") for call in session.calls)


def rules(*more: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [{"ID": f"r{number}", "Status": "Enabled", **rule} for number, rule in enumerate(more)]}


EXPIRE = rules({"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
PUBLIC = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": True}
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
        {"lifecycle.agentcore-unfinished-uploads", "lifecycle.r0"},
        id="expiry",
    ),
    pytest.param(
        lambda s3: s3.delete_bucket_lifecycle(Bucket=NAME), {"lifecycle.agentcore-unfinished-uploads"}, id="no-rule"
    ),
    pytest.param(
        lambda s3: s3.put_bucket_policy(Bucket=NAME, Policy='{"Version": "2012-10-17", "Statement": []}'),
        {"policy.Deny:AgentCoreOnlyTls"},
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
]


def put_tags(s3: Any, tags: dict[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": pairs})


@pytest.mark.parametrize(("change", "fields"), CHANGES)
def test_what_somebody_changes_is_named_and_set_right(
    deployment: BucketDeployment, s3: Any, change: Callable[[Any], object], fields: set[str]
) -> None:
    deployment.deploy(bucket(deployment))
    change(s3)
    found = deployment.change(bucket(deployment))
    assert (found.action, found.reason) == (Action.UPDATE, "changed behind our back")
    assert {".".join(field.field.split(".")[:2]) for field in found.fields} == fields
    deployment.deploy(bucket(deployment))
    assert deployment.is_settled([bucket(deployment)])


def test_without_the_state_file_it_is_named_just_so(deployment: BucketDeployment, s3: Any) -> None:
    deployment.deploy(bucket(deployment))
    deployment.store.records.clear()
    s3.delete_public_access_block(Bucket=NAME)
    found = deployment.change(bucket(deployment))
    assert found.action is Action.ADOPT
    assert {field.field for field in found.fields} == {"private"}


def test_an_owner_tag_that_was_taken_away_is_put_back(deployment: BucketDeployment, s3: Any) -> None:
    deployment.deploy(bucket(deployment))
    put_tags(s3, {key: value for key, value in {"team": "one", **OWNER.tags}.items() if key != TAG_PROJECT})
    assert deployment.fields(bucket(deployment)) == {f"tags.{TAG_PROJECT}"}


def test_another_encryption_is_set_for_what_comes(deployment: BucketDeployment) -> None:
    deployment.deploy(bucket(deployment))
    changed = replace(AGENT, encryption_key=KEY)
    assert deployment.fields(bucket(deployment, changed)) == {"encryption.type", "encryption.key"}
    deployment.deploy(bucket(deployment, changed))
    assert deployment.is_settled([bucket(deployment, changed)])


def test_a_kill_after_any_call_leaves_what_the_next_deploy_completes(
    deployment: BucketDeployment, buckets: MotoBuckets, s3: Any
) -> None:
    for lives in itertools.count(1):
        deployment.moto.reset()
        buckets.policies.clear()
        deployment.store.records.clear()
        try:
            deployment.deploy(bucket(deployment, lives=lives))
        except Killed:
            deployment.deploy(bucket(deployment))
            assert deployment.is_settled([bucket(deployment)])
            assert names_of(s3) == [NAME]
        else:
            assert lives == 10
            break


def test_destroy_removes_it_with_every_version_after_any_kill(
    deployment: BucketDeployment, buckets: MotoBuckets, s3: Any
) -> None:
    for lives in itertools.count(1):
        deployment.moto.reset()
        buckets.policies.clear()
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


@pytest.mark.parametrize(
    "tags", [{}, {**OWNER.tags, "agentcore:target": "staging"}, {"team": "one"}], ids=["none", "others", "theirs"]
)
def test_a_look_alike_is_refused_and_stays_as_it_is(
    deployment: BucketDeployment, s3: Any, tags: dict[str, str]
) -> None:
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    if tags:
        put_tags(s3, tags)
    s3.put_object(Bucket=NAME, Key="theirs", Body=b"theirs")
    with pytest.raises(ConflictError, match=f"S3 bucket {NAME} exists and is not ours") as caught:
        deployment.deploy(bucket(deployment))
    assert caught.value.hint
    deployment.destroy(bucket(deployment))
    assert s3.get_object(Bucket=NAME, Key="theirs")["Body"].read() == b"theirs"
    assert "Status" not in s3.get_bucket_versioning(Bucket=NAME)


def test_one_made_between_plan_and_apply_is_taken_only_if_it_is_ours(deployment: BucketDeployment, s3: Any) -> None:
    planned = deployment.plan(bucket(deployment))
    with pytest.raises(Killed):
        deployment.deploy(bucket(deployment, lives=1))
    assert names_of(s3) == [NAME]
    apply(planned, deployment.store.journal(), deployment.heard)
    assert deployment.is_settled([bucket(deployment)])
    deployment.moto.reset()
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(ConflictError, match="not ours"):
        apply(planned, deployment.store.journal(), deployment.heard)


def test_a_bucket_of_another_account_is_neither_read_nor_written(deployment: BucketDeployment, s3: Any) -> None:
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
