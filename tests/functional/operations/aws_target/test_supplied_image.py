"""An image that somebody else pushed: looked at before anything is made, then deployed by its digest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentcore_cli.builders.images import launcher
from agentcore_cli.errors import InputError
from agentcore_cli.events import Note
from agentcore_cli.resources.deployment import Overrides
from tests.fakes.aws_answers import Answer, access_denied
from tests.fakes.aws_faults import instead, named
from tests.functional.operations.aws_target.cloud import IMAGE, IMAGE_REPOSITORY, OTHER_IMAGE, Cloud, Project

REPOSITORY = IMAGE.partition("@")[0]
DIGEST = f"sha256:{'3' * 64}"


def image_of(cloud: Cloud) -> str:
    there: str = cloud.the_runtime()["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"]
    return there


def refused(project: Project, image: str) -> str:
    with pytest.raises(InputError) as caught:
        project.deploy(overrides=Overrides(image=image))
    assert caught.value.exit_code == 2
    return caught.value.message


def test_a_tag_is_deployed_as_the_digest_that_it_names_and_a_moved_tag_is_a_change(
    project: Project, cloud: Cloud
) -> None:
    project.configure(image=f"{REPOSITORY}:live")
    cloud.publish("live", DIGEST)
    assert project.deploy().ecr_uri == f"{REPOSITORY}@{DIGEST}" == image_of(cloud)
    assert project.plan().pending == ()
    ecr = cloud.moto.client("ecr")
    ecr.batch_delete_image(repositoryName=IMAGE_REPOSITORY, imageIds=[{"imageTag": "live"}, {"imageTag": "live-image"}])
    cloud.publish("live", f"sha256:{'4' * 64}", size=2000)
    (change,) = project.plan().pending
    assert [(field.field, field.new) for field in change.fields] == [
        ("artifact.image", f"{REPOSITORY}@sha256:{'4' * 64}")
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"architecture": "amd64"}, "is for amd64, and AgentCore runs arm64 only"),
        ({"size": 5 * 1024**3 // 2}, "has 2.5 GB, and AgentCore takes 2 GB"),
    ],
)
def test_an_image_that_agentcore_can_not_run_is_refused_before_anything_is_made(
    project: Project, cloud: Cloud, wrong: dict[str, object], said: str
) -> None:
    cloud.publish("wrong", DIGEST, **wrong)  # type: ignore[arg-type]
    assert said in refused(project, f"{REPOSITORY}:wrong")
    assert said in refused(project, f"{REPOSITORY}@{DIGEST}")
    assert (cloud.roles(), cloud.runtimes()) == ([], {})


@pytest.mark.parametrize("name", [":nothing", f"@sha256:{'9' * 64}", ""])
def test_an_image_that_is_not_there_is_refused_before_anything_is_made(
    project: Project, cloud: Cloud, name: str
) -> None:
    assert "no such image in" in refused(project, f"{REPOSITORY}{name}")
    assert "no such image in" in refused(project, f"{REPOSITORY}-2{name}")
    assert (cloud.roles(), cloud.runtimes()) == ([], {})


def test_what_runs_already_is_not_looked_at_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    cloud.proxy.begin_anew()
    assert project.plan().pending == ()
    assert not [name for name in cloud.proxy.names if name.startswith("ecr:")]
    project.configure(image=OTHER_IMAGE)
    assert [change.key for change in project.plan().pending] == ["runtime"]
    assert cloud.proxy.names.count("ecr:BatchGetImage") == 2


def test_who_may_not_look_at_the_image_is_told_and_may_deploy_it(project: Project, cloud: Cloud) -> None:
    cloud.proxy.interfere(named("ecr:BatchGetImage", 1), instead(access_denied))
    project.deploy()
    assert image_of(cloud) == IMAGE
    (note,) = (event for event in project.heard.events if isinstance(event, Note) and "looked at" in event.message)
    assert "ecr:BatchGetImage" in note.message
    assert note.level == "warning"


def test_one_for_an_agent_with_secrets_must_start_by_the_launcher(
    project: Project, cloud: Cloud, tmp_path: Path
) -> None:
    project.deploy()
    config = tmp_path / "config.json"
    body = json.dumps({"downloadUrl": config.as_uri(), "layerDigest": DIGEST}).encode()
    cloud.proxy.interfere(named("ecr:GetDownloadUrlForLayer"), instead(lambda call: Answer(200, body)))
    project.configure(secrets='{A: "ssm:/a"}')
    for entrypoint in (None, ["python"]):
        config.write_text(json.dumps({"architecture": "arm64", "config": {"Entrypoint": entrypoint}}))
        with pytest.raises(InputError, match="does not start by the launcher that fetches the agent's secrets"):
            project.plan()
    for entrypoint in (list(launcher.ENTRYPOINT), ["/bin/sh", "-c", "exec python -I /opt/agentcore python x.py"]):
        config.write_text(json.dumps({"architecture": "arm64", "config": {"Entrypoint": entrypoint}}))
        assert {change.key for change in project.plan().pending} == {"role", "runtime"}
