"""The least that an execution role needs, for each thing that the config says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import EcrRepository
from agentcore_cli.errors import InputError
from agentcore_cli.resources.iam.execution_policy import Grant, policy, trust

ACCOUNT, REGION = "123456789012", "us-west-2"
MEMORY = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:memory/notes-AbCdEf0123"
AGENT = AgentConfig(entrypoint="main.py", models=("amazon.nova-lite-v1:0",))
REPOSITORY = EcrRepository(ACCOUNT, REGION, "team/bot")
BEDROCK = f"arn:aws:bedrock:{REGION}:{ACCOUNT}"


def statements(
    repository: EcrRepository | None = REPOSITORY, file: Path | None = None, memory: str | None = None, **settings: Any
) -> Any:
    document = policy(Grant(replace(AGENT, **settings), "bot", ACCOUNT, REGION, repository, file, memory=memory))
    assert document["Version"] == "2012-10-17"
    return {statement["Sid"]: statement for statement in document["Statement"]}


PLAIN = {
    "ReadImage",
    "SignInToRegistry",
    "MakeLogGroups",
    "FindLogGroups",
    "WriteLogs",
    "SendTraces",
    "SendMetrics",
    "InvokeModels",
}


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        pytest.param({}, set(), id="plain"),
        pytest.param({"otel": True}, {"SendSpansToLogs"}, id="otel"),
        pytest.param({"memory": MEMORY}, {"UseMemory"}, id="memory"),
        pytest.param(
            {"services": ("identity",)},
            {"GetWorkloadTokens", "GetCredentials", "ReadCredentialSecrets"},
            id="identity",
        ),
        pytest.param({"services": ("code_interpreter",)}, {"UseCodeInterpreter"}, id="code-interpreter"),
        pytest.param({"services": ("browser",)}, {"UseBrowser"}, id="browser"),
        pytest.param({"models": ("us.amazon.nova-lite-v1:0",)}, {"InvokeModelsBehindProfiles"}, id="profile"),
    ],
)
def test_a_role_gets_what_its_agent_uses_and_no_more(settings: Any, more: set[str]) -> None:
    assert statements(**settings).keys() == PLAIN | more


def test_an_agent_without_an_image_of_ecr_may_pull_none() -> None:
    assert statements(None).keys() == PLAIN - {"ReadImage", "SignInToRegistry"}


def test_everything_that_can_be_scoped_is_scoped_to_this_agent() -> None:
    found = statements(memory=MEMORY, services=("identity", "browser", "code_interpreter"), otel=True)
    unscoped = {sid for sid, statement in found.items() if statement["Resource"] == "*"}
    assert unscoped == {"SignInToRegistry", "SendTraces", "SendMetrics"}
    assert found["ReadImage"]["Resource"] == REPOSITORY.arn
    groups = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/bedrock-agentcore/runtimes/bot-*"
    assert found["MakeLogGroups"]["Resource"] == groups
    assert found["WriteLogs"]["Resource"] == f"{groups}:log-stream:*"
    assert found["SendMetrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "bedrock-agentcore"}}


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1-2-3"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
PARAMETERS = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"


@pytest.mark.parametrize(
    ("source", "sid", "resource"),
    [
        ("secretsmanager:prod/db", "ReadSecrets", f"{SECRETS}:prod/db-??????"),
        ("secretsmanager:prod/db#password", "ReadSecrets", f"{SECRETS}:prod/db-??????"),
        (f"secretsmanager:{SECRETS}:prod/db-AbCdEf#password", "ReadSecrets", f"{SECRETS}:prod/db-AbCdEf"),
        (f"secretsmanager:{SECRETS}:prod/db", "ReadSecrets", f"{SECRETS}:prod/db-??????"),
        ("ssm:/team/x", "ReadParameters", f"{PARAMETERS}/team/x"),
        ("ssm:x", "ReadParameters", f"{PARAMETERS}/x"),
    ],
)
def test_a_role_may_read_the_agent_s_secrets_and_no_others(source: str, sid: str, resource: str) -> None:
    found = statements(secrets={"A": source, "B": source, "C": "env"})
    assert found.keys() == PLAIN | {sid}
    assert found[sid]["Resource"] == [resource]


def test_a_key_opens_secrets_through_their_services_alone() -> None:
    assert statements(secrets_keys=(KEY,)).keys() == PLAIN, "no secrets, no key"
    found = statements(secrets={"A": "secretsmanager:a", "B": "ssm:/b"}, secrets_keys=(KEY,))["DecryptSecrets"]
    assert (found["Action"], found["Resource"]) == ("kms:Decrypt", [KEY])
    through = [f"{service}.{REGION}.amazonaws.com" for service in ("secretsmanager", "ssm")]
    assert found["Condition"] == {"StringEquals": {"kms:ViaService": through}}
    only = statements(secrets={"B": "ssm:/b"}, secrets_keys=(KEY,))["DecryptSecrets"]
    assert only["Condition"] == {"StringEquals": {"kms:ViaService": through[1:]}}


def test_a_memory_is_that_one_and_no_other() -> None:
    assert statements(memory=MEMORY)["UseMemory"]["Resource"] == MEMORY


PROVISIONED = f"{BEDROCK}:provisioned-model/abcdef012345"
APPLICATION = f"{BEDROCK}:application-inference-profile/abcdef012345"
MODELS: list[Any] = [
    pytest.param((), ["arn:aws:bedrock:*::foundation-model/*", f"{BEDROCK}:inference-profile/*",
                      f"{BEDROCK}:application-inference-profile/*"], None, id="none-named"),
    pytest.param(("anthropic.claude-x-v1:0",), [f"arn:aws:bedrock:{REGION}::foundation-model/anthropic.claude-x-v1:0"],
                 None, id="model"),
    pytest.param(("zai.glm-4.6",), [f"arn:aws:bedrock:{REGION}::foundation-model/zai.glm-4.6"], None, id="dotted"),
    pytest.param(("us.anthropic.claude-x-v1:0",), [f"{BEDROCK}:inference-profile/us.anthropic.claude-x-v1:0"],
                 (["arn:aws:bedrock:*::foundation-model/anthropic.claude-x-v1:0"],
                  [f"{BEDROCK}:inference-profile/us.anthropic.claude-x-v1:0"]), id="profile"),
    pytest.param(("global.anthropic.claude-x-v1:0",), [f"{BEDROCK}:inference-profile/global.anthropic.claude-x-v1:0"],
                 (["arn:aws:bedrock:*::foundation-model/anthropic.claude-x-v1:0"],
                  [f"{BEDROCK}:inference-profile/global.anthropic.claude-x-v1:0"]), id="global-profile"),
    pytest.param((f"{BEDROCK}:inference-profile/eu.amazon.nova-v1:0",),
                 [f"{BEDROCK}:inference-profile/eu.amazon.nova-v1:0"],
                 (["arn:aws:bedrock:*::foundation-model/amazon.nova-v1:0"],
                  [f"{BEDROCK}:inference-profile/eu.amazon.nova-v1:0"]), id="profile-arn"),
    pytest.param((APPLICATION,), [APPLICATION], (["arn:aws:bedrock:*::foundation-model/*"], [APPLICATION]),
                 id="application-profile"),
    pytest.param((PROVISIONED,), [PROVISIONED], None, id="another-arn"),
]  # fmt: skip


@pytest.mark.parametrize(("models", "called", "behind"), MODELS)
def test_models_become_arns_and_a_profile_leads_to_its_models_only(models: Any, called: Any, behind: Any) -> None:
    found = statements(models=models)
    assert found["InvokeModels"]["Resource"] == called
    routed = found.get("InvokeModelsBehindProfiles")
    if behind is None:
        assert routed is None
    else:
        assert routed["Resource"] == behind[0]
        assert routed["Condition"] == {"StringLike": {"bedrock:InferenceProfileArn": behind[1]}}


@pytest.mark.parametrize(
    ("region", "partition"), [("us-west-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_every_arn_and_principal_is_of_the_partition(region: str, partition: str) -> None:
    agent = replace(
        AGENT,
        models=("us.amazon.nova-v1:0", "amazon.nova-v1:0"),
        services=("identity", "browser", "code_interpreter"),
        otel=True,
    )
    grant = Grant(agent, "bot", ACCOUNT, region, EcrRepository(ACCOUNT, region, "bot"))
    text = json.dumps([policy(grant), trust(grant)])
    assert set(re.findall(r"arn:([a-z-]+):", text)) == {partition}
    assert '"Service": "bedrock-agentcore.amazonaws.com"' in text


def test_only_agentcore_for_this_account_and_region_may_assume_it() -> None:
    (statement,) = trust(Grant(AGENT, "bot", ACCOUNT, REGION))["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:*"},
    }


OWN = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}


@pytest.mark.parametrize(
    "given", [OWN, [OWN], {"Version": "2012-10-17", "Statement": OWN}, {"Statement": [OWN]}], ids=str
)
def test_statements_of_the_projects_own_are_added(tmp_path: Path, given: Any) -> None:
    file = tmp_path / "role-policy.json"
    file.write_text(json.dumps(given))
    assert statements(file=file)["RolePolicy1"] == {"Sid": "RolePolicy1", **OWN}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "can't be read"),
        ('"x"', "number 1 is not a statement"),
        ("[1]", "number 1 is not a statement"),
        (json.dumps([OWN, {"Effect": "Allow"}]), "number 2 is not a statement"),
        (json.dumps(OWN | {"Effect": "allow"}), "number 1 is not a statement"),
        (json.dumps(OWN | {"Principal": "*"}), "number 1 is not a statement"),
        (json.dumps(OWN | {"Sid": "not a sid"}), "number 1 is not a statement"),
        (json.dumps(OWN | {"Sid": "WriteLogs"}), "the Sid WriteLogs is taken"),
        (json.dumps([OWN | {"Sid": "A"}, OWN | {"Sid": "A"}]), "the Sid A is taken"),
    ],
)
def test_what_is_no_policy_is_refused_with_an_example(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "role-policy.json"
    file.write_text(text)
    with pytest.raises(InputError, match=f"role_policy: role-policy.json: .*{says}") as caught:
        statements(file=file)
    assert caught.value.hint


def test_a_policy_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"role_policy: gone\.json: can't be read"):
        statements(file=tmp_path / "gone.json")


def test_images_of_another_repository_can_be_read_too() -> None:
    earlier = EcrRepository(ACCOUNT, REGION, "before/bot")
    document = policy(Grant(AGENT, "bot", ACCOUNT, REGION, REPOSITORY, earlier_repository=earlier))
    (statement,) = (item for item in document["Statement"] if item["Sid"] == "ReadImage")
    assert statement["Resource"] == [REPOSITORY.arn, earlier.arn]
