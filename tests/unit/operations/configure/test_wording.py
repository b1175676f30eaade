"""What becomes of text, by the agent's protocol."""

from __future__ import annotations

import json
import shlex

import pytest

from agentcore_cli.contract import PROTOCOLS, Protocol
from agentcore_cli.errors import InputError
from agentcore_cli.operations.configure.wording import Wording, a2a_version, example
from agentcore_cli.operations.invoke.payload import payload_of, read_payload


def test_http_gets_a_prompt() -> None:
    assert Wording().of("hi") == {"prompt": "hi"}
    assert Wording().of(None) == {}


def test_a2a_gets_a_message() -> None:
    asked = Wording("A2A").of("hi")
    assert (asked["jsonrpc"], asked["method"]) == ("2.0", "message/send")
    message = asked["params"]["message"]  # type: ignore[index]
    assert (message["kind"], message["role"], message["parts"]) == ("message", "user", [{"kind": "text", "text": "hi"}])
    assert message["messageId"] != asked["id"]


@pytest.mark.parametrize("header", ["A2A-Version: 1.0", "a2a-version:1.0"])
def test_who_says_that_it_speaks_a2a_1_gets_its_message(header: str) -> None:
    asked = Wording("A2A", a2a=a2a_version(("X: y", header))).of("hi")
    assert asked["method"] == "SendMessage"
    message = asked["params"]["message"]  # type: ignore[index]
    assert (message["role"], message["parts"]) == ("ROLE_USER", [{"text": "hi"}])


def test_agui_gets_a_run_of_the_session() -> None:
    asked = Wording("AGUI", thread="conv1").of("hi")
    assert asked["threadId"] == "conv1"
    (message,) = asked["messages"]  # type: ignore[misc]
    assert (message["role"], message["content"]) == ("user", "hi")
    assert asked.keys() >= {"runId", "state", "tools", "context", "forwardedProps"}


@pytest.mark.parametrize(("protocol", "text"), [("MCP", "hi"), ("MCP", None), ("A2A", None)])
def test_what_has_no_use_for_it_is_told_with_what_to_type(protocol: Protocol, text: str | None) -> None:
    with pytest.raises(InputError) as refused:
        Wording(protocol, "agentcore invoke --local").of(text)
    assert refused.value.hint == f"agentcore invoke --local {example(protocol)}"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_example_is_taken(protocol: Protocol) -> None:
    (payload,) = shlex.split(example(protocol))
    assert isinstance(json.loads(payload_of(payload, Wording(protocol)).body), dict)


def test_json_goes_to_every_agent_as_it_is() -> None:
    call = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    assert read_payload(call, None, wording=Wording("MCP")).body == call.encode()
    assert read_payload("hi", "text/plain", wording=Wording("MCP")).body == b"hi"
