"""CloudWatch Logs: the events of a log group, oldest first (`logs` FilterLogEvents)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.service import AwsService

_QUOTES: Final = '"\\'


@dataclass(frozen=True, slots=True)
class LogEvent:
    """`at` is in milliseconds since 1970; `id` is the event's own, the same whenever it is read."""

    id: str
    at: int
    message: str


class LogEvents(AwsService):
    service = "logs"

    def read(
        self,
        group: str,
        start: int,
        end: int | None = None,
        *,
        phrase: str | None = None,
        stream: str | None = None,
    ) -> Iterator[LogEvent]:
        """The events from `start` to `end` (milliseconds since 1970), with `phrase` only those that hold it, with
        `stream` those of one stream.

        Raises NotFoundError when there is no such group. A stand-in for AWS may not know phrases: look again.
        """
        asked: dict[str, Any] = {"logGroupName": group, "startTime": max(0, start)}
        if end is not None:
            asked["endTime"] = end
        if phrase is not None and not any(quote in phrase for quote in _QUOTES):
            asked["filterPattern"] = f'"{phrase}"'
        if stream is not None:
            asked["logStreamNames"] = [stream]
        while True:
            page = self._call("filter_log_events", **asked)
            for event in page.get("events", ()):
                yield LogEvent(event["eventId"], event["timestamp"], event["message"].rstrip("\n"))
            if not page.get("nextToken"):
                return
            asked["nextToken"] = page["nextToken"]
