"""What the stand-in for CodeBuild adds to moto: builds that are carried out, stopped and told, and UpdateProject."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.codebuild import CodeBuildStandIn
from tests.stand_ins import ACCOUNT, REGION, Moto

NAME, GROUP, BUCKET, IMAGE = "builder", "/aws/codebuild/builder", "sources", "registry/bot:tag"
SPEC = {
    "version": 0.2,
    "phases": {
        "pre_build": {"commands": ["docker login x < note"]},
        "build": {"commands": ["docker build .", "sh push"]},
    },
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/builds"
SETTINGS = {
    "name": NAME,
    "source": {"type": "S3", "location": "sources/", "buildspec": json.dumps(SPEC)},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "ARM_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": ROLE,
    "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": GROUP}},
}


@pytest.fixture
def stand_in(moto: Moto, tmp_path: Path) -> CodeBuildStandIn:
    return CodeBuildStandIn(moto.client, tmp_path / "codebuild")


@pytest.fixture
def client(moto: Moto, stand_in: CodeBuildStandIn) -> Iterator[Any]:
    """With a project, and what it needs."""
    trust = {"Statement": {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}}}
    moto.client("iam").create_role(RoleName="builds", AssumeRolePolicyDocument=json.dumps(trust))
    moto.client("logs").create_log_group(logGroupName=GROUP)
    moto.client("ecr").create_repository(repositoryName="bot", imageTagMutability="IMMUTABLE")
    s3 = moto.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    with AwsProxy({}, otherwise=moto.url, bridges={"codebuild": stand_in}) as proxy:
        opened = moto.client("codebuild", endpoint_url=proxy.url)
        opened.create_project(**SETTINGS)
        yield opened


def start(moto: Moto, client: Any, token: str = "one") -> str:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("note", "password")
        archive.writestr("push", 'docker push "$NAME"')
    version = moto.client("s3").put_object(Bucket=BUCKET, Key="a.zip", Body=data.getvalue())["VersionId"]
    return again(client, version, token)


def again(client: Any, version: str, token: str) -> str:
    started = client.start_build(
        projectName=NAME,
        sourceLocationOverride=f"{BUCKET}/a.zip",
        sourceVersion=version,
        environmentVariablesOverride=[{"name": "NAME", "value": IMAGE}],
        idempotencyToken=token,
    )
    return str(started["build"]["id"])


def look(client: Any, id: str, times: int = 1) -> Any:
    for _ in range(times):
        (found,) = client.batch_get_builds(ids=[id])["builds"]
    return found


def test_a_build_goes_on_with_each_look_and_pushes(moto: Moto, client: Any, stand_in: CodeBuildStandIn) -> None:
    id = start(moto, client)
    seen = [look(client, id) for _ in range(3)]
    assert [build["currentPhase"] for build in seen] == ["PROVISIONING", "BUILD", "COMPLETED"]
    assert (seen[-1]["buildStatus"], client.list_builds_for_project(projectName=NAME)["ids"]) == ("SUCCEEDED", [id])
    assert stand_in.bench.calls("docker") == ["docker login x", "docker build .", f"docker push {IMAGE}"]
    assert [item["imageTag"] for item in moto.client("ecr").list_images(repositoryName="bot")["imageIds"]] == ["tag"]
    where = {"logGroupName": GROUP, "logStreamNames": [seen[-1]["logs"]["streamName"]]}
    lines = [event["message"] for event in moto.client("logs").filter_log_events(**where)["events"]]
    assert lines[0] == "[Container] Entering phase BUILD"
    assert "Step 2/2 : COPY . /app/" in lines


def test_the_same_token_is_the_same_build(moto: Moto, client: Any, stand_in: CodeBuildStandIn) -> None:
    id = start(moto, client)
    assert again(client, stand_in.started[0]["sourceVersion"], "one") == id
    assert again(client, stand_in.started[0]["sourceVersion"], "two") != id
    assert len(stand_in.started) == 2


def test_a_tag_that_is_there_is_not_moved(moto: Moto, client: Any) -> None:
    look(client, start(moto, client), 3)
    assert look(client, start(moto, client, "two"), 3)["buildStatus"] == "FAILED"


def test_a_command_that_fails_ends_its_phase(moto: Moto, client: Any, stand_in: CodeBuildStandIn) -> None:
    stand_in.bench.exits = 3
    failed = look(client, start(moto, client), 3)
    (phase,) = [phase for phase in failed["phases"] if phase.get("phaseStatus") == "FAILED"]
    assert phase["phaseType"] == "BUILD"
    assert phase["contexts"][0]["message"].endswith("docker build .. Reason: exit status 3")


def test_what_is_held_stays_until_it_is_stopped(moto: Moto, client: Any, stand_in: CodeBuildStandIn) -> None:
    stand_in.holds = True
    id = start(moto, client)
    assert look(client, id, 9)["buildStatus"] == "IN_PROGRESS"
    client.stop_build(id=id)
    assert stand_in.builds == {id: "STOPPED"}


def test_a_project_is_updated(client: Any) -> None:
    client.update_project(**SETTINGS, timeoutInMinutes=9)
    assert client.batch_get_projects(names=[NAME])["projects"][0]["timeoutInMinutes"] == 9


@pytest.mark.parametrize("operation", ["create_project", "update_project"])
def test_a_role_that_lets_nobody_in_is_refused(client: Any, operation: str) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        getattr(client, operation)(**SETTINGS | {"serviceRole": f"arn:aws:iam::{ACCOUNT}:role/none"})


def test_without_a_project_nothing_is_built(client: Any) -> None:
    for call in (client.start_build, client.list_builds_for_project):
        with pytest.raises(ClientError) as caught:
            call(projectName="none")
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
