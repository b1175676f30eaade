from __future__ import annotations

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.invoke.headers import custom_headers

CUSTOM = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-"
ALLOWED = [f"{CUSTOM}Tenant", "X-Plain", "Authorization"]


@pytest.mark.parametrize(
    ("pair", "sent"),
    [
        ("Tenant:acme", {f"{CUSTOM}Tenant": "acme"}),
        ("tenant: a, b:c ", {f"{CUSTOM}tenant": "a, b:c"}),
        (f"{CUSTOM}Tenant:x", {f"{CUSTOM}Tenant": "x"}),
        ("X-Plain:1", {"X-Plain": "1"}),
        ("Tenant:", {f"{CUSTOM}Tenant": ""}),
        ("traceparent:00-ab-cd-01", {"traceparent": "00-ab-cd-01"}),
        ("Mcp-Protocol-Version:2025-06-18", {"Mcp-Protocol-Version": "2025-06-18"}),
        ("baggage:a=1,b=2", {"baggage": "a=1,b=2"}),
    ],
)
def test_a_header_is_sent_under_the_name_that_the_agent_gets(pair: str, sent: dict[str, str]) -> None:
    assert custom_headers([pair], ALLOWED) == sent


def test_without_a_config_the_prefix_is_added_to_what_is_no_x_header() -> None:
    assert custom_headers(["Tenant:a", "X-Other:b"], None) == {f"{CUSTOM}Tenant": "a", "X-Other": "b"}


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (["nonsense"], "NAME:VALUE"),
        (["a b:c"], "NAME:VALUE"),
        ([":c"], "NAME:VALUE"),
        (["1a:c"], "NAME:VALUE"),
        (["Tenant:a\nb"], "printable ASCII"),
        (["Tenant:é"], "printable ASCII"),
        (["Region:x"], "not in the agent's header_allowlist"),
        (["Tenant:a", "tenant:b"], "given twice"),
        (["Authorization:Bearer x"], "option of its own"),
        (["Content-Type:x"], "option of its own"),
        (["X-Amz-Date:x"], "never reaches an agent"),
        (["Host:x"], "never reaches an agent"),
        (["Tenant:" + "x" * 4097], "4097 characters are above 4096"),
        (["traceparent:" + "x" * 129], "129 characters are above 128"),
    ],
)
def test_what_would_not_arrive_is_not_sent(pairs: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        custom_headers(pairs, ALLOWED)
    assert caught.value.message.startswith("--header")
    assert caught.value.exit_code == 2
