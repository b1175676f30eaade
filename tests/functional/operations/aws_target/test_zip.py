"""Deploys of code as a zip: what is made and uploaded, what changes, what is kept, what is left alone."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.config import load
from agentcore_cli.engine import Action
from agentcore_cli.errors import ConflictError, EntrypointError, InputError
from agentcore_cli.operations.deploy.plan import Overrides
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward
from tests.fakes.wheel import make_wheel
from tests.functional.operations.aws_target.cloud import Cloud, Project

AGENT = "from http.server import HTTPServer\n"
PYTHON = '"3.13"'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENTCORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Project:
    made = Project.open(tmp_path / "project", cloud)
    configure(made)
    return made


def configure(project: Project, **settings: str) -> None:
    """The config with `build: zip`, and no image."""
    project.configure(**{"build": "zip", "python": PYTHON, **settings})
    path = project.root / ".agentcore.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "image:" not in line))


def bucket_of(cloud: Cloud) -> str:
    (bucket,) = cloud.moto.client("s3").list_buckets()["Buckets"]
    return str(bucket["Name"])


def running(cloud: Cloud) -> zipfile.ZipFile:
    """The zip that the runtime was made from."""
    place = cloud.code()["code"]["s3"]
    found = cloud.moto.client("s3").get_object(
        Bucket=place["bucket"], Key=place["prefix"], VersionId=place["versionId"]
    )
    return zipfile.ZipFile(io.BytesIO(found["Body"].read()))


def actions(result: Any) -> dict[str, str]:
    return {change.key: str(change.action) for change in result.changes}


def uploads(cloud: Cloud) -> list[Call]:
    return [call for call in cloud.proxy.calls if call.operation in ("PutObject", "CreateMultipartUpload")]


def test_the_first_deploy_makes_bucket_object_role_and_runtime_and_asks_nothing(project: Project, cloud: Cloud) -> None:
    result = project.deploy()
    assert project.asked == []
    assert actions(result) == dict.fromkeys(("bucket", "code", "role", "runtime"), "create")
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}
    code = cloud.code()
    assert (code["runtime"], code["entryPoint"]) == ("PYTHON_3_13", ["handler.py"])
    assert code["code"]["s3"]["bucket"] == bucket_of(cloud)
    assert code["code"]["s3"]["prefix"] == f"{result.artifact}.zip"
    assert running(cloud).namelist() == ["handler.py"]
    assert (result.version, result.ecr_uri) == ("1", "")
    assert "ecr:CreateRepository" not in cloud.proxy.names


def test_the_role_may_not_read_the_bucket_and_needs_no_registry(project: Project, cloud: Cloud) -> None:
    """AgentCore reads the zip with the caller's rights, when the version is made."""
    project.deploy()
    policy = cloud.moto.client("iam").get_role_policy(RoleName=cloud.roles()[0], PolicyName="AgentCore")
    text = str(policy["PolicyDocument"])
    assert "s3:" not in text
    assert "ecr:" not in text


def test_nothing_changed_uploads_nothing_and_makes_no_version(project: Project, cloud: Cloud) -> None:
    project.deploy()
    cloud.proxy.begin_anew()
    assert not project.deploy().changed
    assert [call for call in cloud.proxy.calls if "Put" in call.operation or "Create" in call.operation] == []
    cloud.proxy.begin_anew()
    assert project.plan(refresh=False).pending == ()
    assert [call.name for call in cloud.proxy.calls if call.service == "s3"] == []


def test_a_changed_line_is_one_object_more_and_going_back_none(project: Project, cloud: Cloud) -> None:
    project.deploy()
    first = cloud.code()
    (project.root / "handler.py").write_text(f"{AGENT}# changed\n")
    assert [change.key for change in project.plan().pending] == ["code", "runtime"]
    project.deploy()
    assert (len(cloud.zips()), cloud.runtimes()["bot"][1]) == (2, "2")
    (project.root / "handler.py").write_text(AGENT)
    cloud.proxy.begin_anew()
    project.deploy()
    assert uploads(cloud) == []
    assert cloud.code() == first


def test_a_changed_line_sends_the_code_and_no_package(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    wheels, noise = tmp_path / "wheels", random.Random(13)
    wheels.mkdir()
    make_wheel(wheels, "large", more={"data/large.bin": noise.randbytes(6 * 1024**2)})
    (project.root / "requirements.txt").write_text(f"--no-index\n--find-links {wheels}\nlarge\n")
    configure(project, requirements="requirements.txt")
    project.deploy()
    (project.root / "handler.py").write_text(f"{AGENT}# changed\n")
    cloud.proxy.begin_anew()
    sent: list[int] = []

    def count(call: Call, request: Request, forward: Forward) -> Answer:
        sent.append(len(request.body))
        return forward(request)

    cloud.proxy.interfere(lambda call: call.service == "s3", count)
    project.deploy()
    assert "s3:UploadPartCopy" in cloud.proxy.names
    assert sum(sent) < 20_000
    with running(cloud) as archive:
        assert archive.read("handler.py").decode() == f"{AGENT}# changed\n"
        assert archive.testzip() is None
        assert len(archive.read("data/large.bin")) == 6 * 1024**2


def test_without_the_state_file_all_of_it_is_found_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    before = cloud.code()
    project.state.unlink()
    assert {change.action for change in project.plan().changes} == {Action.ADOPT}
    project.deploy()
    assert (cloud.code(), set(cloud.zips().values())) == (before, {1})


def test_a_destroy_leaves_nothing_and_runs_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    (project.root / "handler.py").write_text(f"{AGENT}# changed\n")
    project.deploy()
    done = project.destroy()
    keys = [change.key for change in done.deletions]
    assert keys.index("runtime") < keys.index("code") < keys.index("bucket")
    assert (cloud.runtimes(), cloud.roles(), cloud.moto.client("s3").list_buckets()["Buckets"]) == ({}, [], [])
    assert project.destroy().deletions == ()
    assert not project.state.exists()


def test_a_destroy_may_keep_the_bucket(project: Project, cloud: Cloud) -> None:
    project.deploy()
    project.destroy(keep_repository=True)
    assert list(cloud.zips().values()) == [1]


def test_an_object_that_was_written_over_changes_nothing(project: Project, cloud: Cloud) -> None:
    """The version is named, and is what runs."""
    project.deploy()
    place = cloud.code()["code"]["s3"]
    s3 = cloud.moto.client("s3")
    s3.put_object(Bucket=place["bucket"], Key=place["prefix"], Body=b"somebody else's")
    assert not project.deploy().changed
    s3.delete_object(Bucket=place["bucket"], Key=place["prefix"])
    assert not project.deploy().changed


def test_an_object_whose_version_is_gone_is_refused_or_uploaded_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    place = cloud.code()["code"]["s3"]
    where, s3 = {"Bucket": place["bucket"], "Key": place["prefix"]}, cloud.moto.client("s3")
    s3.put_object(**where, Body=b"somebody else's")
    s3.delete_object(**where, VersionId=place["versionId"])
    with pytest.raises(ConflictError, match="the object is another one now") as caught:
        project.deploy()
    assert f"aws s3 rm s3://{place['bucket']}/{place['prefix']}" in (caught.value.hint or "")
    for version in s3.list_object_versions(Bucket=place["bucket"])["Versions"]:
        s3.delete_object(**where, VersionId=version["VersionId"])
    assert actions(project.plan())["code"] == "create"
    project.deploy()
    assert running(cloud).namelist() == ["handler.py"]


def test_the_settings_of_a_runtime_are_those_of_one_with_an_image(project: Project, cloud: Cloud) -> None:
    configure(project, lifecycle="{idle_timeout: 120, max_lifetime: 240}", environment="{PYTHONPATH: lib}")
    (project.root / "lib").mkdir()
    (project.root / "lib" / "more.py").write_text("")
    project.deploy()
    there = cloud.the_runtime()
    assert there["lifecycleConfiguration"] == {"idleRuntimeSessionTimeout": 120, "maxLifetime": 240}
    assert there["environmentVariables"] == {"PYTHONPATH": "/var/task/lib:/var/task"}
    assert project.plan().pending == ()


def test_from_an_image_to_a_zip_and_back_by_deploys_and_by_rollbacks(project: Project, cloud: Cloud) -> None:
    project.configure(python=PYTHON)
    project.deploy()
    image = cloud.the_runtime()["agentRuntimeArtifact"]
    configure(project)
    plan = project.plan()
    assert actions(plan) == {"bucket": "create", "code": "create", "role": "update", "runtime": "update"}
    (runtime,) = (change for change in plan.changes if change.key == "runtime")
    assert {"artifact.image", "artifact.code"} <= {field.field for field in runtime.fields}
    project.deploy()
    code = cloud.code()
    rollback(RollbackRequest(to="1"), project.selected, project.heard)
    assert cloud.the_runtime()["agentRuntimeArtifact"] == image
    rollback(RollbackRequest(to="2"), project.selected, project.heard)
    assert cloud.code() == code
    project.configure(python=PYTHON)
    project.deploy()
    assert cloud.the_runtime()["agentRuntimeArtifact"] == image
    assert len(cloud.zips()) == 1, "an earlier version is made from it"
    project.destroy()
    assert cloud.moto.client("s3").list_buckets()["Buckets"] == []


def test_for_one_deploy_by_the_command_line(project: Project, cloud: Cloud) -> None:
    project.configure(python=PYTHON)
    path = project.root / ".agentcore.yaml"
    path.write_text(path.read_text().replace("    image:", "    #image:"))
    project.deploy(overrides=Overrides(build="zip"))
    assert cloud.code()["entryPoint"] == ["handler.py"]


@pytest.mark.parametrize(
    ("settings", "what", "way_out"),
    [
        ({"install": "image"}, "agents.bot.install: image is for an image", "--build docker"),
    ],
    ids=["install"],
)
def test_what_a_zip_can_not_have_is_refused_before_anything_is_made(
    project: Project, cloud: Cloud, settings: dict[str, str], what: str, way_out: str
) -> None:
    configure(project, **settings)
    with pytest.raises(InputError, match=what) as caught:
        project.deploy()
    assert way_out in (caught.value.hint or "")
    assert [call.name for call in cloud.proxy.calls if "Create" in call.operation] == []


@pytest.mark.parametrize("python", ['"3.10"', '"3.11"'])
def test_an_old_python_is_refused_with_the_reason(project: Project, python: str) -> None:
    configure(project, build="docker", python=python)
    with pytest.raises(InputError, match=r"--build zip: python 3.1\d: AgentCore takes no code for it") as caught:
        project.deploy(overrides=Overrides(build="zip"))
    assert 'set python to "3.13"' in (caught.value.hint or "")


def test_an_entrypoint_that_would_be_missing_is_refused(project: Project, cloud: Cloud) -> None:
    (project.root / ".dockerignore").write_text("handler.py\n")
    with pytest.raises(EntrypointError, match="not among the agent's files"):
        project.deploy()
    assert cloud.roles() == []


def test_no_secret_is_uploaded_and_no_folder_dropped(project: Project, cloud: Cloud) -> None:
    for name in (".env", ".env.local", "deep/.env", "docs/a.md", "build/b.py", "env/c.py", "bot/env/d.txt"):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("KEY=1\n")
    project.deploy()
    names = running(cloud).namelist()
    assert {"docs/a.md", "build/b.py", "env/c.py", "bot/env/d.txt"} < set(names)
    assert [name for name in names if ".env" in name] == []
    assert any("left out, since they look like secrets" in str(event) for event in project.heard.events)


def test_a_project_that_moved_is_the_same(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    project.deploy()
    moved = Project(project.root.rename(tmp_path / "elsewhere"), cloud)
    assert moved.plan().pending == ()


def test_drift_of_the_artifact_is_shown_and_set_right(project: Project, cloud: Cloud) -> None:
    project.deploy()
    before = cloud.code()
    there = cloud.the_runtime()
    other = cloud.moto.client("s3").put_object(Bucket=bucket_of(cloud), Key="theirs.zip", Body=zipped())
    client = cloud.as_callers_see("bedrock-agentcore-control")
    client.update_agent_runtime(
        agentRuntimeId=there["agentRuntimeId"],
        roleArn=there["roleArn"],
        agentRuntimeArtifact={
            "codeConfiguration": {
                **before,
                "code": {"s3": {"bucket": bucket_of(cloud), "prefix": "theirs.zip", "versionId": other["VersionId"]}},
            }
        },
    )
    (change,) = project.plan().pending
    assert {"artifact.code", "artifact.object_version"} <= {field.field for field in change.fields}
    project.deploy()
    assert cloud.code() == before


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("handler.py", "")
    return data.getvalue()


def test_the_config_is_one_that_configure_writes(project: Project, cloud: Cloud) -> None:
    project.command.run("configure", "--build", "zip", "--no-check")
    assert load(project.root / ".agentcore.yaml").config.agents["bot"].build == "zip"
    assert not list(project.root.glob("Dockerfile*"))
    shown = project.command.json("plan")
    assert {change["key"] for change in shown["pending"]} == {"bucket", "code", "role", "runtime"}
    assert project.command.json("deploy")["version"] == "1"
    assert project.command.json("status")["artifact"]
    assert f"arn:aws:s3:::{bucket_of(cloud)}" in str(project.command.json("permissions"))


def test_build_stops_before_the_upload_and_deploy_takes_what_it_made(project: Project, cloud: Cloud) -> None:
    made = project.command.json("build", "--output", "../agent.zip")
    assert (made["builder"], made["reason"]) == ("zip", "as the config says")
    with zipfile.ZipFile(project.root.parent / "agent.zip") as archive:
        assert archive.namelist() == ["handler.py"]
    assert cloud.proxy.names == []
    project.deploy()
    assert len(cloud.zips()) == 1
