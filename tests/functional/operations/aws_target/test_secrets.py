"""Secrets that AWS keeps: references in the runtime, permissions in the role, the launcher in the image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.resources.deployment import Overrides
from tests.fakes.push_engine import PushEngine
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.stand_ins import ACCOUNT, REGION

DIGEST = "sha256:" + "d" * 64
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
SECRETS = '{DB: "secretsmanager:prod/db#password", X: "ssm:/team/x"}'


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """One whose image is built, by an engine that says it did."""
    address = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
    with PushEngine(address, [{"aux": {"Digest": DIGEST}}]):
        yield Project.open(tmp_path / "project", cloud, image="null")


def deploy(project: Project, **settings: str) -> Any:
    project.configure(image="null", **settings)
    return project.deploy(smoke=False)


def variables(cloud: Cloud) -> dict[str, str]:
    return dict(cloud.the_runtime().get("environmentVariables", {}))


def statements(cloud: Cloud) -> dict[str, Any]:
    (role,) = cloud.roles()
    document = cloud.moto.client("iam").get_role_policy(RoleName=role, PolicyName="AgentCore")["PolicyDocument"]
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_references_go_to_the_runtime_and_permissions_to_the_role(project: Project, cloud: Cloud) -> None:
    deploy(project, environment="{LOG_LEVEL: info}")
    assert project.asked == []
    deploy(project, environment="{LOG_LEVEL: info}", secrets=SECRETS, secrets_keys=f"[{KEY}]")
    assert "role" in project.asked[0], "more permissions are asked about"
    found = variables(cloud)
    assert found.pop("LOG_LEVEL") == "info"
    assert json.loads(found.pop("AGENTCORE_SECRETS")) == {
        "region": REGION,
        "secrets": {"DB": "secretsmanager:prod/db#password", "X": "ssm:/team/x"},
    }
    assert found == {}
    allowed = statements(cloud)
    assert allowed["ReadSecrets"]["Resource"] == f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:prod/db-??????"
    assert allowed["ReadParameters"]["Resource"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/team/x"
    assert allowed["DecryptSecrets"]["Resource"] == KEY
    again = {field.field for change in project.plan().pending if change.key != "image" for field in change.fields}
    assert again <= {"artifact.image"}, "the engine of this test has built nothing"


def test_the_plan_shows_what_the_role_gets_and_what_is_fetched(project: Project) -> None:
    deploy(project)
    project.configure(image="null", secrets=SECRETS)
    changes = {change.key: change for change in project.plan().pending}
    assert changes.keys() == {"role", "image", "runtime"}
    assert changes["role"].widens
    assert {field.field for field in changes["role"].fields} >= {"policy.ReadSecrets.Resource"}
    assert {field.field for field in changes["image"].fields} >= {"launcher", "tag"}
    shown = {field.field: field.new for field in changes["runtime"].fields}
    assert shown["secrets.DB"] == "secretsmanager:prod/db#password"


def test_they_go_as_they_came(project: Project, cloud: Cloud) -> None:
    deploy(project, secrets=SECRETS)
    deploy(project)
    assert "AGENTCORE_SECRETS" not in variables(cloud)
    assert not {"ReadSecrets", "ReadParameters"} & statements(cloud).keys()


def test_what_was_changed_by_hand_is_drift(project: Project, cloud: Cloud) -> None:
    deploy(project, secrets=SECRETS)
    current = cloud.the_runtime()
    wire = json.dumps({"region": REGION, "secrets": {"DB": "secretsmanager:theirs"}})
    with cloud.agentcore() as client:
        client.update_agent_runtime(
            agentRuntimeId=current["agentRuntimeId"],
            agentRuntimeArtifact=current["agentRuntimeArtifact"],
            roleArn=current["roleArn"],
            networkConfiguration=current["networkConfiguration"],
            environmentVariables={"AGENTCORE_SECRETS": wire},
        )
    fields = {field.field for change in project.plan().pending for field in change.fields}
    assert fields >= {"secrets.DB", "secrets.X"}


def test_a_variable_that_is_said_is_not_fetched(project: Project, cloud: Cloud) -> None:
    project.configure(image="null", secrets='{DB: "secretsmanager:prod/db", X: env, Y: "ssm:/y"}')
    with pytest.raises(InputError, match="X: `env` is this machine's"):
        project.plan()
    project.deploy(smoke=False, overrides=Overrides({"X": "said", "Y": "said-too"}))
    found = variables(cloud)
    assert json.loads(found.pop("AGENTCORE_SECRETS"))["secrets"] == {"DB": "secretsmanager:prod/db"}
    assert found == {"X": "said", "Y": "said-too"}


def test_more_references_than_fit_are_refused(project: Project) -> None:
    many = ", ".join(f'A{n}: "secretsmanager:x#{"x" * 120}{n}"' for n in range(50))
    project.configure(image="null", secrets=f"{{{many}}}")
    with pytest.raises(InputError, match="above 5000"):
        project.deploy(smoke=False)
    assert project.cloud.roles() == []


def test_a_dockerfile_of_one_s_own_must_start_by_the_launcher(project: Project) -> None:
    dockerfile = project.root / "Dockerfile"
    project.configure(image="null", secrets=SECRETS)
    dockerfile.write_text('FROM scratch\nCOPY . /app\nCMD ["python", "/app/handler.py"]\n')
    with pytest.raises(InputError, match="does not start by the launcher") as refused:
        project.plan()
    assert refused.value.hint
    lines = [line.strip() for line in refused.value.hint.splitlines()[1:]]
    assert lines == ["COPY .agentcore-launcher /opt/agentcore", 'ENTRYPOINT ["python", "-I", "/opt/agentcore"]']
    dockerfile.write_text("\n".join(["FROM scratch", "COPY . /app", *lines, 'CMD ["python", "/app/handler.py"]', ""]))
    assert {change.key for change in project.plan().pending} >= {"image", "runtime"}
