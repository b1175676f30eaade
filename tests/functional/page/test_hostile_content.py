"""What an agent, a header or a name says is text in the page, wherever it gets: it is never markup, and never runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenedPage
from tests.functional.page.conftest import AGENT, Sends
from tests.functional.page.test_chat import say
from tests.functional.page.test_views import span
from tests.local_runtime import RunningServer, eventually, new_session

MARKUP = (
    "<img src=x onerror=window.__hit='img'>",
    "<script>window.__hit='script'</script>",
    "<svg/onload=window.__hit='svg'>",
    "\"'><iframe srcdoc=\"<script>parent.__hit='frame'</script>\">",
    "javascript:window.__hit='address'",
    "</pre></dl><style>*{display:none}</style>{{constructor.constructor('window.__hit=1')()}}",
)
ALL = " ".join(MARKUP)
ADDRESSES = (
    "#/" + "/".join(("sessions", *(quote(each, safe="") for each in MARKUP[:3]))),
    f"#/chat/{quote(MARKUP[0], safe='')}/{quote(MARKUP[1], safe='')}",
    f"#/traces/{quote(ALL, safe='')}",
    f"#/memory?id={quote(ALL, safe='')}",
    f"#/compare?a={quote(ALL, safe='')}&as={quote(ALL, safe='')}",
    f"#/agents/{quote(ALL, safe='')}",
    "#/__proto__/constructor",
    "#/%E0%A4%A",
    "#/sessions?tab=%3Cimg%20src=x%20onerror=window.__hit=1%3E",
)


def shown_as_text(page: Page, text: str = MARKUP[0]) -> None:
    """It can be read as it was written, and nothing in the document was made of it."""
    expect(page.locator("main").get_by_text(text).first).to_be_attached()
    made = page.evaluate(
        "document.querySelectorAll("
        "'main img, main script, main svg, main iframe, main style, main [onerror], main [onload], a[href^=javascript]'"
        ").length"
    )
    assert made == 0


def test_answers(opened: OpenedPage, page: Page, chat: str) -> None:
    opened.view(chat)
    for kind in ("application/json", "text/html", "image/svg+xml", "text/plain"):
        turn = say(page, answer=json.dumps({ALL: ALL}) if kind == "application/json" else ALL, type=kind)
        expect(turn.locator(".words")).to_contain_text("<img src=x")
        shown_as_text(page)
        turn.locator("summary").click()
        turn.get_by_role("tab", name="Bytes").click()
        expect(turn.get_by_role("tabpanel", name="Bytes")).to_contain_text("<img src=x")


def test_events_and_errors(opened: OpenedPage, page: Page, chat: str) -> None:
    opened.view(chat)
    turn = say(page, events=[f"event: {MARKUP[0]}\nid: {MARKUP[1]}\ndata: {json.dumps(ALL)}"])
    shown_as_text(page)
    turn.locator("summary").click()
    turn.get_by_role("tab", name="Events (1)").click()
    expect(turn.get_by_role("cell", name=MARKUP[0], exact=True)).to_be_visible()
    failed = {"error": ALL, "error_type": MARKUP[0], "message": "An error occurred during streaming"}
    turn = say(page, events=[f"data: {json.dumps(failed)}"])
    expect(turn.get_by_role("alert")).to_contain_text(MARKUP[0])
    turn = say(page, answer=ALL, status=500, log=ALL)
    expect(turn.get_by_role("alert")).to_contain_text(MARKUP[0])
    shown_as_text(page)


def test_payloads_logs_and_session_ids(opened: OpenedPage, page: Page, send: Sends, agent: str) -> None:
    session = f"{MARKUP[0]}{new_session()}"
    send(session_id=session, prompt=ALL, log=f"{ALL}\n{MARKUP[1]}")
    opened.view("#/sessions")
    expect(page.get_by_role("link", name=session)).to_be_visible()
    page.get_by_role("searchbox", name="Filter sessions").fill(MARKUP[0])
    shown_as_text(page)
    page.get_by_role("link", name=session).click()
    expect(page.get_by_role("article", name="Turn 1")).to_contain_text(MARKUP[0])
    shown_as_text(page)
    page.get_by_role("tab", name="Log").click()
    expect(page.get_by_role("log", name="Log of the session")).to_contain_text(MARKUP[1])
    shown_as_text(page)
    opened.view(f"#/chat/{quote(agent, safe='')}/DEFAULT/{quote(session, safe='')}")
    expect(page.get_by_role("article", name="Turn 1")).to_contain_text(MARKUP[0])
    shown_as_text(page)


def test_output_of_commands(opened: OpenedPage, page: Page, send: Sends, address: str) -> None:
    send(prompt="a")
    opened.view(f"{address}?tab=exec")
    page.get_by_label("Command").fill(f"printf %s {json.dumps(MARKUP[0])}; printf %s '{MARKUP[2]}' >&2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log", name="Output")).to_contain_text("exit code")
    shown_as_text(page)


def test_spans(opened: OpenedPage, page: Page, send: Sends, address: str) -> None:
    said: dict[str, Any] = dict.fromkeys(("gen_ai.tool.name", "gen_ai.tool.call.arguments", ALL), ALL)
    said |= {"gen_ai.tool.call.result": json.dumps({ALL: ALL}), "gen_ai.operation.name": "execute_tool"}
    model = {"gen_ai.operation.name": "chat", "gen_ai.request.model": ALL, "gen_ai.agent.name": ALL}
    model |= {"gen_ai.input.messages": json.dumps([{"role": ALL, "content": ALL}])}
    exception = [{"key": f"exception.{name}", "value": {"stringValue": ALL}} for name in ("type", "message")]
    events = [{"name": ALL, "attributes": exception}, {"name": "exception", "attributes": exception}]
    spans = [
        span(1, ALL) | {"attributes": [{"key": key, "value": {"stringValue": it}} for key, it in said.items()]},
        span(2, MARKUP[2]) | {"attributes": [{"key": key, "value": {"stringValue": it}} for key, it in model.items()]},
    ]
    spans[0] |= {"events": events, "status": {"code": 2, "message": ALL}}
    send(prompt="a", spans=spans)
    opened.view(f"{address}?tab=traces")
    page.get_by_role("grid", name="Traces").get_by_role("row").nth(1).get_by_role("link").click()
    for row in page.get_by_role("treegrid", name="Spans").get_by_role("row").all():
        row.click()
        expect(row).to_have_attribute("aria-selected", "true")
        if "<" in (row.text_content() or ""):
            expect(page.get_by_role("region", name="Span")).to_contain_text(MARKUP[0])
        assert page.locator("main img, main script, main svg, main iframe, main style").count() == 0
    opened.view("#/traces")
    expect(page.get_by_role("grid", name="Traces")).to_contain_text(MARKUP[1])  # a model's name
    shown_as_text(page, MARKUP[1])


def test_memory(opened: OpenedPage, page: Page, runtime: RunningServer) -> None:
    memory = runtime.control.create_memory(name="hostile", description=ALL, eventExpiryDuration=30)["memory"]["id"]
    eventually(
        lambda: runtime.control.get_memory(memoryId=memory)["memory"]["status"] == "ACTIVE", "the memory is there"
    )
    now = datetime.now(UTC)
    parts = [{"conversational": {"role": "USER", "content": {"text": ALL}}}, {"blob": {ALL: ALL}}]
    runtime.data.create_event(memoryId=memory, actorId="alice", sessionId="s", eventTimestamp=now, payload=parts)
    record = {"requestIdentifier": "r", "namespaces": ["/x"], "content": {"text": ALL}, "timestamp": now}
    runtime.data.batch_create_memory_records(memoryId=memory, records=[record])
    opened.view(f"#/memory?id={quote(memory)}")
    expect(page.locator("main .card").first).to_contain_text(MARKUP[0])
    expect(page.get_by_role("region", name="Events")).to_contain_text(MARKUP[0])
    shown_as_text(page)
    page.get_by_role("tab", name="Records").click()
    expect(page.get_by_role("region", name="Records")).to_contain_text(MARKUP[0])
    shown_as_text(page)
    runtime.control.delete_memory(memoryId=memory)


def test_descriptions_and_variables_of_agents(opened: OpenedPage, page: Page, runtime: RunningServer) -> None:
    arn = runtime.deploy(AGENT, name="hostile_bot", description=ALL[:256])
    row = page.get_by_role("grid", name="Agents").get_by_role("row").filter(has_text="hostile_bot")
    expect(row).to_contain_text(MARKUP[0])
    shown_as_text(page)
    row.get_by_role("link").click()
    expect(page.locator("main .card")).to_contain_text(MARKUP[0])
    shown_as_text(page)
    runtime.control.delete_agent_runtime(agentRuntimeId=arn.rpartition("/")[2])


def test_addresses_that_somebody_else_wrote(opened: OpenedPage, page: Page) -> None:
    for address in ADDRESSES:
        opened.view(address)
        page.reload()
        expect(page.locator("main h1")).to_be_attached()
        assert page.locator("main img, main script, main svg, main iframe, main style").count() == 0
        assert page.evaluate("window.__hit") is None, address


def test_an_answer_that_somebody_goes_to_is_no_page(opened: OpenedPage, runtime: RunningServer, agent: str) -> None:
    """Its address has no page behind it: without the marker it is refused, and what is refused is not shown."""
    other = opened.context.new_page()
    for path in ("_local/sessions", f"runtimes/{quote(agent, safe='')}/invocations?qualifier=DEFAULT"):
        with pytest.raises(Exception, match=r"Download is starting|ERR_ABORTED"):
            other.goto(f"{runtime.info.url}/_page/api/{path}")
    other.close()
