"""From each builder to each other one: an update that the plan shows, with nothing taken away that a version needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, permutations
from typing import Any

import pytest

from agentcore_cli.operations.deploy.endpoints import EndpointRequest, create_endpoint
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from agentcore_cli.resources.iam.policy_document import missing
from tests.fakes.aws_answers import access_denied
from tests.fakes.aws_faults import instead
from tests.functional.operations.aws_target.every_builder import (
    BUILDERS,
    NOTHING,
    EveryBuilder,
)

PAIRS = list(permutations(BUILDERS, 2))
EACH_PAIR_ONCE = [BUILDERS[number] for number in (0, 1, 2, 3, 0, 2, 0, 3, 2, 1, 3, 1, 0)]
SHORT = ["oci", "zip", "oci"]
PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def test_the_walk_takes_every_change() -> None:
    assert sorted(pairwise(EACH_PAIR_ONCE)) == sorted(PAIRS)


@pytest.mark.timeout(300)
@pytest.mark.long
@pytest.mark.parametrize("walk", [SHORT, EACH_PAIR_ONCE], ids=len)
def test_every_change_is_an_update_that_goes_back(yard: EveryBuilder, walk: Sequence[str]) -> None:
    """After each change to and fro: by a deploy, by a rollback to the version before, and by one to the new one."""
    artifacts: dict[str, Any] = {}
    versions: list[dict[str, Any]] = []
    for before, builder in pairwise(["", *walk]):
        is_new = builder not in artifacts
        yard.take(builder)
        shown = {change.key: change for change in yard.project.plan().changes}
        if before:
            assert str(shown["runtime"].action) == "update"
            assert any(field.field.startswith("artifact.") for field in shown["runtime"].fields), (before, builder)
            part = shown["code" if builder == "zip" else "image"]
            assert not is_new or str(part.action) in ("create", "update"), (before, builder, part)
        yard.project.deploy(smoke=False)
        versions.append(yard.artifact())
        assert versions[-1] not in [held for name, held in artifacts.items() if name != builder]
        assert artifacts.setdefault(builder, versions[-1]) == versions[-1], "what is there is not built anew"
        assert len(yard.cloud.codebuild.started) == ("codebuild" in artifacts)
        assert [held for held in versions if not yard.has(held)] == []
        if not before:
            create_endpoint(EndpointRequest("prod", "1"), yard.project.selected, yard.project.heard)
            continue
        newest = len(versions)
        for to, of in ((newest - 1, before), (newest, builder)):
            rollback(RollbackRequest(to=str(to)), yard.project.selected, yard.project.heard)
            versions.append(yard.artifact())
            assert versions[-1] == artifacts[of]
            assert is_pullable(yard, versions[-1])
    assert yard.project.deploy(smoke=False).version == str(len(versions))
    yard.project.destroy()
    assert yard.left() == NOTHING


@pytest.mark.long
@pytest.mark.parametrize("builder", ["docker", "oci"])
def test_without_records_a_destroy_finds_what_other_builders_made(yard: EveryBuilder, builder: str) -> None:
    for earlier in ("codebuild", "zip", builder):
        yard.take(earlier)
        yard.project.deploy()
    yard.project.state.unlink()
    yard.project.destroy()
    assert yard.left() == NOTHING


@pytest.mark.long
def test_who_may_look_for_nothing_of_other_builders_destroys_without_records(yard: EveryBuilder) -> None:
    yard.take("oci")
    yard.project.deploy()
    yard.project.state.unlink()
    yard.cloud.proxy.begin_anew()
    foreign = re.compile("s3|codebuild|logs.*codebuild|iam.*AgentCoreBuild")
    yard.cloud.proxy.interfere(
        lambda call: bool(foreign.match(f"{call.service} {call.resource}")), instead(access_denied)
    )
    yard.project.destroy()
    assert {"s3", "codebuild"} <= {call.service for call in yard.cloud.proxy.calls}
    assert yard.left() == NOTHING


def is_pullable(yard: EveryBuilder, artifact: dict[str, Any]) -> bool:
    """Whether the agent's role may pull it, if it is an image."""
    if "codeConfiguration" in artifact:
        return True
    iam = yard.cloud.moto.client("iam")
    role = yard.cloud.the_runtime()["roleArn"].rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=role, PolicyName="AgentCore")["PolicyDocument"]
    host, _, name = artifact["containerConfiguration"]["containerUri"].partition("@")[0].partition("/")
    account, _, _, region, *_ = host.split(".")
    arn = f"arn:aws:ecr:{region}:{account}:repository/{name.partition(':')[0]}"
    wanted = {"Statement": {"Effect": "Allow", "Action": list(PULL), "Resource": arn}}
    return missing(wanted, [policy]) == []
