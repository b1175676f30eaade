"""Answers that come late, or after those to later questions: what was typed or chosen meanwhile is not lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import PATIENCE, OpenedPage
from tests.functional.page.conftest import AGENT, Sends
from tests.local_runtime import RunningServer, eventually, new_session

pytestmark = pytest.mark.long


class Held:
    """Requests of `page` that are kept waiting: of those for `address`, a regular expression, which `numbers` says."""

    def __init__(self, page: Page, address: str, numbers: Callable[[int], bool] = lambda number: True) -> None:
        self._page = page
        self._address = re.compile(address)
        self._numbers = numbers
        self._asked = 0
        self._waiting: list[Route] = []
        page.route(self._address, self._hold)

    def _hold(self, route: Route) -> None:
        self._asked += 1
        if self._numbers(self._asked):
            self._waiting.append(route)
        else:
            route.fallback()

    def wait(self) -> None:
        """Return when there is one."""
        until = time.monotonic() + PATIENCE / 1000
        while not self._waiting:
            assert time.monotonic() < until, f"{self._address.pattern} was never asked for"
            self._page.wait_for_timeout(5)

    def release(self, *, failed: bool = False) -> None:
        """Let them go on, or fail, and hold nothing any more."""
        self._numbers = lambda number: False
        for route in self._waiting:
            route.fulfill(status=500, body="{}") if failed else route.continue_()


def endpoints(arn: str) -> str:
    """Where the endpoints of a runtime are listed."""
    return f"/runtimes/{arn.rpartition('/')[2]}/runtime-endpoints"


@pytest.fixture(scope="module")
def other(runtime: RunningServer, agent: str) -> str:
    """The ARN of a second agent."""
    return runtime.deploy(AGENT, name="other_bot")


@pytest.fixture
def compare(agent: str, other: str) -> str:
    return f"#/compare?a={quote(agent, safe='')}&b={quote(agent, safe='')}"


def send_to_both(page: Page, text: str = "Hello") -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")
    for side in "AB":
        conversation = page.get_by_role("region", name=f"Conversation of {side}")
        expect(conversation.get_by_role("article").last).to_contain_text(f"of 1: {text}")


def test_two_sessions_are_written_to_when_both_are_there(
    opened: OpenedPage, page: Page, compare: str, agent: str
) -> None:
    held = Held(page, endpoints(agent), lambda number: number == 2)
    opened.view(compare)
    held.wait()
    expect(page.get_by_label("Agent of B")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_count(0)
    held.release()
    send_to_both(page)


def test_nothing_is_sent_while_an_agent_that_was_chosen_is_loaded(
    opened: OpenedPage, page: Page, compare: str, other: str
) -> None:
    opened.view(compare)
    send_to_both(page)
    held = Held(page, endpoints(other))
    page.get_by_label("Agent of B").select_option(other)
    held.wait()
    page.get_by_role("textbox", name="Message").fill("typed meanwhile")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("typed meanwhile")
    held.release()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    send_to_both(page, "now")
    expect(page.get_by_role("region", name="Conversation of A").get_by_role("article")).to_have_count(2)
    expect(page.get_by_role("region", name="Conversation of B").get_by_role("article")).to_have_count(1)


def test_the_agent_that_was_chosen_last_is_talked_to(
    opened: OpenedPage, page: Page, runtime: RunningServer, compare: str, agent: str, other: str
) -> None:
    """What comes late is about the one that was chosen before."""
    session = new_session()
    runtime.invoke(other, b"{}", session_id=session)
    opened.view(compare)
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    held = Held(page, endpoints(other))
    page.get_by_label("Agent of B").select_option(other)
    held.wait()
    page.get_by_label("Agent of B").select_option(agent)
    held.release()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    assert session[:8] not in page.get_by_label("Session of B").inner_text()
    before = len(runtime.living(agent))
    send_to_both(page)
    assert len(runtime.living(agent)) == before + 2


def test_an_agent_that_can_not_be_loaded_is_not_chosen(
    opened: OpenedPage, page: Page, compare: str, agent: str, other: str
) -> None:
    opened.view(compare)
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    held = Held(page, endpoints(other))
    page.get_by_label("Agent of B").select_option(other)
    held.wait()
    held.release(failed=True)
    expect(page.get_by_role("alert").filter(has_text="Failed")).to_be_visible()
    expect(page.get_by_label("Agent of B")).to_have_value(agent)
    send_to_both(page)


def test_a_chat_is_written_in_when_what_was_said_before_is_there(
    opened: OpenedPage, page: Page, send: Sends, chat: str
) -> None:
    send(prompt="before")
    held = Held(page, r"/_local/transcript\?")
    opened.view(chat)
    held.wait()
    expect(page.get_by_label("Endpoint")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_count(0)
    held.release()
    page.get_by_role("textbox", name="Message").fill("after")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Turn 2").locator(".words")).to_have_text("Message 2 of 1: after")
    expect(page.get_by_role("article", name="Turn 1").locator(".words")).to_have_text("Message 1 of 1: before")


def test_the_events_of_who_was_picked_last_are_shown(opened: OpenedPage, page: Page, runtime: RunningServer) -> None:
    memory = runtime.control.create_memory(name="late_memory", eventExpiryDuration=30)["memory"]["id"]
    eventually(
        lambda: runtime.control.get_memory(memoryId=memory)["memory"]["status"] == "ACTIVE", "the memory is there"
    )
    for actor in ("alice", "bob"):
        said = {"conversational": {"role": "USER", "content": {"text": f"I am {actor}"}}}
        now = datetime.now(UTC)
        runtime.data.create_event(
            memoryId=memory, actorId=actor, sessionId=new_session(), eventTimestamp=now, payload=[said]
        )
    opened.view(f"#/memory?id={quote(memory)}")
    held = Held(page, "/actor/alice/sessions")
    page.get_by_role("option", name="alice").click()
    held.wait()
    page.get_by_role("option", name="bob").click()
    expect(page.get_by_role("region", name="Events")).to_contain_text("I am bob")
    held.release()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("region", name="Events")).to_contain_text("I am bob")
    expect(page.get_by_role("listbox", name="Sessions").get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("region", name="Events")).not_to_contain_text("I am alice")
    runtime.control.delete_memory(memoryId=memory)
