"""Where X-Ray sends the spans of an account in a region (`xray`): CloudWatch's Transaction Search begins with it.

Source: observability-configure, "Enabling AgentCore observability".
"""

from __future__ import annotations

from typing import Final

from agentcore_cli.aws.service import AwsService

CLOUDWATCH: Final = "CloudWatchLogs"


class TraceDestination(AwsService):
    service = "xray"

    def get(self) -> tuple[str, bool]:
        """Where they go, and whether they do so by now."""
        told = self._call("get_trace_segment_destination")
        return told.get("Destination", "XRay"), told.get("Status") == "ACTIVE"

    def set_to_logs(self) -> None:
        """UpdateTraceSegmentDestination: for the whole account in this region."""
        self._call("update_trace_segment_destination", Destination=CLOUDWATCH)
