"""Tags of what AgentCore's control plane knows by its ARN, whatever it is (`bedrock-agentcore-control`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from agentcore_cli.aws.session import AwsSession

_SERVICE: Final = "bedrock-agentcore-control"


class Tagging:
    """A door's part. Every method raises AgentcoreError as `aws.errors` has it."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def tags(self, arn: str) -> dict[str, str]:
        tags: dict[str, str] = self._session.call(_SERVICE, "list_tags_for_resource", resourceArn=arn)["tags"]
        return tags

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._session.call(_SERVICE, "tag_resource", resourceArn=arn, tags=dict(tags))

    def untag(self, arn: str, keys: Collection[str]) -> None:
        self._session.call(_SERVICE, "untag_resource", resourceArn=arn, tagKeys=sorted(keys))
