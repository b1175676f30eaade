"""Deploys whose image CodeBuild builds: what is made and uploaded, what is told, what is joined, stopped and kept."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import AgentcoreError, EntrypointError, InputError
from agentcore_cli.events import Event, Listener, Step
from agentcore_cli.operations.deploy.deploy import DeployRequest, deploy
from agentcore_cli.operations.deploy.plan import Overrides
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from agentcore_cli.resources.iam.policy_document import missing
from tests.fakes.aws_faults import named, reset_after, times
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.long_cases import always
from tests.stand_ins import ACCOUNT, REGION

AGENT = "from http.server import HTTPServer\n"
MADE = ("bucket", "build_log", "build_project", "build_role", "image", "repository", "role", "runtime")
WRITES = ("Create", "Put", "Start", "Update", "Delete", "Upload")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENTCORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Project:
    made = Project.open(tmp_path / "project", cloud)
    (made.root / "requirements.txt").write_text("compiled-here==1\n")
    configure(made)
    return made


def configure(project: Project, **settings: str) -> None:
    """The config with `build: codebuild`, and no image."""
    project.configure(**{"build": "codebuild", "requirements": "requirements.txt", **settings})
    path = project.root / ".agentcore.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("    image:")))


def actions(result: Any) -> dict[str, str]:
    return {change.key: str(change.action) for change in result.changes}


def writes(cloud: Cloud) -> list[str]:
    return [call.name for call in cloud.proxy.calls if call.operation.startswith(WRITES)]


def images(cloud: Cloud) -> dict[str, str]:
    """Digest by tag, in the repository that deploys make."""
    ecr = cloud.moto.client("ecr")
    found = {}
    for repository in ecr.describe_repositories()["repositories"]:
        if repository["repositoryName"].startswith("bedrock-agentcore-"):
            for item in ecr.list_images(repositoryName=repository["repositoryName"])["imageIds"]:
                found[item["imageTag"]] = item["imageDigest"]
    return found


def the_project(cloud: Cloud) -> Any:
    client = cloud.moto.client("codebuild")
    (name,) = client.list_projects()["projects"]
    return client.batch_get_projects(names=[name])["projects"][0]


def source(cloud: Cloud) -> zipfile.ZipFile:
    """What the last build was started with."""
    asked = cloud.codebuild.started[-1]
    bucket, _, key = asked["sourceLocationOverride"].partition("/")
    found = cloud.moto.client("s3").get_object(Bucket=bucket, Key=key, VersionId=asked["sourceVersion"])
    return zipfile.ZipFile(io.BytesIO(found["Body"].read()))


def context(cloud: Cloud) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(source(cloud).read("context.tar")))


def told(project: Project) -> str:
    return "\n".join(str(event) for event in project.heard.events)


def test_the_first_deploy_makes_all_of_it_and_runs_what_was_pushed(project: Project, cloud: Cloud) -> None:
    assert actions(project.plan()) == dict.fromkeys(MADE, "create")
    result = project.deploy()
    assert project.asked == []
    assert actions(result) == dict.fromkeys(MADE, "create")
    ((tag, digest),) = images(cloud).items()
    uri = cloud.the_runtime()["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"]
    assert uri.rpartition("@")[2] == digest
    assert cloud.codebuild.started[0]["environmentVariablesOverride"] == [
        {"name": "AGENTCORE_IMAGE", "value": f"{uri.partition('@')[0]}:{tag}", "type": "PLAINTEXT"}
    ]
    assert list(cloud.zips()) == [f"source/{tag}.zip"]
    assert project.plan().pending == ()


def test_the_project_builds_on_arm_with_the_smallest_machine(project: Project, cloud: Cloud) -> None:
    project.deploy()
    made = the_project(cloud)
    environment = made["environment"]
    assert (environment["type"], environment["computeType"]) == ("ARM_CONTAINER", "BUILD_GENERAL1_SMALL")
    assert environment["image"] == "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    assert (environment["privilegedMode"], environment["environmentVariables"]) == (True, [])
    assert {tag["key"] for tag in made["tags"]} == {"agentcore:project", "agentcore:agent", "agentcore:target"}
    (group,) = cloud.moto.client("logs").describe_log_groups()["logGroups"]
    assert made["logsConfig"]["cloudWatchLogs"]["groupName"] == group["logGroupName"]


def test_the_engine_is_asked_for_the_docker_builders_own_dockerfile(project: Project, cloud: Cloud) -> None:
    configure(project, build_args="{LEVEL: s3cret-level}")
    project.deploy()
    dockerfile = source(cloud).read("Dockerfile").decode()
    assert 'RUN pip install -r "requirements.txt"' in dockerfile
    login, build, *_, push = cloud.codebuild.bench.calls("docker")
    assert login.startswith("docker login --username AWS --password-stdin")
    options = set(re.findall(r"--[a-z-]+ \S+", build))
    assert {"--platform linux/arm64", "--file Dockerfile", "--build-arg LEVEL"} <= options
    assert push.startswith(f"docker push {ACCOUNT}.dkr.ecr.{REGION}")
    assert (cloud.codebuild.bench.folder / "password").read_text() == "secret-of-the-registry\n"


def test_values_of_build_arguments_are_nowhere_but_in_the_source(project: Project, cloud: Cloud) -> None:
    configure(project, build_args="{LEVEL: s3cret-level}")
    cloud.codebuild.bench.prints = "the level is s3cret-level\n"
    cloud.codebuild.bench.exits = 1
    with pytest.raises(AgentcoreError, match=r"the level is \*\*\*") as caught:
        project.deploy()
    seen = [str(caught.value), told(project), json.dumps(the_project(cloud), default=str), project.state.read_text()]
    seen += [json.dumps(cloud.codebuild.started), *cloud.codebuild.bench.calls("docker")]
    assert [text for text in seen if "s3cret-level" in text] == []
    assert source(cloud).read("arguments") == b"LEVEL=s3cret-level\n"


@pytest.mark.long
def test_nothing_changed_builds_nothing(project: Project, cloud: Cloud) -> None:
    project.deploy()
    cloud.proxy.begin_anew()
    assert not project.deploy().changed
    assert writes(cloud) == []
    assert len(cloud.codebuild.started) == 1


def test_a_changed_line_is_one_build_more_and_going_back_none(project: Project, cloud: Cloud) -> None:
    project.deploy()
    (project.root / "handler.py").write_text(f"{AGENT}# changed\n")
    assert [change.key for change in project.plan().pending] == ["image", "runtime"]
    project.deploy()
    assert (len(cloud.codebuild.started), len(images(cloud)), len(cloud.zips())) == (2, 2, 2)
    (project.root / "handler.py").write_text(AGENT)
    project.deploy()
    assert (len(cloud.codebuild.started), cloud.runtimes()["bot"][1]) == (2, "3")


def test_lines_are_told_while_it_builds(project: Project, cloud: Cloud) -> None:
    cloud.codebuild.holds = True
    seen: list[str] = []

    def hear(event: Event) -> None:
        project.heard.events.append(event)
        if isinstance(event, Step) and event.name == "image":
            seen.append(event.message)
            if "Entering phase BUILD" in event.message:
                cloud.codebuild.holds = False

    deploy_heard(project, hear)
    assert "[Container] Entering phase BUILD" in seen
    assert seen.index("CodeBuild: PROVISIONING") < seen.index("CodeBuild: BUILD")
    assert "Step 2/2 : COPY . /app/" in seen


def deploy_heard(project: Project, hear: Listener) -> None:
    deploy(DeployRequest(Overrides(), consent=lambda changes: True), project.selected, hear)


def test_a_failure_shows_phase_context_and_last_lines(project: Project, cloud: Cloud) -> None:
    bench = cloud.codebuild.bench
    bench.prints, bench.exits = "Building wheel for compiled-here\nerror: no compiler\n", 1
    with pytest.raises(AgentcoreError) as caught:
        project.deploy()
    message, hint = caught.value.message, caught.value.hint or ""
    assert re.search(r"can't be built: phase BUILD of \S+ failed: Error while executing command: sh build.sh", message)
    assert message.endswith("Building wheel for compiled-here\nerror: no compiler")
    assert hint.startswith("mend that step, then run this again")
    assert "aws logs tail /aws/codebuild/bedrock-agentcore-bot-" in hint
    assert caught.value.exit_code == 1
    assert cloud.runtimes() == {}
    bench.exits = 0
    project.deploy()
    assert (list(cloud.codebuild.builds.values()), len(cloud.zips())) == (["FAILED", "SUCCEEDED"], 1)


@pytest.mark.parametrize(
    ("made", "words"),
    always(
        "size",
        of={
            "architecture": ({"architecture": "amd64"}, "the image is for amd64"),
            "size": ({"size": 3 * 1024**3}, "and AgentCore takes 2147483648"),
        },
    ),
)
def test_an_image_that_agentcore_does_not_run_is_not_pushed(
    project: Project, cloud: Cloud, made: dict[str, Any], words: str
) -> None:
    for name, value in made.items():
        setattr(cloud.codebuild.bench, name, value)
    with pytest.raises(AgentcoreError, match=words):
        project.deploy()
    assert images(cloud) == {}


@pytest.mark.long
def test_a_build_that_somebody_stops_says_so(project: Project, cloud: Cloud) -> None:
    cloud.codebuild.holds = True

    def hear(event: Event) -> None:
        if isinstance(event, Step) and "Entering phase BUILD" in event.message:
            (id,) = cloud.codebuild.builds
            cloud.as_callers_see("codebuild").stop_build(id=id)

    with pytest.raises(AgentcoreError, match=r"phase BUILD of \S+ was stopped") as caught:
        deploy_heard(project, hear)
    assert "somebody stopped it" in (caught.value.hint or "")


@pytest.mark.long
def test_a_lost_answer_of_start_is_one_build(project: Project, cloud: Cloud) -> None:
    cloud.proxy.interfere(named("codebuild:StartBuild"), times(1, reset_after))
    project.deploy()
    assert list(cloud.codebuild.builds.values()) == ["SUCCEEDED"]


@pytest.mark.long
def test_a_role_that_is_seen_late_is_waited_for(project: Project, cloud: Cloud) -> None:
    cloud.codebuild.unseen = 1
    project.deploy()
    assert "waiting until CodeBuild sees its role" in told(project)


@pytest.mark.long
def test_a_destroy_leaves_nothing_and_runs_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    keys = [change.key for change in project.destroy().deletions]
    last = [keys.index(key) for key in ("build_role", "build_log", "bucket")]
    assert keys.index("runtime") < keys.index("build_project") < min(last)
    assert (cloud.runtimes(), cloud.roles(), images(cloud)) == ({}, [], {})
    assert cloud.moto.client("s3").list_buckets()["Buckets"] == []
    assert cloud.moto.client("codebuild").list_projects()["projects"] == []
    assert cloud.moto.client("logs").describe_log_groups()["logGroups"] == []
    assert project.destroy().deletions == ()


@pytest.mark.long
def test_without_the_state_file_all_of_it_is_found_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    project.state.unlink()
    assert {change.action for change in project.plan().changes} == {Action.ADOPT}
    project.deploy()
    assert len(cloud.codebuild.started) == 1


def test_other_builders_make_and_ask_nothing_of_it(project: Project, cloud: Cloud) -> None:
    project.configure()
    project.deploy()
    project.destroy()
    assert [call.name for call in cloud.proxy.calls if call.service == "codebuild"] == []


@pytest.mark.long
def test_from_image_to_codebuild_to_zip_and_back(project: Project, cloud: Cloud) -> None:
    project.configure(python='"3.13"')
    project.deploy()
    image = cloud.the_runtime()["agentRuntimeArtifact"]
    configure(project, python='"3.13"')
    assert actions(project.plan())["image"] == "create"
    project.deploy()
    built = cloud.the_runtime()["agentRuntimeArtifact"]
    (project.root / "requirements.txt").write_text("")
    configure(project, build="zip", python='"3.13"')
    assert actions(project.plan()) == {"bucket": "keep", "code": "create", "role": "keep", "runtime": "update"}
    project.deploy()
    code = cloud.code()
    assert sorted(name.rpartition(".")[2] for name in cloud.zips()) == ["zip", "zip"]
    rollback(RollbackRequest(to="2"), project.selected, project.heard)
    assert cloud.the_runtime()["agentRuntimeArtifact"] == built
    rollback(RollbackRequest(to="3"), project.selected, project.heard)
    assert cloud.code() == code
    rollback(RollbackRequest(to="1"), project.selected, project.heard)
    assert cloud.the_runtime()["agentRuntimeArtifact"] == image
    project.destroy()
    assert cloud.moto.client("s3").list_buckets()["Buckets"] == []
    assert cloud.moto.client("codebuild").list_projects()["projects"] == []


def test_the_role_may_do_what_a_build_does_and_no_more(project: Project, cloud: Cloud) -> None:
    project.deploy()
    iam = cloud.moto.client("iam")
    (role,) = [name for name in cloud.roles() if "AgentCoreBuild" in name]
    policy = iam.get_role_policy(RoleName=role, PolicyName="AgentCore")["PolicyDocument"]
    asked = cloud.codebuild.started[0]
    group = the_project(cloud)["logsConfig"]["cloudWatchLogs"]["groupName"]
    repository = asked["environmentVariablesOverride"][0]["value"].partition("/")[2].partition(":")[0]
    logs, ecr = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
    needed = [
        ("s3:GetObjectVersion", f"arn:aws:s3:::{asked['sourceLocationOverride']}"),
        ("logs:PutLogEvents", f"{logs}:log-stream:x"),
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:PutImage", f"{ecr}/{repository}"),
    ]
    for action, resource in needed:
        assert missing({"Statement": {"Effect": "Allow", "Action": action, "Resource": resource}}, [policy]) == []
    for action, resource in [("ecr:PutImage", f"{ecr}/other"), ("s3:PutObject", "*"), ("iam:PassRole", "*")]:
        assert missing({"Statement": {"Effect": "Allow", "Action": action, "Resource": resource}}, [policy])
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"] == {"Service": "codebuild.amazonaws.com"}
    assert trust["Condition"]["ArnLike"]["aws:SourceArn"] == the_project(cloud)["arn"]


@pytest.mark.long
def test_what_the_predecessor_got_wrong_about_a_source_is_not_so_here(project: Project, cloud: Cloud) -> None:
    (project.root / "requirements.txt").write_text("-r more.txt\n")
    (project.root / "more.txt").write_text("one==1\n")
    for name in ("docs/a.md", "build/b.py", "env/c.py", "notes/left-out.md"):
        (project.root / name).parent.mkdir(exist_ok=True)
        (project.root / name).write_text("x\n")
    (project.root / "build" / "b.py").chmod(0o600)
    (project.root / ".dockerignore").write_text("notes\n.env\n.env.*\n**/.env\n.agentcore*\n")
    for name in (".env.local", "docs/.env"):
        (project.root / name).write_text("KEY=1\n")
    project.deploy()
    with context(cloud) as packed:
        names = set(packed.getnames())
        assert {"docs/a.md", "build/b.py", "env/c.py", "more.txt", "handler.py"} <= names
        assert not [name for name in names if ".env" in name or name.startswith("notes")]
        assert packed.getmember("build/b.py").mode == 0o644
    (project.root / "more.txt").write_text("one==2\n")
    assert [change.key for change in project.plan().pending] == ["image", "runtime"]


@pytest.mark.long
def test_a_project_that_moved_is_the_same(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    project.deploy()
    moved = Project(project.root.rename(tmp_path / "elsewhere"), cloud)
    assert moved.plan().pending == ()


def test_an_entrypoint_that_would_be_missing_is_refused(project: Project, cloud: Cloud) -> None:
    (project.root / ".dockerignore").write_text("handler.py\n")
    with pytest.raises(EntrypointError, match="not among the agent's files"):
        project.deploy()
    assert cloud.roles() == []


def test_credentials_that_would_be_in_the_image_are_refused_with_the_ways_out(project: Project, cloud: Cloud) -> None:
    (project.root / "requirements.txt").write_text("--index-url https://me:pw@packages.example/simple\nx==1\n")
    with pytest.raises(InputError, match="has a user or password in a URL") as caught:
        project.deploy()
    assert "--build oci or docker" in (caught.value.hint or "")
    assert writes(cloud) == []


@pytest.mark.long
def test_a_private_base_image_is_signed_in_to_and_may_be_read(project: Project, cloud: Cloud) -> None:
    base = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/base/python:3"
    configure(project, base_image=base)
    project.deploy()
    spec = the_project(cloud)["source"]["buildspec"]
    assert "--region eu-west-1 | docker login --username AWS --password-stdin 210987654321.dkr.ecr.eu-west-1." in spec
    (role,) = [name for name in cloud.roles() if "AgentCoreBuild" in name]
    policy = cloud.moto.client("iam").get_role_policy(RoleName=role, PolicyName="AgentCore")["PolicyDocument"]
    assert "arn:aws:ecr:eu-west-1:210987654321:repository/base/python" in json.dumps(policy)


def test_build_stops_before_anything_is_asked_of_aws(project: Project, cloud: Cloud) -> None:
    made = project.command.json("build", "--output", "../source.zip")
    assert (made["builder"], made["reason"]) == ("codebuild", "as the config says")
    assert cloud.proxy.names == []
    with zipfile.ZipFile(project.root.parent / "source.zip") as archive:
        assert archive.namelist() == ["context.tar", "Dockerfile", "build.sh"]
    project.deploy()
    assert len(cloud.codebuild.started) == 1
