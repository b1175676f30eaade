from __future__ import annotations

import hashlib
import re

import pytest

from agentcore_cli import names
from agentcore_cli.errors import InputError

ARN = "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/bot-0123456789"
MEMORY_SESSION_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-_]*")  # botocore, bedrock-agentcore SessionId


@pytest.mark.parametrize("name", ["conv1", "a", "x" * 32, "-leading", "_x", "straße", "naïve name", "会話", "a/b:c"])
def test_a_short_name_becomes_an_id_that_runtime_and_memory_accept(name: str) -> None:
    made = names.session_id(name, ARN, "DEFAULT")
    assert 33 <= len(made) <= 74
    assert MEMORY_SESSION_ID.fullmatch(made)


def test_the_id_depends_on_name_runtime_and_endpoint_and_on_nothing_else() -> None:
    made = names.session_id("conv1", ARN, "DEFAULT")
    assert made == "conv1-" + hashlib.sha256(f"{ARN}\nDEFAULT\nconv1".encode()).hexdigest()[:40]
    assert names.session_id("conv1", ARN, "DEFAULT") == made
    assert names.session_id("conv2", ARN, "DEFAULT") != made
    assert names.session_id("conv1", ARN + "x", "DEFAULT") != made
    assert names.session_id("conv1", ARN, "prod") != made


def test_names_that_look_alike_after_replacement_stay_apart() -> None:
    assert names.session_id("a b", ARN, "DEFAULT") != names.session_id("a-b", ARN, "DEFAULT")


@pytest.mark.parametrize("length", [33, 36, 256])
def test_33_to_256_characters_go_through_unchanged(length: int) -> None:
    assert names.session_id("x" * length, ARN, "DEFAULT") == "x" * length


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "empty"), ("x" * 257, "257"), ("x" * 300, "300"), ("a\nb", "control"), ("a\x1b[31m", "control")],
)
def test_other_names_are_refused_with_the_rule(name: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        names.session_id(name, ARN, "DEFAULT")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["handler", "my-agent", "1st", "", "näme", "a" * 80, "dir/agent.py"])
def test_an_agent_name_can_be_made_from_anything(text: str) -> None:
    assert names.check_agent_name(names.agent_name_from(text))


@pytest.mark.parametrize("name", ["1bot", "my-bot", "", "a" * 49, "bot bot"])
def test_a_bad_agent_name_is_refused_with_one_that_fits(name: str) -> None:
    with pytest.raises(InputError, match="48 characters") as caught:
        names.check_agent_name(name)
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("agent", "target", "is_default", "name"),
    [
        ("bot", "aws", True, "bot"),
        ("bot", "staging", False, "bot_staging"),
        ("bot", "eu-prod", False, "bot_eu_prod"),
        ("b" * 48, "aws", True, "b" * 48),
    ],
)
def test_a_runtime_is_called_like_its_agent_and_elsewhere_like_its_target_too(
    agent: str, target: str, is_default: bool, name: str
) -> None:
    assert names.runtime_name(agent, target, is_default=is_default) == name


def test_long_runtime_names_are_cut_and_stay_apart() -> None:
    agent = "a" * 45
    first, second = (names.runtime_name(agent, target, is_default=False) for target in ("one", "two"))
    assert first != second
    assert names.check_agent_name(first)
    assert len(first) == 48


LOOK_ALIKES = ("bot", "Bot", "bot_", "my__bot", "my_bot", "a" * 47, "a" * 48)


def test_a_repository_has_a_name_that_ecr_takes_and_no_two_agents_share_one() -> None:
    found = [names.repository_name(agent, "p-1", "aws") for agent in LOOK_ALIKES]
    # CreateRepository's repositoryName (ECR API reference)
    assert all(re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", name) for name in found)
    assert len(set(found)) == len(found)


def test_a_role_has_a_name_that_iam_takes_and_no_two_agents_or_regions_share_one() -> None:
    found = [names.role_name(agent, "p-1", "aws", region) for agent in LOOK_ALIKES for region in ("eu-west-1", "x")]
    # CreateRole's RoleName (IAM API reference), where case does not count
    assert all(re.fullmatch(r"[\w+=,.@-]{1,64}", name) for name in found)
    assert len({name.lower() for name in found}) == len(found)
    assert all(name.startswith("AmazonBedrockAgentCore") for name in found)
