"""`logs` on AWS: the group of the endpoint, and what narrows it."""

from __future__ import annotations

import json

import pytest

from agentcore_cli.names import session_id
from tests.fakes.aws_answers import Answer, access_denied, throttled
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_faults import instead, named, times
from tests.fakes.aws_proxy import Forward
from tests.functional.operations.aws_target.cloud import Cloud
from tests.functional.operations.logs.log_group import LogGroup, from_otel, from_sdk
from tests.same_process import SameProcess


def messages(agentcore: SameProcess, *arguments: str) -> list[str]:
    lines = [json.loads(line) for line in agentcore.run("logs", "--json", *arguments).stdout.splitlines()]
    assert [line["event"] for line in lines] == ["log"] * (len(lines) - 1) + ["result"]
    assert lines[-1]["lines"] == len(lines) - 1
    return [line["message"] for line in lines[:-1]]


def test_it_is_the_group_of_the_endpoint(agentcore: SameProcess, cloud: Cloud, default: LogGroup) -> None:
    prod = LogGroup(cloud.moto, cloud.the_runtime()["agentRuntimeId"], "prod").create()
    default.write("of DEFAULT")
    prod.write("of prod")
    assert messages(agentcore) == ["of DEFAULT"]
    assert messages(agentcore, "--qualifier", "prod") == ["of prod"]


def test_a_session_is_found_by_the_json_of_its_lines(agentcore: SameProcess, cloud: Cloud, default: LogGroup) -> None:
    arn = cloud.the_runtime()["agentRuntimeArn"]
    mine, other = (session_id(name, arn, "DEFAULT") for name in ("mine", "other"))
    default.write(from_sdk("one", mine), from_sdk("two", other), "printed", f"{mine} printed it", from_otel("o", mine))
    default.write(from_sdk(f"talks of {mine}", other))
    wanted = [from_sdk("one", mine), f"{mine} printed it", from_otel("o", mine)]
    assert messages(agentcore, "--session-id", "mine") == wanted
    assert messages(agentcore, "-s", mine) == wanted
    assert messages(agentcore, "-s", "nobody") == []


def test_a_line_in_json_says_whose_it_is(agentcore: SameProcess, default: LogGroup) -> None:
    default.write(from_sdk("one", "s" * 40), "printed", '{"no": "json')
    lines = [json.loads(line) for line in agentcore.run("logs", "--json").stdout.splitlines()]
    assert [line.get("session_id") for line in lines] == ["s" * 40, "", "", None]
    assert lines[0]["timestamp"].endswith("Z")
    human = agentcore.run("logs").stdout.splitlines()
    assert human[0] == f"{lines[0]['timestamp']} {'s' * 12} {lines[0]['message']}"
    assert human[1] == f"{lines[1]['timestamp']} printed"


def test_without_since_it_is_the_last_hour(agentcore: SameProcess, default: LogGroup) -> None:
    default.write_at([("yesterday", 86_000), ("before", 3700), ("lately", 3500), ("just now", 1)])
    assert messages(agentcore) == ["lately", "just now"]
    assert "the last hour" in agentcore.run("logs").stderr
    assert "the last hour" not in agentcore.run("logs", "--since", "1h").stderr
    assert messages(agentcore, "--since", "1d") == ["yesterday", "before", "lately", "just now"]
    assert "On AWS, without it: 1h" in " ".join(agentcore.run("logs", "--help").stdout.split())


def test_until_ends_it(agentcore: SameProcess, default: LogGroup) -> None:
    default.write_at([("old", 1000), ("middle", 500), ("new", 10)])
    assert messages(agentcore, "--until", "5m") == ["old", "middle"]
    assert messages(agentcore, "--since", "10m", "--until", "5m") == ["middle"]


def test_limit_counts_what_grep_lets_through(agentcore: SameProcess, default: LogGroup) -> None:
    default.write("a [1]", "a [2]", "b [3]", "a [4]", "b [5]")
    assert messages(agentcore, "--limit", "2") == ["a [4]", "b [5]"]
    assert messages(agentcore, "--limit", "2", "--grep", "a [") == ["a [2]", "a [4]"]
    assert messages(agentcore, "--grep", "nothing of it") == []


def test_many_pages_are_one_log(agentcore: SameProcess, cloud: Cloud, default: LogGroup) -> None:
    lines = [f"line {number}" for number in range(20_050)]  # a page holds 10,000
    for first in range(0, len(lines), 10_000):
        default.write(*lines[first : first + 10_000], age=100 - first / 1000)
    assert messages(agentcore) == lines
    assert cloud.proxy.names.count("logs:FilterLogEvents") == 3


def test_an_empty_page_is_not_the_end(agentcore: SameProcess, cloud: Cloud, default: LogGroup) -> None:
    """CloudWatch gives such pages while it searches."""

    def empty(call: Call, request: Request, forward: Forward) -> Answer:
        page = {"events": [], "nextToken": "t" * 20}
        return Answer(200, json.dumps(page).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    def onward(call: Call, request: Request, forward: Forward) -> Answer:
        asked = json.loads(request.body)
        assert asked.pop("nextToken", "t" * 20) == "t" * 20
        return forward(Request(request.method, request.path, request.headers, json.dumps(asked).encode()))

    default.write("behind it")
    cloud.proxy.interfere(named("logs:FilterLogEvents", 1), empty)
    cloud.proxy.interfere(named("logs:FilterLogEvents"), onward)
    assert messages(agentcore) == ["behind it"]
    assert cloud.proxy.names.count("logs:FilterLogEvents") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param([], 4, "no such log yet: AgentCore makes it with the endpoint's first call", id="no-group"),
        pytest.param(["--qualifier", "prod"], 4, "-prod: there is no such log yet", id="no-group-of-the-endpoint"),
        pytest.param(["--follow", "--until", "5m"], 2, "--follow and --until", id="no-end-of-what-has-none"),
        pytest.param(["--since", "soon"], 2, "--since", id="no-span"),
        pytest.param(["--limit", "0"], 2, "--limit", id="no-lines"),
        pytest.param(["-s", ""], 2, "empty", id="no-session"),
        pytest.param(["--target", "staging"], 4, "not deployed on staging", id="not-deployed"),
    ],
)
def test_what_goes_wrong_has_its_exit_code(agentcore: SameProcess, arguments: list[str], code: int, says: str) -> None:
    ran = agentcore.run("logs", *arguments, code=code)
    assert says in ran.stderr
    assert ran.stdout == ""
    failed = json.loads(agentcore.run("logs", "--json", *arguments, code=code).stdout)
    assert says in failed["error"]["message"]


def test_the_next_step_is_a_call(agentcore: SameProcess) -> None:
    assert "agentcore invoke --target aws PAYLOAD; --follow waits for it" in agentcore.run("logs", code=4).stderr


def test_who_may_not_read_it_is_told_what_to_allow(agentcore: SameProcess, cloud: Cloud, default: LogGroup) -> None:
    cloud.proxy.interfere(named("logs:FilterLogEvents"), instead(access_denied))
    assert "logs:FilterLogEvents" in agentcore.run("logs", code=3).stderr


def test_a_throttled_read_is_read_again(agentcore: SameProcess, cloud: Cloud, default: LogGroup) -> None:
    default.write("in the end")
    cloud.proxy.interfere(named("logs:FilterLogEvents"), times(2, instead(throttled)))
    assert messages(agentcore) == ["in the end"]
