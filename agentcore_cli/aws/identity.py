"""Whose credentials these are (AWS STS)."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli.aws.service import AwsService


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """`account` has 12 digits; `arn` is a user's, a role session's or the root's."""

    account: str
    arn: str


class Identity(AwsService):
    service = "sts"

    def caller(self) -> CallerIdentity:
        """GetCallerIdentity, which every credential may call. Raises CredentialsError for one that is not valid."""
        answer = self._call("get_caller_identity")
        return CallerIdentity(answer["Account"], answer["Arn"])
