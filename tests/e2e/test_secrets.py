"""An agent with secrets in its real image: built and pushed by a deploy, started as a runtime starts it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.command_line import CommandLine
from tests.e2e.agents import PLAIN_AGENT, set_keys, write_agent
from tests.stage.account import WORKER, Account
from tests.stand_ins import REGION

AGENT = f"secret_{WORKER}"
VALUE = "s3cret-of-the-image"
SHOW = "import os; print(os.environ['DB'], 'AGENTCORE_SECRETS' in os.environ, os.getpid())"


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.mark.timeout(600)
def test_a_session_s_process_has_them_and_the_image_has_not(
    aws: Account, engine: docker.DockerClient, tmp_path: Path
) -> None:
    keeper = aws.moto.client("secretsmanager")
    keeper.create_secret(Name="prod/db", SecretString=json.dumps({"password": VALUE}))
    command = CommandLine(tmp_path / "project", aws.environment)
    write_agent(command.folder, PLAIN_AGENT)
    command.run("configure", "--entrypoint", "agent.py", "--name", AGENT)
    set_keys(command.folder, secrets='{DB: "secretsmanager:prod/db#password"}')
    deployed = command.json("deploy", "--yes", "--no-smoke")
    assert command.json("plan")["pending"] == []
    control = aws.clients["bedrock-agentcore-control"]
    runtime = control.get_agent_runtime(agentRuntimeId=deployed["runtime_id"])
    (image,) = engine.images.list(filters={"label": f"agentcore:agent={AGENT}"})
    assert VALUE not in json.dumps([image.attrs, image.history(), runtime["environmentVariables"]])

    def started(variables: dict[str, str]) -> str:
        given = {
            **variables,
            "AWS_ACCESS_KEY_ID": "role",
            "AWS_SECRET_ACCESS_KEY": "of-the-role",
            "AWS_ENDPOINT_URL": aws.moto.url,
        }
        said = engine.containers.run(
            image.id, ["python", "-c", SHOW], environment=given, network_mode="host", remove=True, stderr=True
        )
        return str(said.decode())

    assert started(runtime["environmentVariables"]).strip() == f"{VALUE} False 1"
    missing = {"AGENTCORE_SECRETS": json.dumps({"region": REGION, "secrets": {"DB": "secretsmanager:nowhere"}})}
    with pytest.raises(docker.errors.ContainerError) as failed:
        started(missing)
    assert failed.value.exit_status == 1
    assert "agentcore: secret DB: secretsmanager:nowhere: there is no such secret" in str(failed.value.stderr)
    command.run("destroy", "--yes")


@pytest.mark.timeout(600)
def test_the_same_image_on_this_machine_gets_the_deployer_s(
    aws: Account, engine: docker.DockerClient, tmp_path: Path
) -> None:
    command = CommandLine(tmp_path / "project", aws.environment)
    told = '"edition": os.environ.get("DB"), "pid": os.getpid()'
    write_agent(
        command.folder, PLAIN_AGENT.replace('"edition": "first"', told).replace("import json", "import json, os")
    )
    command.run("configure", "--entrypoint", "agent.py", "--name", AGENT)
    set_keys(command.folder, secrets='{DB: "secretsmanager:prod/db#password"}')
    (command.folder / ".env").write_text(f"DB={VALUE}\n")
    command.run("deploy", "--local", "--build", "docker")
    answer = command.json("invoke", "--local", "{}")["response"]
    assert answer["edition"] == VALUE
    (image,) = engine.images.list(filters={"label": f"agentcore:agent={AGENT}"})
    assert image.attrs["Config"]["Entrypoint"] == ["python", "-I", "/opt/agentcore"]
    assert VALUE not in json.dumps([image.attrs, image.history()])
    command.run("destroy", "--local", "--yes")
