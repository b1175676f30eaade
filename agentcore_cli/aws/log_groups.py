"""CloudWatch log groups: how long they keep their lines, their tags, and their end (`logs`).

CreateLogGroup knows no client token: repeated after a lost answer it says that the group exists, a ConflictError here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from agentcore_cli.aws.service import AwsService


@dataclass(frozen=True, slots=True)
class LogGroupDescription:
    """`retention` is in days, None for ever; `created_at` is in milliseconds since 1970."""

    name: str
    arn: str
    retention: int | None
    created_at: int


class LogGroups(AwsService):
    service = "logs"

    def all(self, prefix: str) -> list[LogGroupDescription]:
        """Those whose names begin so."""
        return [_read(group) for group in self._pages("describe_log_groups", "logGroups", logGroupNamePrefix=prefix)]

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Raises ConflictError when there is one of this name."""
        self._call("create_log_group", logGroupName=name, tags=dict(tags))

    def delete(self, name: str) -> None:
        """DeleteLogGroup with all its lines; gone already is as good."""
        self._if_there("delete_log_group", logGroupName=name)

    def set_retention(self, name: str, days: int) -> None:
        self._call("put_retention_policy", logGroupName=name, retentionInDays=days)

    def tags(self, arn: str) -> dict[str, str]:
        answer = self._if_there("list_tags_for_resource", resourceArn=arn)
        return dict(answer["tags"]) if answer else {}

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._call("tag_resource", resourceArn=arn, tags=dict(tags))

    def untag(self, arn: str, keys: Collection[str]) -> None:
        self._call("untag_resource", resourceArn=arn, tagKeys=sorted(keys))


def _read(group: Mapping[str, Any]) -> LogGroupDescription:
    """Tag operations want the ARN without the `:*` that most other places have (CloudWatch Logs API reference)."""
    return LogGroupDescription(
        name=group["logGroupName"],
        arn=group["arn"].removesuffix(":*"),
        retention=group.get("retentionInDays"),
        created_at=group.get("creationTime", 0),
    )
