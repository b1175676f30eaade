from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.destination import by_arn
from agentcore_cli.operations.selection import Options

ARN = "arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/bot-AbCdEf0123"
LOCAL = "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/bot-AbCdEf0123"


@pytest.mark.parametrize(
    ("arn", "endpoint", "found"),
    [
        (ARN, None, (ARN, "DEFAULT")),
        (ARN, "prod", (ARN, "prod")),
        (f"{ARN}/runtime-endpoint/prod", None, (ARN, "prod")),
        (f"{ARN}/runtime-endpoint/prod", "prod", (ARN, "prod")),
        (ARN.replace("arn:aws:", "arn:aws-us-gov:"), None, (ARN.replace("arn:aws:", "arn:aws-us-gov:"), "DEFAULT")),
    ],
)
def test_an_arn_says_where(arn: str, endpoint: str | None, found: tuple[str, str]) -> None:
    there = by_arn(arn, endpoint, Options(profile="p"), {})
    assert (there.arn, there.endpoint) == found
    assert (there.region, there.runtime_id, there.is_local) == ("eu-central-1", "bot-AbCdEf0123", False)
    assert there.target.profile == "p"
    assert there.command("invoke").startswith(f"agentcore invoke --arn {there.arn} --profile p")


@pytest.mark.parametrize(
    ("arn", "options", "environ", "is_local"),
    [
        (LOCAL, Options(), {}, True),
        (LOCAL, Options(), {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "http://127.0.0.1:1"}, False),
        (ARN, Options(target="local"), {}, True),
        (ARN, Options(), {}, False),
    ],
)
def test_the_local_runtimes_are_known_by_their_account(
    arn: str, options: Options, environ: dict[str, str], is_local: bool
) -> None:
    assert by_arn(arn, None, options, environ).is_local is is_local


@pytest.mark.parametrize(
    ("arn", "endpoint", "options", "says"),
    [
        ("nonsense", None, Options(), "not the ARN of a runtime"),
        (ARN.replace("runtime/", "memory/"), None, Options(), "not the ARN of a runtime"),
        (ARN, None, Options(agent="a"), "--agent"),
        (ARN, None, Options(config=Path("c")), "--config"),
        (ARN, None, Options(target="aws"), "--target"),
        (ARN, None, Options(region="us-east-1"), "the ARN is of eu-central-1"),
        (f"{ARN}/runtime-endpoint/prod", "dev", Options(), "the ARN is of the endpoint prod"),
    ],
)
def test_what_contradicts_it_is_refused(arn: str, endpoint: str | None, options: Options, says: str) -> None:
    with pytest.raises(InputError, match=says):
        by_arn(arn, endpoint, options, {})
