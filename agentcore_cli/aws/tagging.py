"""Tags of what AgentCore's control plane knows by its ARN, whatever it is (`bedrock-agentcore-control`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from agentcore_cli.aws.service import AwsService


class Tagging(AwsService):
    """A client's part."""

    service = "bedrock-agentcore-control"

    def tags(self, arn: str) -> dict[str, str]:
        tags: dict[str, str] = self._call("list_tags_for_resource", resourceArn=arn)["tags"]
        return tags

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._call("tag_resource", resourceArn=arn, tags=dict(tags))

    def untag(self, arn: str, keys: Collection[str]) -> None:
        self._call("untag_resource", resourceArn=arn, tagKeys=sorted(keys))
