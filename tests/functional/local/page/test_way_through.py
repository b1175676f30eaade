"""What the page asks goes to the planes that every client asks."""

from __future__ import annotations

from urllib.parse import quote

from tests.local_runtime import SESSION_HEADER, RunningServer, invocations, new_session, runtime_id
from tests.page_visitor import PageVisitor


def test_runtimes_and_what_they_answer(visitor: PageVisitor, answers: str) -> None:
    listed = visitor.api("POST", "/runtimes/", {}).json()["agentRuntimes"]
    assert [each["agentRuntimeArn"] for each in listed] == [answers]
    assert visitor.api("GET", f"/runtimes/{runtime_id(answers)}/").json()["agentRuntimeVersion"] == "1"
    session_id = new_session()
    said = visitor.api("POST", invocations(answers), {"prompt": "hello"}, **{SESSION_HEADER: session_id})
    assert said.json()["prompt"] == "hello"
    assert said.headers[SESSION_HEADER.lower()] == session_id


def test_sessions_and_traces_of_it(visitor: PageVisitor, server: RunningServer, answers: str) -> None:
    session_id = new_session()
    server.invoke(answers, b"{}", session_id=session_id)
    sessions = visitor.api("GET", f"/_local/sessions?runtime_arn={quote(answers, safe='')}").json()["sessions"]
    assert session_id in [each["session_id"] for each in sessions]
    assert visitor.api("GET", "/_local/traces").json()["traces"]
