"""The page of a project on an account of stand-ins: what is deployed there, and what CloudWatch has of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from agentcore_cli.ledger import Expiry, Ledger, LedgerKey, Turn
from agentcore_cli.names import session_id
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.functional.operations.aws_target.conftest import cloud as cloud
from tests.functional.operations.aws_target.conftest import project as project
from tests.functional.operations.logs.log_group import LogGroup, from_sdk
from tests.functional.operations.page.opened import SECONDS, opened_page
from tests.functional.operations.traces.test_traces_on_aws import TRACE, Spans
from tests.local_runtime import eventually, runtime_id
from tests.long_cases import always
from tests.page_visitor import PageVisitor


@pytest.fixture
def arn(project: Project) -> str:
    return project.deploy().arn


@pytest.fixture
def visitor(project: Project, arn: str) -> Iterator[PageVisitor]:
    with opened_page(project.command) as visitor:
        yield visitor


def test_it_says_what_it_is_of_and_what_it_can(visitor: PageVisitor) -> None:
    told = visitor.api("GET", "/_local/page").json()
    assert (told["target"], told["regions"]) == ("aws", ["us-west-2"])
    assert set(told["can"]) == {"invoke", "stop", "logs", "traces"}


def test_runtimes_versions_and_endpoints_of_the_project_alone(visitor: PageVisitor, cloud: Cloud, arn: str) -> None:
    with cloud.agentcore() as client:
        runtime = client.get_agent_runtime(agentRuntimeId=runtime_id(arn))
        members = ("agentRuntimeArtifact", "roleArn", "networkConfiguration")
        other = client.create_agent_runtime(agentRuntimeName="other", **{name: runtime[name] for name in members})
    (listed,) = visitor.api("POST", "/runtimes/").json()["agentRuntimes"]
    assert listed["agentRuntimeArn"] == arn
    assert listed["lastUpdatedAt"].endswith("Z")
    path = f"/runtimes/{runtime_id(arn)}"
    assert visitor.api("GET", f"{path}/").json()["agentRuntimeName"] == runtime["agentRuntimeName"]
    assert len(visitor.api("POST", f"{path}/versions?maxResults=10").json()["agentRuntimes"]) == 1
    (endpoint,) = visitor.api("POST", f"{path}/runtime-endpoints").json()["runtimeEndpoints"]
    assert endpoint["name"] == "DEFAULT"
    assert visitor.api("GET", f"/runtimes/{other['agentRuntimeId']}/").status == 404
    assert visitor.api("POST", f"{path}/versions?maxResults=1000").status == 400


def test_drift_is_told_once_it_is_known(visitor: PageVisitor, project: Project, arn: str) -> None:
    project.configure(environment="{A: b}")
    path = f"/runtimes/{runtime_id(arn)}/"
    found = eventually(lambda: visitor.api("GET", path).json()["drift"], "drift is known", SECONDS)
    assert "runtime" in found


def test_traces_and_one_of_them(visitor: PageVisitor, cloud: Cloud, arn: str) -> None:
    made = Spans(cloud)
    made.account.write(made.span(1, "invoke_agent bot"))
    made.own.write(made.messages(1, "Where is it?", "On its way."))
    listed = visitor.api("GET", f"/_local/traces?runtime_arn={quote(arn, safe='')}&limit=50").json()["traces"]
    assert [each["trace_id"] for each in listed] == [TRACE]
    assert "invoke_agent bot" in visitor.api("GET", f"/_local/trace?trace_id={TRACE}").body.decode()
    assert visitor.api("GET", f"/_local/trace?trace_id={'f' * 32}").status == 404


def test_without_any_span_there_is_none(visitor: PageVisitor) -> None:
    assert visitor.api("GET", "/_local/traces").json()["traces"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    always(
        ("POST", "/_local/clock"),
        of=[
            ("POST", "/_local/clock"),
            ("POST", "/_local/faults"),
            ("GET", "/_local/health"),
            ("POST", "/memories/"),
            ("POST", "/runtimes/ARN/commands"),
            ("GET", "/tags/ARN"),
        ],
    ),
)
def test_what_aws_does_not_have_is_not_there(visitor: PageVisitor, arn: str, method: str, path: str) -> None:
    asked = path.replace("ARN", quote(arn, safe=""))
    assert visitor.api(method, asked, {} if method == "POST" else None).status == 404


def test_it_is_guarded_as_the_local_one_is(visitor: PageVisitor) -> None:
    assert visitor.api("GET", "/_local/page", origin="https://evil.example").status == 403
    assert visitor.api("GET", "/_local/page", cookie=None).status == 403
    assert visitor.api("GET", "/_local/page", host="evil.example").status == 403
    assert visitor.ask("GET", "/runtimes/").status == 404
    with pytest.raises(InvalidStatus), connect(f"ws://{visitor.host}/_page/ws", origin=Origin(visitor.origin)):
        pass
    assert visitor.ask("GET", "/_page/").headers["content-security-policy"].startswith("default-src 'none'")


def test_nothing_deployed_is_told(project: Project) -> None:
    assert "agentcore deploy" in project.command.run("open", "--target", "aws", "--no-browser", code=4).stderr


def test_logs_of_a_session_grow_at_their_end(visitor: PageVisitor, project: Project, cloud: Cloud, arn: str) -> None:
    session = session_id("ann", arn, "DEFAULT")
    turn, lives = Turn(time.time(), 0.1, 2, 2, "answered"), Expiry(time.time(), 900, 28_800)
    key = LedgerKey(arn, "DEFAULT", session)
    Ledger(project.root).record(key, turn, target="aws", agent="bot", name="ann", is_new_life=lives)
    group = LogGroup(cloud.moto, runtime_id(arn)).create()
    group.write(from_sdk("one", session), from_sdk("of another", "b" * 40))
    (listed,) = visitor.api("GET", f"/_local/sessions?runtime_arn={quote(arn, safe='')}").json()["sessions"]
    assert (listed["session_id"], listed["name"]) == (session, "ann")

    def read(after: int) -> dict[str, Any]:
        piece: dict[str, Any] = visitor.api("GET", f"/_local/logs?log={quote(listed['log'])}&after={after}").json()
        return piece

    first = read(0)
    assert '"one"' in first["text"]
    assert "of another" not in first["text"]
    group.write(from_sdk("two", session))
    more = eventually(lambda: read(first["next"])["text"], "what was written since is there")
    assert ('"one"' in more, '"two"' in more) == (False, True)
    assert visitor.api("GET", "/_local/logs?log=another").status == 404
