"""What the clients in this room have in common: the calls of one service, through a target's session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from agentcore_cli.aws.session import AwsSession
from agentcore_cli.errors import NotFoundError


class AwsService:
    """Every method of a client raises AgentcoreError as `aws.errors` has it; absence is None where the type says so."""

    service: ClassVar[str]  # as boto3 names it

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._session.call(self.service, operation, **parameters)

    def _if_there(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """The answer; None where what is asked for, or deleted, is not there."""
        try:
            return self._call(operation, **parameters)
        except NotFoundError:
            return None

    def _pages(self, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        return self._session.pages(self.service, operation, key, **parameters)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As most services want tags."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
