"""`agentcore auth` against moto's Cognito: made once, owned by tags, shown once, and taken away again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command_line import CommandLine
from tests.fakes.aws_faults import named, reset_after, times
from tests.fakes.aws_proxy import AwsProxy
from tests.same_process import SameProcess
from tests.stand_ins import Moto

AGENT = """
from bedrock_agentcore.runtime import BedrockAgentCoreApp
app = BedrockAgentCoreApp()

@app.entrypoint
def answer(payload):
    return "yes"

if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def command(tmp_path: Path, moto: Moto) -> CommandLine:
    (tmp_path / "agent.py").write_text(AGENT)
    (tmp_path / "requirements.txt").write_text("bedrock-agentcore\n")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": moto.url}
    line = SameProcess(tmp_path, {**keys, "AGENTCORE_HOME": str(tmp_path / "home")})
    line.run("configure", "--entrypoint", "agent.py", "--name", "support_bot", "--no-check", "--region", "us-west-2")
    return line


def authorizer(command: CommandLine) -> Any:
    config = yaml.safe_load((command.folder / ".agentcore.yaml").read_text())
    return config["agents"]["support_bot"].get("authorizer")


def claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    parsed: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return parsed


def test_a_pool_its_users_and_a_token_for_each(command: CommandLine, moto: Moto) -> None:
    made = command.json("auth", "create-pool", "--user", "ann", "--user", "bob")

    passwords = {user["name"]: user["password"] for user in made["users"]}
    assert passwords.keys() == {"ann", "bob"}
    assert authorizer(command) == {"discovery_url": made["discovery_url"], "clients": [made["client_id"]]}
    pool = moto.client("cognito-idp").describe_user_pool(UserPoolId=made["pool_id"])["UserPool"]
    assert pool["UserPoolTags"]["agentcore:agent"] == "support_bot"
    environment = {**command.environment, "AGENTCORE_PASSWORD": passwords["ann"]}
    token = SameProcess(command.folder, environment).run("auth", "token", "--user", "ann").stdout.strip()
    assert claims(token)["client_id"] == made["client_id"]
    assert claims(token)["username"] == "ann"


def test_again_goes_on_with_what_is_there(command: CommandLine, moto: Moto) -> None:
    first = command.json("auth", "create-pool", "--user", "ann")
    second = command.json("auth", "create-pool", "--user", "ann", "--user", "bob")

    assert (second["pool_id"], second["client_id"]) == (first["pool_id"], first["client_id"])
    assert [(user["name"], user["password"] is None) for user in second["users"]] == [("ann", True), ("bob", False)]
    pools = moto.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    assert len(pools) == 1


def test_a_user_who_was_made_and_got_no_password_gets_one(command: CommandLine, moto: Moto) -> None:
    made = command.json("auth", "create-pool")
    moto.client("cognito-idp").admin_create_user(UserPoolId=made["pool_id"], Username="ann", MessageAction="SUPPRESS")

    (user,) = command.json("auth", "create-pool", "--user", "ann")["users"]

    environment = {**command.environment, "AGENTCORE_PASSWORD": user["password"]}
    token = SameProcess(command.folder, environment).run("auth", "token", "--user", "ann").stdout.strip()
    assert claims(token)["username"] == "ann"


@pytest.mark.parametrize("call", ["CreateUserPool", "CreateUserPoolClient"])
def test_a_lost_answer_leaves_one_of_each(command: CommandLine, moto: Moto, call: str) -> None:
    with AwsProxy({}, otherwise=moto.url) as proxy:
        proxy.interfere(named(f"cognito-idp:{call}"), times(1, reset_after))
        through = SameProcess(command.folder, {**command.environment, "AWS_ENDPOINT_URL": proxy.url})
        through.run("auth", "create-pool", code=1)
        through.run("auth", "create-pool")
    cognito = moto.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    assert len(cognito.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]) == 1


def test_a_program_gets_a_client_with_a_secret_and_a_scope(command: CommandLine, moto: Moto) -> None:
    made = command.json("auth", "create-pool", "--service")
    again = command.json("auth", "create-pool", "--service")

    assert made["service"] == again["service"]
    assert made["service"]["scope"] == "support_bot/invoke"
    assert authorizer(command)["clients"] == [made["client_id"], made["service"]["client_id"]]
    described = moto.client("cognito-idp").describe_user_pool_client(
        UserPoolId=made["pool_id"], ClientId=made["service"]["client_id"]
    )["UserPoolClient"]
    assert described["ClientSecret"] == made["service"]["client_secret"]


def test_a_pool_that_is_not_ours_is_neither_used_nor_deleted(command: CommandLine, moto: Moto) -> None:
    made = command.json("auth", "create-pool")
    cognito = moto.client("cognito-idp")
    cognito.update_user_pool(UserPoolId=made["pool_id"], UserPoolTags={"agentcore:project": "somebody-else"})

    for verb in (["create-pool"], ["delete-pool", "--yes"]):
        assert "is not ours: it belongs to project somebody-else" in command.run("auth", *verb, code=1).stderr
    assert cognito.describe_user_pool(UserPoolId=made["pool_id"])["UserPool"]["Id"] == made["pool_id"]


def test_delete_pool_asks_and_takes_it_out_of_the_config(command: CommandLine, moto: Moto) -> None:
    command.json("auth", "create-pool", "--user", "ann", "--service")

    assert "give --yes" in command.run("auth", "delete-pool", code=2).stderr
    command.run("auth", "delete-pool", "--yes")

    assert authorizer(command) is None
    assert moto.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"] == []
    assert "there is no user pool" in command.run("auth", "delete-pool", "--yes", code=4).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["create-pool", "--local"], 2, "the local runtime has none"),
        (["token"], 2, "who the token is for"),
        (["token", "--user", "ann", "--client-id", "x"], 2, "who the token is for"),
        (["token", "--user", "ann", "--password", "literal"], 2, "not on the command line"),
        (["token", "--user", "ann", "--password", "@/nowhere"], 2, "can't be read"),
        (["token", "--user", "ann"], 2, "there is no terminal"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_said_and_no_secret_with_it(
    command: CommandLine, arguments: list[str], code: int, message: str
) -> None:
    said = command.run("auth", *arguments, code=code)

    assert message in said.stderr
    assert "literal" not in said.stderr


def test_a_wrong_password_is_exit_3(command: CommandLine) -> None:
    command.json("auth", "create-pool", "--user", "ann")
    wrong = SameProcess(command.folder, {**command.environment, "AGENTCORE_PASSWORD": "wrong-Passw0rd!"})

    said = wrong.run("auth", "token", "--user", "ann", code=3)

    assert "wrong-Passw0rd!" not in said.stderr
