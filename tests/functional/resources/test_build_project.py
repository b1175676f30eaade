"""The CodeBuild project and its log group in an account that others change by boto3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agentcore_cli import names
from agentcore_cli.aws.code_build import CodeBuild
from agentcore_cli.aws.log_groups import LogGroups
from agentcore_cli.aws.roles import Roles
from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import TAG_TARGET, EcrRepository
from agentcore_cli.engine import Resource
from agentcore_cli.errors import InputError
from agentcore_cli.keys import BUILD_ROLE
from agentcore_cli.resources.build_log_group import BuildLogGroup
from agentcore_cli.resources.build_project import BuildProject, BuildProjectSpec, log_group_of
from agentcore_cli.resources.own_role import OwnRole, RoleSpec
from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.codebuild import CodeBuildStandIn
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, Deployment
from tests.functional.resources.subject import Subject
from tests.stand_ins import ACCOUNT, REGION, Moto

NAME = names.build_project_name("bot", OWNER.project, OWNER.target)
GROUP = log_group_of(NAME)
ROLE = names.build_role_name("bot", OWNER.project, OWNER.target, REGION)
AGENT = AgentConfig(entrypoint="main.py", tags={"team": "one"}, log_retention=30)
REPOSITORY = EcrRepository(ACCOUNT, REGION, "bot")
SERVICE = {"Service": "codebuild.amazonaws.com"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Build", "Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}],
}


class BuildAccount:
    """moto's account with CodeBuild before it."""

    def __init__(self, moto: Moto, codebuild: CodeBuildStandIn, url: str) -> None:
        self._moto, self._url = moto, url
        self.codebuild = codebuild
        self._sessions: dict[str, AwsSession] = {}

    def session(self, region: str = REGION) -> AwsSession:
        access = Access(region, url=self._url, access_key="test", secret_key="test")
        return self._sessions.setdefault(region, AwsSession(lambda: access))

    def client(self, service: str, region: str = REGION) -> Any:
        return self._moto.client(service, region, endpoint_url=self._url)

    def reset(self) -> None:
        self._moto.reset()

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()


@pytest.fixture
def account(moto: Moto, tmp_path: Path) -> Iterator[BuildAccount]:
    codebuild = CodeBuildStandIn(moto.client, tmp_path / "codebuild")
    with AwsProxy({}, otherwise=moto.url, bridges={"codebuild": codebuild}) as proxy:
        opened = BuildAccount(moto, codebuild, proxy.url)
        yield opened
        opened.close()


@pytest.fixture
def deployment(account: BuildAccount) -> Deployment:
    return Deployment(account)


def changed(client: Any, **settings: Any) -> None:
    """As the console does it: what is not said anew stays."""
    (there,) = client.batch_get_projects(names=[NAME])["projects"]
    kept = ("description", "source", "artifacts", "environment", "serviceRole", "tags", "cache", "logsConfig")
    client.update_project(**{"name": NAME, "timeoutInMinutes": 60, **{name: there[name] for name in kept}, **settings})


def tagged(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Ours with these; an empty value is none."""
    return [{"key": key, "value": value} for key, value in {**AGENT.tags, **OWNER.tags, **tags}.items() if value]


LARGER = {
    "type": "ARM_CONTAINER",
    "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
    "computeType": "BUILD_GENERAL1_LARGE",
    "privilegedMode": True,
    "environmentVariables": [{"name": "KEY", "value": "v", "type": "PLAINTEXT"}],
}


class ProjectSubject(Subject):
    def below(self) -> Sequence[Resource]:
        spec = RoleSpec(
            ROLE, f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", OWNER, AGENT, "Builds", TRUST, lambda outputs: POLICY
        )
        return [OwnRole(spec, Roles(self.deployment.account.session()), BUILD_ROLE)]

    def resource(self, lives: int | None = None, **wishes: Any) -> BuildProject:
        spec = BuildProjectSpec(NAME, OWNER, AGENT, "bucket", GROUP, lambda: [REPOSITORY])
        return BuildProject(spec, CodeBuild(self.deployment.session(lives)))

    def there(self) -> list[Any]:
        found = self.others.list_projects()["projects"]
        projects = self.others.batch_get_projects(names=found)["projects"] if found else []
        return [{name: value for name, value in item.items() if "odified" not in name} for item in projects]

    def remove(self) -> None:
        self.others.delete_project(name=NAME)

    def look_alike(self, tags: Mapping[str, str]) -> None:
        self.deployment.deploy(*self.below())
        self.others.create_project(
            name=NAME,
            source={"type": "S3", "location": "theirs/"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "ARM_CONTAINER", "image": "theirs", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )


class TestProject(ResourceContract):
    CALLS = (3, 1, 4)
    CHANGES: ClassVar = [
        pytest.param(lambda client: changed(client, tags=tagged({"team": "two"})), {"tags.team"}, id="tag"),
        pytest.param(
            lambda client: changed(client, tags=tagged({TAG_TARGET: ""})), {f"tags.{TAG_TARGET}"}, id="owner-tag-gone"
        ),
        pytest.param(
            lambda client: changed(client, environment=LARGER),
            {"environment.computeType", "environment.environmentVariables"},
            id="environment",
        ),
        pytest.param(lambda client: changed(client, timeoutInMinutes=5), {"timeout"}, id="timeout"),
    ]

    @pytest.fixture
    def subject(self, deployment: Deployment, account: BuildAccount) -> ProjectSubject:
        return ProjectSubject(deployment, account.client("codebuild"))


class LogSubject(Subject):
    def resource(self, lives: int | None = None, **wishes: Any) -> BuildLogGroup:
        return BuildLogGroup(GROUP, OWNER, AGENT, LogGroups(self.deployment.session(lives)))

    def there(self) -> list[Any]:
        return list(self.others.describe_log_groups()["logGroups"])

    def remove(self) -> None:
        self.others.delete_log_group(logGroupName=GROUP)

    def look_alike(self, tags: Mapping[str, str]) -> None:
        self.others.create_log_group(logGroupName=GROUP, tags=dict(tags))


def tag_group(client: Any, tags: Mapping[str, str]) -> None:
    client.tag_resource(resourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}", tags=dict(tags))


def untag_group(client: Any, key: str) -> None:
    client.untag_resource(resourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}", tagKeys=[key])


class TestLog(ResourceContract):
    CALLS = (5, 2, 4)
    CHANGES: ClassVar = [
        pytest.param(
            lambda client: client.put_retention_policy(logGroupName=GROUP, retentionInDays=7),
            {"retention"},
            id="retention",
        ),
        pytest.param(lambda client: tag_group(client, {"team": "two"}), {"tags.team"}, id="tag"),
        pytest.param(lambda client: untag_group(client, TAG_TARGET), {f"tags.{TAG_TARGET}"}, id="owner-tag-gone"),
    ]

    @pytest.fixture
    def subject(self, deployment: Deployment, account: BuildAccount) -> LogSubject:
        return LogSubject(deployment, account.client("logs"))


def test_a_role_that_codebuild_may_not_assume_is_told_in_its_words(deployment: Deployment) -> None:
    settings = {
        "source": {"type": "S3", "location": "bucket/source/"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": LARGER,
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/none",
    }
    with pytest.raises(InputError, match="not authorized to perform: sts:AssumeRole"):
        CodeBuild(deployment.session()).create_project(NAME, settings, {})
