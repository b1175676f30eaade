"""What an agent in a session has in its hands to attack the local runtime with, and how it is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local_runtime import ONE_ATTEMPT, REGION, RunningServer, new_session


class Inside:
    """What an agent in one session has: its variables, and boto3 on them."""

    def __init__(self, server: RunningServer, arn: str) -> None:
        self.arn = arn
        self.session = new_session()
        self.seen: dict[str, str] = server.invoke(arn, b'{"do": "environment"}', self.session).json()
        self.url = self.seen["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"]
        self.path = urlsplit(self.url).path
        keys = self.seen["AWS_ACCESS_KEY_ID"], self.seen["AWS_SECRET_ACCESS_KEY"]
        boto = boto3.Session(*keys, region_name=REGION)
        self.data = boto.client("bedrock-agentcore", endpoint_url=self.url, config=ONE_ATTEMPT)
        control = self.seen["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL"]
        self.control = boto.client("bedrock-agentcore-control", endpoint_url=control, config=ONE_ATTEMPT)

    @property
    def token(self) -> str:
        return self.path.rpartition("/")[2]

    def close(self) -> None:
        self.data.close()
        self.control.close()


def refused_call(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    return str(error["Message"])
