"""`agentcore import`: what another tool deployed, by its ARN or from the earlier toolkit's file; it stays theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command_line import CommandLine
from tests.fakes.control import policy_of
from tests.functional.operations.aws_target.cloud import IMAGE, Cloud
from tests.same_process import SameProcess
from tests.stand_ins import ACCOUNT, REGION

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:*"},
            },
        }
    ],
}


@pytest.fixture
def their_role(cloud: Cloud) -> str:
    made = cloud.moto.client("iam").create_role(RoleName="Theirs", AssumeRolePolicyDocument=json.dumps(TRUST))
    arn: str = made["Role"]["Arn"]
    return arn


@pytest.fixture
def their_runtime(cloud: Cloud, their_role: str) -> dict[str, Any]:
    with cloud.agentcore() as client:
        made: dict[str, Any] = client.create_agent_runtime(
            agentRuntimeName="theirs",
            agentRuntimeArtifact={"containerConfiguration": {"containerUri": IMAGE}},
            roleArn=their_role,
            networkConfiguration={"networkMode": "PUBLIC"},
            environmentVariables={"LOG_LEVEL": "debug"},
            lifecycleConfiguration={"idleRuntimeSessionTimeout": 120, "maxLifetime": 3600},
            requestHeaderConfiguration={"requestHeaderAllowlist": ["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant"]},
            description="made elsewhere",
            tags={"team": "others"},
        )
        identity = {"agentRuntimeId": made["agentRuntimeId"]}
        while client.get_agent_runtime(**identity)["status"] != "READY":
            pass
        client.create_agent_runtime_endpoint(**identity, name="stable", agentRuntimeVersion="1")
        client.put_resource_policy(resourceArn=arn_of(made), policy=policy_of(arn_of(made), Sid="Partners"))
        return made


def arn_of(made: dict[str, Any]) -> str:
    return str(made["agentRuntimeArn"])


@pytest.fixture
def command(tmp_path: Path, cloud: Cloud) -> CommandLine:
    folder = tmp_path / "moved_in"
    folder.mkdir()
    (folder / "agent.py").write_text("from http.server import HTTPServer\n")
    return SameProcess(folder, {**cloud.environment, "AGENTCORE_HOME": str(tmp_path / "home")})


def config(command: CommandLine) -> Any:
    return yaml.safe_load((command.folder / ".agentcore.yaml").read_text())


def pending(command: CommandLine) -> dict[str, list[str]]:
    changes = command.json("plan")["changes"]
    return {c["key"]: [field["field"] for field in c["fields"]] for c in changes if c["action"] != "keep"}


def keep_the_image(command: CommandLine) -> None:
    """Have none built, which would need Docker."""
    path = command.folder / ".agentcore.yaml"
    path.write_text(path.read_text().replace("    python:", f"    image: {IMAGE}\n    python:"))


def test_under_another_name_it_is_still_their_runtime_that_everything_is_about(
    command: CommandLine, cloud: Cloud, their_runtime: dict[str, Any]
) -> None:
    arn, runtime_id = their_runtime["agentRuntimeArn"], their_runtime["agentRuntimeId"]
    command.json("import", "--arn", arn, "--entrypoint", "agent.py", "--name", "ours")
    path = command.folder / ".agentcore.yaml"
    path.write_text(path.read_text().replace("    python:", "    log_retention: 30\n    python:"))

    policy = {statement["Sid"]: statement for statement in command.json("permissions")["policy"]["Statement"]}
    assert policy["ManageRuntime"]["Resource"] == f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/theirs-*"
    assert pending(command) == {"log_group": []}
    command.run("deploy")
    assert pending(command) == {}
    (group,) = cloud.moto.client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == f"/aws/bedrock-agentcore/runtimes/{runtime_id}-DEFAULT"


def test_a_runtime_is_taken_in_used_and_left(
    command: CommandLine, cloud: Cloud, their_runtime: dict[str, Any], their_role: str
) -> None:
    arn, runtime_id = their_runtime["agentRuntimeArn"], their_runtime["agentRuntimeId"]
    calls = len(cloud.proxy.names)

    said = command.json("import", "--arn", arn, "--entrypoint", "agent.py")

    assert [(agent["name"], agent["target"], agent["arn"]) for agent in said["agents"]] == [("theirs", "aws", arn)]
    assert any("endpoint stable stays on version 1" in line for line in said["left_out"])
    assert all(
        not name.partition(":")[2].startswith(("Create", "Update", "Delete", "Tag"))
        for name in cloud.proxy.names[calls:]
    )
    assert config(command)["agents"]["theirs"] == {
        "entrypoint": "agent.py",
        "python": "3.13",
        "protocol": "HTTP",
        "description": "made elsewhere",
        "runtime": runtime_id,
        "execution_role": their_role,
        "resource_policy": "theirs-callers.json",
        "image": IMAGE,
        "header_allowlist": ["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant"],
        "environment": {"LOG_LEVEL": "debug"},
        "lifecycle": {"idle_timeout": 120, "max_lifetime": 3600},
        "tags": {"team": "others"},
    }
    assert config(command)["targets"]["aws"] == {"region": REGION, "account": ACCOUNT}
    assert pending(command) == {}

    path, callers = command.folder / ".agentcore.yaml", command.folder / "theirs-callers.json"
    path.write_text(path.read_text().replace("LOG_LEVEL: debug", "LOG_LEVEL: info"))
    callers.write_text(callers.read_text().replace('"Allow"', '"Deny"'))
    changed = pending(command)
    assert changed.pop("runtime") == ["environment.LOG_LEVEL"]
    assert {field.split(".")[1] for field in changed.pop("resource_policy")} == {"Partners", "Deny:Partners"}
    command.run("deploy")
    assert pending(command) == {}
    with cloud.agentcore() as client:
        tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == {"team": "others"}

    command.run("destroy", "--yes")
    assert list(cloud.runtimes()) == ["theirs"]
    assert cloud.roles() == ["Theirs"]

    command.run("destroy", "--yes", "--include-supplied")
    assert cloud.runtimes() == {}
    assert cloud.roles() == ["Theirs"]


RICH: dict[str, Any] = {
    "agentRuntimeArtifact": {"containerConfiguration": {"containerUri": IMAGE.partition("@")[0] + ":20260101"}},
    "networkConfiguration": {
        "networkMode": "VPC",
        "networkModeConfig": {
            "subnets": ["subnet-0123456789abcdef0"],
            "securityGroups": ["sg-0123456789abcdef0"],
        },
    },
    "protocolConfiguration": {"serverProtocol": "MCP", "port": 8123},
    "authorizerConfiguration": {
        "customJWTAuthorizer": {
            "discoveryUrl": "https://issuer.example/.well-known/openid-configuration",
            "allowedClients": ["one", "two"],
            "allowedScopes": ["bot/invoke"],
        }
    },
    "filesystemConfigurations": [
        {"sessionStorage": {"mountPath": "/mnt/data"}},
        {
            "efsAccessPoint": {
                "accessPointArn": f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0",
                "mountPath": "/mnt/shared",
            }
        },
    ],
}


def test_a_runtime_with_everything_needs_no_change_and_loses_nothing(
    command: CommandLine, cloud: Cloud, their_role: str
) -> None:
    with cloud.agentcore() as client:
        made = client.create_agent_runtime(agentRuntimeName="rich", roleArn=their_role, **RICH)
        identity = {"agentRuntimeId": made["agentRuntimeId"]}
        while client.get_agent_runtime(**identity)["status"] != "READY":
            pass
        before = client.get_agent_runtime(**identity)

        said = command.json("import", "--arn", made["agentRuntimeArn"], "--entrypoint", "agent.py")

        assert [line.removeprefix("rich: ").partition(": ")[0] for line in said["left_out"]] == [
            "filesystemConfigurations.efsAccessPoint",
            "protocolConfiguration.port",
        ]
        assert config(command)["agents"]["rich"]["session_storage"] == "/mnt/data"
        assert config(command)["agents"]["rich"]["image"].endswith(":20260101")
        assert pending(command) == {}

        path = command.folder / ".agentcore.yaml"
        path.write_text(path.read_text().replace("    protocol: MCP\n", "    protocol: MCP\n    description: mine\n"))
        command.run("deploy")
        after = client.get_agent_runtime(**identity)
        assert after.pop("description") == "mine"
    for member in RICH.keys() - {"filesystemConfigurations"}:
        assert after[member] == before[member]
    by_kind = [{next(iter(mount)): mount for mount in told["filesystemConfigurations"]} for told in (before, after)]
    assert by_kind[0] == by_kind[1]


@pytest.fixture
def their_file(command: CommandLine, their_runtime: dict[str, Any], their_role: str) -> Path:
    """Of the agent that `their_runtime` runs."""
    agent = {
        "name": "theirs",
        "entrypoint": "/somewhere/else/agent.py",
        "deployment_type": "container",
        "aws": {
            "execution_role": their_role,
            "account": ACCOUNT,
            "region": REGION,
            "ecr_repository": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/bot",
            "observability": {"enabled": False},
        },
        "bedrock_agentcore": {
            "agent_id": their_runtime["agentRuntimeId"],
            "agent_arn": their_runtime["agentRuntimeArn"],
            "agent_session_id": "1",
        },
        "codebuild": {"project_name": "bedrock-agentcore-theirs-builder"},
    }
    path = command.folder / ".bedrock_agentcore.yaml"
    path.write_text(yaml.safe_dump({"default_agent": "theirs", "agents": {"theirs": agent}}))
    return path


def test_the_earlier_toolkit_s_file_is_taken_in(
    command: CommandLine, their_runtime: dict[str, Any], their_file: Path
) -> None:
    done = command.run("import")

    assert "CodeBuild project bedrock-agentcore-theirs-builder" in done.stderr
    assert "next: agentcore plan" in done.stderr
    assert config(command)["default_agent"] == "theirs"
    assert config(command)["agents"]["theirs"]["runtime"] == their_runtime["agentRuntimeId"]
    assert command.json("status")["arn"] == their_runtime["agentRuntimeArn"]


def test_what_the_file_has_no_field_for_is_taken_from_what_runs(command: CommandLine, their_file: Path) -> None:
    """So that the next plan builds an image, as the import has said, and does nothing else."""
    said = command.run("import").stderr

    assert f"theirs: the image that runs, {IMAGE}: the next deploy builds one of the project here" in said
    assert "theirs: endpoint stable stays on version 1" in said
    agent = config(command)["agents"]["theirs"]
    assert (agent["environment"], agent["description"]) == ({"LOG_LEVEL": "debug"}, "made elsewhere")
    assert (agent["tags"], agent["lifecycle"]) == ({"team": "others"}, {"idle_timeout": 120, "max_lifetime": 3600})
    keep_the_image(command)
    assert pending(command) == {}


def test_where_the_file_says_otherwise_the_difference_is_named(command: CommandLine, their_file: Path) -> None:
    content = yaml.safe_load(their_file.read_text())
    aws = content["agents"]["theirs"]["aws"]
    aws["lifecycle_configuration"] = {"idle_runtime_session_timeout": 300, "max_lifetime": None}
    their_file.write_text(yaml.safe_dump(content))

    said = command.run("import").stderr

    assert "theirs: idle_timeout: the file says 300, what runs has 120; the next deploy makes it the file's" in said
    keep_the_image(command)
    assert pending(command) == {"runtime": ["lifecycle.idle_timeout"]}


def test_without_credentials_the_file_alone_is_taken_in(command: CommandLine, their_file: Path) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    said = SameProcess(command.folder, {**command.environment, **nobody}).run("import").stderr

    assert "theirs: what runs could not be looked at" in said
    assert "agentcore plan names what differs" in said
    assert "environment" not in config(command)["agents"]["theirs"]
    keep_the_image(command)
    assert {"environment.LOG_LEVEL", "description"} <= set(pending(command)["runtime"])


def test_a_runtime_that_is_gone_is_said_to_be(command: CommandLine, cloud: Cloud, their_file: Path) -> None:
    their_file.write_text(their_file.read_text().replace("runtime/theirs-", "runtime/gone-"))

    said = command.run("import").stderr

    assert "theirs: what runs could not be looked at (runtime gone-" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "there is no such file"),
        (["--from", "nowhere.yaml"], 2, "there is no such file"),
        (["--arn", "what"], 2, "not the ARN of a runtime"),
        (["--arn", f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/gone-AbCdEf0123"], 4, "not found"),
    ],
    ids=["no file", "wrong file", "no ARN", "gone"],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    command: CommandLine, arguments: list[str], code: int, message: str
) -> None:
    assert message in command.run("import", *arguments, code=code).stderr
    assert not (command.folder / ".agentcore.yaml").exists()


def test_an_agent_that_is_there_is_not_overwritten(command: CommandLine, their_runtime: dict[str, Any]) -> None:
    arguments = ["import", "--arn", their_runtime["agentRuntimeArn"], "--entrypoint", "agent.py"]
    command.run(*arguments)
    before = (command.folder / ".agentcore.yaml").read_text()

    assert "has an agent theirs already" in command.run(*arguments, code=2).stderr
    assert (command.folder / ".agentcore.yaml").read_text() == before
    command.run(*arguments, "--name", "another")
    assert set(config(command)["agents"]) == {"theirs", "another"}
