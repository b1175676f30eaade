"""CloudWatch's Transaction Search: who may write spans to CloudWatch Logs, and queries over them (`logs`).

Source: observability-configure, "Enabling AgentCore observability", and CloudWatch's page on Transaction Search.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from agentcore_cli.aws.service import AwsService
from agentcore_cli.errors import StillInProgressError
from agentcore_cli.waiting import Waiter

LINES_MAX: Final = 10_000  # that a query gives at most
QUERY_SECONDS: Final = 60.0
_PAUSE: Final = 0.3
_LONGEST_PAUSE: Final = 2.0
_ENDED: Final = ("Complete", "Failed", "Cancelled", "Timeout")


class TraceSearch(AwsService):
    service = "logs"

    def policies(self) -> dict[str, str]:
        """The account's resource policies of CloudWatch Logs, by their names."""
        pages = self._pages("describe_resource_policies", "resourcePolicies")
        return {policy["policyName"]: policy.get("policyDocument", "") for policy in pages}

    def put_policy(self, name: str, document: Mapping[str, Any]) -> None:
        self._call("put_resource_policy", policyName=name, policyDocument=json.dumps(document))

    def messages(self, groups: Collection[str], start: float, end: float, phrases: Collection[str]) -> list[str]:
        """The newest lines of these groups that hold all `phrases`, the newest first; times in seconds since 1970.

        Raises NotFoundError when there is no such group, StillInProgressError (7) for a query that takes too long.
        """
        likes = "".join(f" | filter @message like {json.dumps(phrase)}" for phrase in phrases)
        begun = self._call(
            "start_query",
            logGroupNames=list(groups),
            startTime=int(start),
            endTime=int(end) + 1,
            queryString=f"fields @message{likes} | sort @timestamp desc | limit {LINES_MAX}",
            limit=LINES_MAX,
        )
        waiter = Waiter(_PAUSE, _LONGEST_PAUSE)
        while True:
            told = self._call("get_query_results", queryId=begun["queryId"])
            if told["status"] in _ENDED:
                return [each["value"] for row in told["results"] for each in row if each["field"] == "@message"]
            if waiter.is_over(QUERY_SECONDS):
                raise StillInProgressError(
                    f"CloudWatch Logs Insights: no answer within {QUERY_SECONDS:.0f} s", hint="give a shorter --since"
                )
            waiter.pause()
