"""Calls and stops of the page, by the wire of AWS; and the sessions that its project has talked to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from agentcore_cli.names import session_id
from tests.command_line import CommandLine
from tests.functional.commands.aws_project import arn_of, on_aws
from tests.functional.commands.conftest import agentcore as agentcore
from tests.functional.operations.page.opened import opened_page
from tests.local_runtime import SESSION_HEADER, invocations, new_session
from tests.page_visitor import PageVisitor


@pytest.fixture
def aws(agentcore: CommandLine, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path)


@pytest.fixture
def visitor(aws: CommandLine) -> Iterator[PageVisitor]:
    with opened_page(aws) as visitor:
        yield visitor


def sessions(visitor: PageVisitor, arn: str) -> dict[str, str]:
    listed = visitor.api("GET", f"/_local/sessions?runtime_arn={quote(arn, safe='')}").json()["sessions"]
    return {each["session_id"]: each["state"] for each in listed}


def test_a_call_a_stream_and_a_stop(visitor: PageVisitor, aws: CommandLine) -> None:
    arn, session = arn_of(aws), {SESSION_HEADER: new_session()}
    said = visitor.api("POST", invocations(arn), {}, **session)
    assert (said.status, said.json()["calls"]) == (200, 1)
    assert said.headers[SESSION_HEADER.lower()] == session[SESSION_HEADER]
    assert said.headers["content-security-policy"].endswith("; sandbox")
    streamed = visitor.api("POST", invocations(arn), {"do": "stream"}, **session)
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert streamed.body.startswith(b"data: ")
    assert sessions(visitor, arn)[session[SESSION_HEADER]] == "used lately"
    stop = invocations(arn).replace("invocations", "stopruntimesession")
    assert visitor.api("POST", stop, {}, **session).status == 200
    assert sessions(visitor, arn)[session[SESSION_HEADER]] == "stopped"
    assert visitor.api("POST", stop, {}, **session).status == 404


def test_what_the_command_line_began_is_there_too(visitor: PageVisitor, aws: CommandLine) -> None:
    aws.run("invoke", "{}", "-s", "typed")
    assert session_id("typed", arn_of(aws), "DEFAULT") in sessions(visitor, arn_of(aws))


def test_failures_say_why(visitor: PageVisitor, aws: CommandLine) -> None:
    arn, session = arn_of(aws), {SESSION_HEADER: new_session()}
    failed = visitor.api("POST", invocations(arn), {"do": "fail"}, **session)
    assert (failed.status, failed.headers["x-amzn-errortype"]) == (424, "AgentFailed")
    other = arn.replace("runtime/", "runtime/other")
    assert visitor.api("POST", invocations(other), {}, **session).status == 404
