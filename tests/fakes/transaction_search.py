"""CloudWatch's Transaction Search, which moto has not: X-Ray's destination, and queries of Logs Insights.

Of the language of queries it knows what the product writes: `filter @message like "…"`, any number of them, newest
first, up to a limit. The lines are those that moto's log groups hold.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any, Final

from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward

_LIKE: Final = re.compile(r' \| filter @message like ("(?:[^"\\]|\\.)*")')
_QUERY: Final = re.compile(rf"fields @message(?:{_LIKE.pattern})* \| sort @timestamp desc \| limit (\d+)")


class TransactionSearch:
    """A handler for the proxy, for `logs` and `xray`. A query is running when it is looked at for the first time."""

    def __init__(self, logs: Any) -> None:
        self.destination, self.status = "XRay", "ACTIVE"
        self.queries: list[str] = []
        self._logs = logs
        self._results: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        asked: dict[str, Any] = json.loads(request.body or b"{}") if call.service in ("logs", "xray") else {}
        if call.operation == "GetTraceSegmentDestination":
            return self._answer(Destination=self.destination, Status=self.status)
        if call.operation == "UpdateTraceSegmentDestination":
            self.destination, self.status = asked["Destination"], "PENDING"
            return self._answer(Destination=self.destination, Status=self.status)
        if call.operation == "StartQuery":
            return self._start(asked)
        if call.operation == "GetQueryResults":
            return self._give(asked["queryId"])
        return forward(request)

    def _start(self, asked: dict[str, Any]) -> Answer:
        told = _QUERY.fullmatch(asked["queryString"])
        assert told, f"not a query that this knows: {asked['queryString']}"
        phrases = [json.loads(each) for each in _LIKE.findall(asked["queryString"])]
        lines: list[tuple[int, str]] = []
        for group in asked["logGroupNames"]:
            window = {"startTime": asked["startTime"] * 1000, "endTime": asked["endTime"] * 1000}
            for event in self._logs.filter_log_events(logGroupName=group, **window)["events"]:
                if all(phrase in event["message"] for phrase in phrases):
                    lines.append((event["timestamp"], event["message"]))
        query = str(uuid.uuid4())
        self.queries.append(asked["queryString"])
        self._results[query] = [line for _, line in sorted(lines, reverse=True)][: int(told[2])]
        return self._answer(queryId=query)

    def _give(self, query: str) -> Answer:
        if query not in self._seen:
            self._seen.add(query)
            return self._answer(status="Running", results=[])
        rows = [
            [{"field": "@message", "value": line}, {"field": "@ptr", "value": "x"}] for line in self._results[query]
        ]
        return self._answer(status="Complete", results=rows)

    def _answer(self, **members: Any) -> Answer:
        return Answer(200, json.dumps(members).encode(), {"Content-Type": "application/x-amz-json-1.1"})
