"""The chat: answers as they come, the JSON editor, the raw view, replay, and what goes wrong."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser import OpenedPage
from tests.functional.page.conftest import Sends


def say(page: Page, **payload: Any) -> Locator:
    """Send a payload by the JSON editor; gives its turn."""
    turns = page.get_by_role("article", name="Turn")
    before = turns.count()
    page.get_by_role("checkbox", name="JSON payload").check()
    page.get_by_role("textbox", name="JSON payload").fill(json.dumps(payload))
    page.get_by_role("button", name="Send").click()
    return turns.nth(before)


def test_a_streamed_answer_appears_piece_by_piece(opened: OpenedPage, page: Page, send: Sends, chat: str) -> None:
    opened.view(chat)
    turn = say(page, events=['data: "Hel"', 'data: "lo, "', 'data: "world"'])
    words = turn.locator(".words")
    expect(words).to_have_text("Hel")
    expect(turn).to_have_attribute("aria-busy", "true")
    send(next=True)
    expect(words).to_have_text("Hello, ")
    send(next=True)
    expect(words).to_have_text("Hello, world")
    expect(turn).not_to_have_attribute("aria-busy", "true")


def test_an_answer_that_is_stopped(opened: OpenedPage, page: Page, send: Sends, chat: str) -> None:
    opened.view(chat)
    turn = say(page, events=['data: "one"', 'data: "two"'])
    expect(turn.locator(".words")).to_have_text("one")
    page.get_by_role("textbox").first.press("Escape")
    expect(turn).to_contain_text("stopped here")
    send(next=True)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_what_is_typed_and_what_is_no_json(opened: OpenedPage, page: Page, chat: str) -> None:
    opened.view(chat)
    page.get_by_role("textbox", name="Message").fill("Hello")
    page.keyboard.press("Enter")
    first = page.get_by_role("article", name="Turn 1")
    expect(first.locator(".words")).to_have_text("Message 1 of 1: Hello")
    page.get_by_role("checkbox", name="JSON payload").check()
    editor = page.get_by_role("textbox", name="JSON payload")
    editor.fill('{"prompt": ')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="This is no JSON")).to_be_visible()
    editor.fill('{"prompt": "as JSON"}')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("article", name="Turn 2").locator(".words")).to_have_text("Message 2 of 1: as JSON")


def test_the_raw_view(opened: OpenedPage, page: Page, chat: str) -> None:
    opened.view(chat)
    turn = say(page, events=['event: hint\nid: 7\ndata: {"text": "hi"}'])
    turn.locator("summary").click()
    headers = turn.get_by_role("region", name="Headers")
    expect(headers).to_contain_text("text/event-stream")
    expect(headers).to_contain_text("x-amzn-requestid")
    turn.get_by_role("tab", name="Events (1)").click()
    row = turn.get_by_role("region", name="Events").get_by_role("row").nth(1)
    assert row.get_by_role("cell").all_text_contents() == ["1", "hint", "7", '{"text": "hi"}']
    turn.get_by_role("tab", name="Bytes").click()
    expect(turn).to_contain_text("event: hint.id:")
    turn.get_by_role("tab", name="Sent").click()
    expect(turn.get_by_role("tabpanel")).to_contain_text('"events"')


def test_a_turn_is_replayed_into_another_session(opened: OpenedPage, page: Page, send: Sends, chat: str) -> None:
    send(prompt="before the page came here")
    opened.view(chat)
    first = page.get_by_role("article", name="Turn 1")
    expect(first.locator(".words")).to_have_text("Message 1 of 1: before the page came here")
    first.get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog", name="Replay this turn")
    dialog.get_by_label("Into").select_option(label="a new session at DEFAULT")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("article").locator(".words")).to_have_text("Message 1 of 1: before the page came here")
    expect(page.get_by_role("link", name="This session")).to_be_visible()


def test_an_agent_that_fails_is_shown_with_the_request_id(opened: OpenedPage, page: Page, chat: str) -> None:
    opened.view(chat)
    turn = say(page, answer="no luck", status=500, log="about to fail")
    expect(turn.get_by_role("alert")).to_contain_text("RuntimeClientError")
    expect(turn.get_by_role("alert")).to_contain_text("about to fail")
    expect(turn.get_by_role("alert")).to_contain_text("request id")
    failed = {"error": "no such order", "error_type": "KeyError", "message": "An error occurred during streaming"}
    turn = say(page, events=[f"data: {json.dumps(failed)}"])
    expect(turn.get_by_role("alert")).to_contain_text("the agent failed midway: KeyError: no such order")
    expect(turn.get_by_role("alert")).to_contain_text("request id")
    turn = say(page, answer='{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such tool"}}')
    expect(turn.get_by_role("alert")).to_contain_text("no such tool (JSON-RPC -32601)")


def test_a_refusal_of_the_service_is_shown_with_the_request_id(
    opened: OpenedPage, page: Page, chat: str, session: str
) -> None:
    opened.view(chat.replace(session, "too-short"))
    turn = say(page, prompt="Hello")
    expect(turn.get_by_role("alert")).to_contain_text("ValidationException")
    expect(turn.get_by_role("alert").locator("code")).to_have_text(
        opened.page.evaluate("document.querySelector('.turn [role=alert] code').textContent")
    )
    assert len(turn.get_by_role("alert").locator("code").inner_text()) == 36


def test_the_page_without_its_secret(opened: OpenedPage, page: Page) -> None:
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.get_by_role("alert").filter(has_text="not let in any more")).to_contain_text("agentcore open")
