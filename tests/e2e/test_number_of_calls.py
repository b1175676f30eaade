"""How often AWS is asked: a first deploy, one with nothing changed, one that is told not to look."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.laboratory import Laboratory, laboratory
from tests.stage.account import Account

UNCHANGED = {
    "bedrock-agentcore:GetAgentRuntime",
    "bedrock-agentcore:GetAgentRuntimeEndpoint",
    "bedrock-agentcore:ListTagsForResource",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:ListTagsForResource",
    "iam:GetRole",
    "iam:GetRolePolicy",
}
LOG_GROUP = {
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
}  # where the config wants one: the tags of every group of the agent's name


def test_the_number_of_calls(aws: Account, tmp_path: Path) -> None:
    with laboratory(aws, tmp_path / "project") as lab:
        first = [call.name for call in lab.calls_of(*lab.deploying)]
        assert len([name for name in first if not name.startswith("logs:") and "Image" not in name]) <= 17
        unchanged = names_of(lab, "deploy")
        looked_twice = "ecr:DescribeImages"  # for the image, and for how many there are
        assert sorted(name for name in unchanged if name not in LOG_GROUP) == sorted([*UNCHANGED, looked_twice])
        assert set(unchanged) == UNCHANGED | LOG_GROUP
        assert len(names_of(lab, "deploy", "--no-refresh")) <= 2
        lab.destroy()


def names_of(lab: Laboratory, *arguments: str) -> list[str]:
    lab.account.proxy.begin_anew()
    lab.command.run(*arguments)
    return lab.account.proxy.names
