"""The ECR repository in an account that others change by boto3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from agentcore_cli import names
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import TAG_PROJECT, EcrRepository
from agentcore_cli.engine import Action, apply
from agentcore_cli.errors import ConflictError, InputError
from agentcore_cli.events import Note
from agentcore_cli.resources.repository import Repository, RepositorySpec, SuppliedRepository
from tests.fakes.things import Killed
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, Deployment
from tests.functional.resources.subject import Subject
from tests.stand_ins import ACCOUNT, REGION

NAME = names.repository_name("bot", OWNER.project, OWNER.target)
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{NAME}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
AGENT = AgentConfig(entrypoint="main.py", tags={"team": "one"})
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 1,
        "digest": "sha256:" + "0" * 64,
    },
    "layers": [],
}


def repository(deployment: Deployment, agent: AgentConfig = AGENT, lives: int | None = None) -> Repository:
    address = EcrRepository(ACCOUNT, deployment.region, NAME)
    return Repository(RepositorySpec(address, OWNER, agent), Repositories(deployment.session(lives)))


class EcrSubject(Subject):
    def resource(self, lives: int | None = None, **wishes: Any) -> Repository:
        return repository(self.deployment, lives=lives, **wishes)

    def there(self) -> list[Any]:
        return list(self.others.describe_repositories()["repositories"])

    def remove(self) -> None:
        self.others.delete_repository(repositoryName=NAME)

    def look_alike(self, tags: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.others.create_repository(repositoryName=NAME, tags=listed)


@pytest.fixture
def ecr(deployment: Deployment) -> Any:
    return deployment.account.client("ecr")


@pytest.fixture
def subject(deployment: Deployment, ecr: Any) -> EcrSubject:
    return EcrSubject(deployment, ecr)


@pytest.mark.parametrize("key", [None, KEY], ids=["aes256", "kms"])
def test_a_repository_is_made_as_wanted_and_then_kept(deployment: Deployment, ecr: Any, key: str | None) -> None:
    agent = replace(AGENT, encryption_key=key)
    outputs = deployment.deploy(repository(deployment, agent)).outputs["repository"]
    (made,) = ecr.describe_repositories()["repositories"]
    assert (outputs["uri"], outputs["arn"]) == (made["repositoryUri"], ARN)
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert made["encryptionConfiguration"].get("kmsKey") == key
    assert ecr.list_tags_for_resource(resourceArn=ARN)["tags"] == [
        {"Key": key, "Value": value} for key, value in {"team": "one", **OWNER.tags}.items()
    ]
    (rule,) = json.loads(ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"])["rules"]
    assert rule["selection"]["countNumber"] == 20
    assert deployment.is_settled([repository(deployment, agent)])


def test_the_uri_is_known_before_the_repository_is(deployment: Deployment) -> None:
    promised = repository(deployment).desired({}, None).promises
    made = deployment.deploy(repository(deployment)).outputs["repository"]
    assert promised == {name: made[name] for name in promised}


def keep(count: int) -> str:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    rule = {"rulePriority": 1, "description": f"Keep the last {count} images", "selection": selection}
    return json.dumps({"rules": [rule | {"action": {"type": "expire"}}]})


CHANGES: list[Any] = [
    pytest.param(
        lambda ecr: ecr.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="MUTABLE"),
        {"tag_mutability"},
        id="mutable-tags",
    ),
    pytest.param(
        lambda ecr: ecr.put_image_scanning_configuration(
            repositoryName=NAME, imageScanningConfiguration={"scanOnPush": False}
        ),
        {"scan_on_push"},
        id="no-scan",
    ),
    pytest.param(
        lambda ecr: ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=keep(5)),
        {"keep_images"},
        id="fewer-images",
    ),
    pytest.param(
        lambda ecr: ecr.put_lifecycle_policy(
            repositoryName=NAME, lifecyclePolicyText=keep(20).replace("any", "untagged")
        ),
        {"keep_images"},
        id="another-rule",
    ),
    pytest.param(lambda ecr: ecr.delete_lifecycle_policy(repositoryName=NAME), {"keep_images"}, id="no-rule"),
    pytest.param(
        lambda ecr: ecr.tag_resource(resourceArn=ARN, tags=[{"Key": "team", "Value": "two"}]), {"tags.team"}, id="tag"
    ),
    pytest.param(
        lambda ecr: ecr.tag_resource(resourceArn=ARN, tags=[{"Key": "new", "Value": "1"}]), {"tags.new"}, id="new-tag"
    ),
    pytest.param(lambda ecr: ecr.untag_resource(resourceArn=ARN, tagKeys=["team"]), {"tags.team"}, id="tag-gone"),
    pytest.param(
        lambda ecr: ecr.untag_resource(resourceArn=ARN, tagKeys=[TAG_PROJECT]),
        {f"tags.{TAG_PROJECT}"},
        id="owner-tag-gone",
    ),
]


class TestContract(ResourceContract):
    CALLS = (2, 3, 5)
    CHANGES = CHANGES


def test_another_encryption_is_explained_and_loses_nothing(deployment: Deployment, ecr: Any) -> None:
    deployment.deploy(repository(deployment))
    with pytest.raises(ConflictError, match="encryption_key: its encryption is AES256") as caught:
        deployment.deploy(repository(deployment, replace(AGENT, encryption_key=KEY)))
    assert "agentcore destroy" in (caught.value.hint or "")
    assert len(ecr.describe_repositories()["repositories"]) == 1


def test_destroy_removes_it_with_its_images(deployment: Deployment, ecr: Any) -> None:
    deployment.deploy(repository(deployment))
    ecr.put_image(repositoryName=NAME, imageManifest=json.dumps(MANIFEST), imageTag="one")
    deployment.destroy(repository(deployment))
    assert ecr.describe_repositories()["repositories"] == []


def test_one_made_between_plan_and_apply_is_taken_only_if_it_is_ours(deployment: Deployment, ecr: Any) -> None:
    planned = deployment.plan(repository(deployment))
    with pytest.raises(Killed):
        deployment.deploy(repository(deployment, lives=1))
    apply(planned, deployment.store.journal(), deployment.heard)
    assert deployment.is_settled([repository(deployment)])
    deployment.account.reset()
    ecr.create_repository(repositoryName=NAME)
    with pytest.raises(ConflictError, match="not ours"):
        apply(planned, deployment.store.journal(), deployment.heard)


@pytest.mark.parametrize(
    ("region", "partition", "domain"),
    [("cn-north-1", "aws-cn", "amazonaws.com.cn"), ("us-gov-west-1", "aws-us-gov", "amazonaws.com")],
)
def test_arn_and_uri_are_of_the_regions_partition(
    deployment: Deployment, region: str, partition: str, domain: str
) -> None:
    deployment.region = region
    outputs = repository(deployment).desired({}, None).promises
    assert outputs["arn"] == f"arn:{partition}:ecr:{region}:{ACCOUNT}:repository/{NAME}"
    assert outputs["uri"] == f"{ACCOUNT}.dkr.ecr.{region}.{domain}/{NAME}"
    deployment.deploy(repository(deployment))
    assert deployment.is_settled([repository(deployment)])


def given(deployment: Deployment, text: str) -> SuppliedRepository:
    address = EcrRepository.of(text, ACCOUNT, REGION)
    return SuppliedRepository(address, "bot", Repositories(deployment.session()), deployment.heard)


@pytest.mark.parametrize("text", ["team/bots", f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/bots"])
def test_a_given_repository_is_used_and_neither_changed_nor_owned(deployment: Deployment, ecr: Any, text: str) -> None:
    ecr.create_repository(repositoryName="team/bots", imageTagMutability="MUTABLE")
    before = ecr.describe_repositories()["repositories"]
    resource = given(deployment, text)
    assert deployment.change(resource).action is Action.KEEP
    outputs = deployment.deploy(resource).outputs["repository"]
    assert outputs["uri"] == before[0]["repositoryUri"]
    assert deployment.store.records == {}
    deployment.destroy(resource)
    assert ecr.describe_repositories()["repositories"] == before
    assert ecr.list_tags_for_resource(resourceArn=outputs["arn"])["tags"] == []


def test_a_given_repository_that_is_not_there_is_a_fault_of_the_config(deployment: Deployment, ecr: Any) -> None:
    with pytest.raises(InputError, match=r"ecr_repository: \S+/team/bots: no such repository"):
        deployment.plan(given(deployment, "team/bots"))
    assert ecr.describe_repositories()["repositories"] == []


def test_a_given_repository_that_may_not_be_looked_at_is_used_all_the_same(deployment: Deployment) -> None:
    key = deployment.account.user(["ecr:PutImage"])
    deployment.account.enforce_iam()
    session = deployment.account.session(access_key=key["aws_access_key_id"], secret_key=key["aws_secret_access_key"])
    address = EcrRepository.of("210987654321.dkr.ecr.us-east-1.amazonaws.com/bots", ACCOUNT, REGION)
    resource = SuppliedRepository(address, "bot", Repositories(session), deployment.heard)
    assert deployment.deploy(resource).outputs["repository"]["arn"].startswith("arn:aws:ecr:us-east-1:210987654321:")
    notes = [event.message for event in deployment.heard.events if isinstance(event, Note)]
    assert any("ecr:DescribeRepositories" in note for note in notes)


def test_the_token_of_a_push_and_what_is_pushed_can_be_read(deployment: Deployment, ecr: Any) -> None:
    deployment.deploy(repository(deployment))
    repositories = Repositories(deployment.session())
    assert repositories.image(NAME, tag="one") is None
    ecr.put_image(repositoryName=NAME, imageManifest=json.dumps(MANIFEST), imageTag="one")
    found = repositories.image(NAME, tag="one")
    assert found
    assert found.tags == ("one",)
    assert repositories.image(NAME, digest=found.digest) == found
    assert repositories.images(NAME) == [found]
    assert repositories.image("nowhere", tag="one") is None
    token = repositories.authorization()
    assert token.user == "AWS"
    assert token.registry == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    assert token.password not in repr(token)
