"""Each view shows what there is, and what becomes of it while it is looked at."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser import OpenedPage
from tests.functional.page.conftest import AGENT, Sends
from tests.local_runtime import RunningServer, eventually, new_session

USAGE = {"gen_ai.usage.input_tokens": 412, "gen_ai.usage.output_tokens": 58}


def span(number: int, name: str, parent: int | None = None, **attributes: Any) -> dict[str, Any]:
    """A span as the agent exports it; dots in names are underscores twice."""
    told = [
        {"key": key.replace("__", "."), "value": {"intValue": str(it)} if isinstance(it, int) else {"stringValue": it}}
        for key, it in attributes.items()
    ]
    ids = {"spanId": f"{number:016x}"} | ({} if parent is None else {"parentSpanId": f"{parent:016x}"})
    return ids | {"name": name, "took": 5, "attributes": told}


def test_agents_and_their_versions(opened: OpenedPage, page: Page, runtime: RunningServer) -> None:
    arn = runtime.deploy(AGENT, name="versioned_bot")
    row = page.get_by_role("grid", name="Agents").get_by_role("row").filter(has_text="versioned_bot")
    expect(row).to_contain_text("READY")
    row.get_by_role("link", name="versioned_bot").click()
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_role("row")).to_have_count(2)
    runtime.update(arn, AGENT, environmentVariables={"VERSION": "2", "SECRET_NAME": "its value"})
    expect(versions.get_by_role("row").nth(1)).to_contain_text("2")
    expect(page.get_by_role("region", name="Endpoints").get_by_role("row").nth(1)).to_contain_text("DEFAULT")
    expect(page.get_by_text("SECRET_NAME, VERSION")).to_be_visible()
    expect(page.get_by_text("its value")).to_have_count(0)
    runtime.control.delete_agent_runtime(agentRuntimeId=arn.rpartition("/")[2])


def test_sessions_and_how_they_do(opened: OpenedPage, page: Page, send: Sends, session: str) -> None:
    other = new_session()
    opened.view("#/sessions")
    send(prompt="a")
    send(session_id=other, prompt="b", ping={"status": "HealthyBusy"})
    grid = page.get_by_role("grid", name="Sessions")
    row = grid.get_by_role("row").filter(has_text=session)
    expect(row).to_contain_text("support_bot")
    expect(row.get_by_role("gridcell").nth(6)).to_contain_text("14m")
    expect(row.get_by_role("gridcell").nth(7)).to_contain_text("7h 59m")
    expect(row.get_by_role("gridcell").nth(8)).to_contain_text("MB")
    expect(row.get_by_role("gridcell").nth(9)).to_contain_text("s")
    expect(grid.get_by_role("row").filter(has_text=other)).to_contain_text("HealthyBusy")
    send(prompt="a")
    expect(row.get_by_role("gridcell").nth(4)).to_have_text("2")
    page.get_by_role("searchbox", name="Filter sessions").fill(other[:20])
    expect(grid.get_by_role("row")).to_have_count(2)
    expect(grid.get_by_role("link", name=other)).to_be_visible()


def test_a_session_its_transcript_and_its_log(
    opened: OpenedPage, page: Page, runtime: RunningServer, agent: str, send: Sends, session: str, address: str
) -> None:
    opened.view(address)
    expect(page.get_by_text("not started")).to_be_visible()
    send(prompt="Where is my order?", log="looked it up")
    expect(page.locator("[data-fact=calls]")).to_have_text("1")
    turn = page.get_by_role("article", name="Turn 1")
    expect(turn).to_contain_text("Where is my order?")
    expect(turn).to_contain_text("Message 1 of 1: Where is my order?")
    send(prompt="And now?", log="once more\nERROR it is lost")
    expect(page.get_by_role("article", name="Turn 2")).to_contain_text("Message 2 of 1: And now?")
    runtime.invoke(agent, b'{"answer": "no", "status": 500}', session_id=session)
    failed = page.get_by_role("article", name="Turn 3").get_by_role("alert")
    expect(failed).to_contain_text("Status 424 Received error (500) from runtime")
    expect(failed).to_contain_text("request id")
    page.get_by_role("tab", name="Log").click()
    log = page.get_by_role("log", name="Log of the session")
    expect(log).to_contain_text("looked it up")
    expect(log.locator(".line.bad")).to_contain_text("ERROR it is lost")
    send(prompt="", log="written while it is looked at")
    expect(log).to_contain_text("written while it is looked at")
    page.get_by_role("searchbox", name="Filter lines").fill("order")
    expect(log.locator(".line")).to_have_count(0)


def test_a_trace_as_a_waterfall(opened: OpenedPage, page: Page, send: Sends, address: str) -> None:
    asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Where is order 1042?"}]}])
    said = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "It is on its way."}]}])
    model = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-9", **USAGE}
    model |= {"gen_ai.input.messages": asked, "gen_ai.output.messages": said}
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order"}
    tool |= {"gen_ai.tool.call.arguments": '{"order": 1042}', "gen_ai.tool.call.result": "shipped"}
    spans = [
        span(1, "invoke_agent bot", gen_ai__operation__name="invoke_agent"),
        span(2, "chat", 1, **{name.replace(".", "__"): value for name, value in model.items()}),
        span(3, "execute_tool find_order", 1, **{name.replace(".", "__"): value for name, value in tool.items()})
        | {"status": {"code": 2, "message": "no such order"}},
    ]
    send(prompt="Where?", spans=spans)
    opened.view(f"{address}?tab=traces")
    row = page.get_by_role("grid", name="Traces").get_by_role("row").nth(1)
    expect(row).to_contain_text("412 / 58")
    row.get_by_role("link").click()
    fall = page.get_by_role("treegrid", name="Spans")
    detail = page.get_by_role("region", name="Span")
    expect(fall.get_by_role("row", name="invoke_agent bot")).to_have_attribute("aria-level", "2")
    fall.get_by_role("row", name="chat").click()
    for text in ("claude-9", "Where is order 1042?", "It is on its way.", "412", "58"):
        expect(detail).to_contain_text(text)
    fall.get_by_role("row", name="find_order").click()
    for text in ('"order": 1042', "shipped", "no such order"):
        expect(detail).to_contain_text(text)
    fall.focus()
    fall.press("Home")
    fall.press("ArrowLeft")
    expect(fall.get_by_role("row")).to_have_count(1)
    fall.press("ArrowRight")
    expect(fall.get_by_role("row", name="find_order")).to_be_visible()


def test_memory_and_a_search_in_it(opened: OpenedPage, page: Page, runtime: RunningServer) -> None:
    created = runtime.control.create_memory(name="support_memory", eventExpiryDuration=30)["memory"]["id"]
    eventually(
        lambda: runtime.control.get_memory(memoryId=created)["memory"]["status"] == "ACTIVE", "the memory is there"
    )
    now = datetime.now(UTC)
    for actor, text in (("alice", "My name is Alice"), ("bob", "My name is Bob")):
        said = {"conversational": {"role": "USER", "content": {"text": text}}}
        runtime.data.create_event(
            memoryId=created, actorId=actor, sessionId=f"{actor}-1", eventTimestamp=now, payload=[said]
        )
    texts = ["Alice prefers mail", "Bob likes the phone"]
    records: list[Any] = [
        {"requestIdentifier": f"r{n}", "namespaces": ["/users/x"], "content": {"text": text}, "timestamp": now}
        for n, text in enumerate(texts)
    ]
    runtime.data.batch_create_memory_records(memoryId=created, records=records)
    opened.view(f"#/memory?id={quote(created)}")
    page.get_by_role("option", name="alice", exact=True).click()
    page.get_by_role("option", name="alice-1").click()
    expect(page.get_by_role("region", name="Events")).to_contain_text("My name is Alice")
    expect(page.get_by_role("region", name="Events")).not_to_contain_text("Bob")
    page.get_by_role("tab", name="Records").click()
    found = page.get_by_role("region", name="Records")
    expect(found.get_by_role("article")).to_have_count(2)
    page.get_by_role("searchbox", name="Search").fill("phone")
    page.get_by_role("button", name="Find").click()
    expect(found.get_by_role("article")).to_have_count(1)
    expect(found).to_contain_text("Bob likes the phone")
    page.get_by_label("Namespace path").fill("/elsewhere")
    page.get_by_role("button", name="Find").click()
    expect(found).to_contain_text("No record has a word of it.")
    runtime.control.delete_memory(memoryId=created)
