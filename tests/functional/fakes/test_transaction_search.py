"""The stand-in for Transaction Search, by plain boto3."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.transaction_search import TransactionSearch
from tests.stand_ins import Moto, boto3_client


def test_it_gives_the_lines_that_hold_all_phrases_newest_first(tmp_path: Path) -> None:
    moto = Moto(tmp_path / "log")
    try:
        logs = moto.client("logs")
        logs.create_log_group(logGroupName="a")
        logs.create_log_stream(logGroupName="a", logStreamName="s")
        now = int(time.time() * 1000)
        lines = [(f"{number} of {kind}", now - 9000 + number) for number, kind in enumerate(("x", "y", "x", "x"))]
        logs.put_log_events(
            logGroupName="a", logStreamName="s", logEvents=[{"message": m, "timestamp": at} for m, at in lines]
        )
        search = TransactionSearch(logs)
        with AwsProxy({}, otherwise=moto.url, bridges={"logs": search, "xray": search}) as proxy:
            client, xray = boto3_client("logs", proxy.url), boto3_client("xray", proxy.url)
            query = 'fields @message | filter @message like "of x" | sort @timestamp desc | limit 2'
            window = {"startTime": now // 1000 - 60, "endTime": now // 1000 + 1}
            begun = client.start_query(logGroupNames=["a"], queryString=query, **window)["queryId"]
            assert client.get_query_results(queryId=begun)["status"] == "Running"
            told = client.get_query_results(queryId=begun)
            assert [row[0]["value"] for row in told["results"]] == ["3 of x", "2 of x"]
            assert xray.get_trace_segment_destination()["Destination"] == "XRay"
            xray.update_trace_segment_destination(Destination="CloudWatchLogs")
            assert xray.get_trace_segment_destination()["Destination"] == "CloudWatchLogs"
            client.close()
            xray.close()
    finally:
        moto.close()
